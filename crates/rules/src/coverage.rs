//! Which tags each rule covers, and which tags no rule judges.

use std::collections::BTreeSet;

use davy_model::TagIndex;

use crate::{Plan, RuleKind, glob};

/// What the rules of a plan look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// By rule, in the plan's order: the measured tags that it looks at, sorted.
    pub of_rules: Vec<Vec<TagIndex>>,
    /// By measured tag: the places of the rules that look at it, sorted.
    pub of_tags: Vec<Vec<u32>>,
}

/// How well a tag is looked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// No rule looks at it.
    Unseen,
    /// Only its silence is noticed: no rule judges what it says.
    SilenceOnly,
    /// At least one rule judges its readings.
    Judged,
}

impl Coverage {
    /// A rule covers the tags that it watches; one that judges something calculated covers what that is calculated of, and
    /// one that looks at alarms what these are about.
    pub fn of(plan: &Plan) -> Coverage {
        let mut watched: Vec<Vec<TagIndex>> = vec![Vec::new(); plan.rules.len()];
        for watch in &plan.watches {
            watched[watch.rule as usize].push(watch.tag);
        }
        let of_rules: Vec<Vec<TagIndex>> = watched.into_iter().map(|tags| measured(plan, tags)).collect();
        let mut of_tags = vec![Vec::new(); plan.site.tags.len()];
        for (rule, tags) in (0..).zip(&of_rules) {
            for tag in tags {
                of_tags[tag.0 as usize].push(rule);
            }
        }
        Coverage { of_rules, of_tags }
    }

    /// How well a measured tag is looked after.
    pub fn sight(&self, plan: &Plan, tag: TagIndex) -> Sight {
        let rules = &self.of_tags[tag.0 as usize];
        let judges = |rule: &u32| plan.rules[*rule as usize].kind != RuleKind::Stale;
        match rules.iter().any(judges) {
            true => Sight::Judged,
            false if rules.is_empty() => Sight::Unseen,
            false => Sight::SilenceOnly,
        }
    }

    /// The measured tags that are looked after so well, sorted by name.
    pub fn tags_with(&self, plan: &Plan, sight: Sight) -> Vec<TagIndex> {
        tags_of(plan).filter(|tag| self.sight(plan, *tag) == sight).collect()
    }
}

/// Whether a name is this one, or one that a pattern with `*` and `?` meets.
pub fn is_named(pattern: &str, name: &str) -> bool {
    glob::matches(pattern, name)
}

/// The measured tags of this name, or of names that a pattern with `*` and `?` meets, sorted.
pub fn tags_named(plan: &Plan, pattern: &str) -> Vec<TagIndex> {
    tags_of(plan).filter(|tag| glob::matches(pattern, &plan.site.tag(*tag).name)).collect()
}

fn tags_of(plan: &Plan) -> impl Iterator<Item = TagIndex> {
    (0..u32::try_from(plan.site.tags.len()).expect("the number of tags is bounded")).map(TagIndex)
}

/// The measured tags behind some tags, each once: what a calculated one reads, and the subjects of alarms it looks at.
fn measured(plan: &Plan, mut open: Vec<TagIndex>) -> Vec<TagIndex> {
    let mut seen = BTreeSet::new();
    while let Some(tag) = open.pop() {
        if !seen.insert(tag) {
            continue;
        }
        if let Some(made) = plan.calculated(tag) {
            open.extend(&made.inputs);
            open.extend(made.alarms.iter().map(|watch| plan.watches[*watch as usize].tag));
        }
    }
    seen.into_iter().filter(|tag| plan.calculated(*tag).is_none()).collect()
}
