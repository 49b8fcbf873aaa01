//! Two rules of one id.

use std::{collections::BTreeMap, sync::Arc};

use davy_model::{TagIndex, Tier};
use davy_rules::{Plan, Rule, WatchKind};

use super::{Change, Direction, Gathered, limit, silence};

/// A rule, and what it watches, by subject.
struct Sight<'a> {
    plan: &'a Plan,
    rule: &'a Rule,
    subjects: BTreeMap<&'a Arc<str>, (TagIndex, WatchKind)>,
}

/// Compares every rule of both.
pub(super) fn compare(before: &Plan, after: &Plan, gathered: &mut Gathered) {
    let (olds, news) = (sights(before), sights(after));
    for (id, old) in &olds {
        match news.get(id) {
            Some(new) => old.compare(new, gathered),
            None => gathered.add(whole(old.rule, Direction::Looser), None),
        }
    }
    for (id, new) in &news {
        if !olds.contains_key(id) {
            gathered.add(whole(new.rule, Direction::Tighter), None);
        }
    }
}

fn sights(plan: &Plan) -> BTreeMap<&Arc<str>, Sight<'_>> {
    let mut sights: Vec<Sight<'_>> =
        plan.rules.iter().map(|rule| Sight { plan, rule, subjects: BTreeMap::new() }).collect();
    for watch in &plan.watches {
        let subject = plan.subject(watch.tag);
        sights[watch.rule as usize].subjects.insert(subject, (watch.tag, watch.kind));
    }
    sights.into_iter().map(|sight| (&sight.rule.id, sight)).collect()
}

/// A rule that comes or goes.
fn whole(rule: &Rule, direction: Direction) -> Change {
    let is = || "there".to_owned();
    let (before, after) = match direction {
        Direction::Tighter => (String::new(), is()),
        _ => (is(), String::new()),
    };
    // A condition raises nothing of its own; what looks at it does, and that is seen there.
    let direction = if rule.is_alarm { direction } else { Direction::Neutral };
    Change {
        rule: Arc::clone(&rule.id),
        what: "the rule".to_owned(),
        before,
        after,
        direction,
        tier: rule.tier_max,
    }
}

impl Sight<'_> {
    fn compare(&self, new: &Sight<'_>, gathered: &mut Gathered) {
        self.beside(new, gathered);
        for (subject, (tag, kind)) in &self.subjects {
            match new.subjects.get(subject) {
                None => gathered.add(self.change("covers", "yes", "no", Direction::Looser), Some(subject)),
                Some(other) => {
                    if let Some(change) = self.calculated(*tag, new, other.0) {
                        gathered.add(change, Some(subject));
                    }
                    for change in self.judged(*kind, new, other.1) {
                        gathered.add(change, Some(subject));
                    }
                }
            }
        }
        for subject in new.subjects.keys().filter(|subject| !self.subjects.contains_key(*subject)) {
            gathered.add(self.change("covers", "no", "yes", Direction::Tighter), Some(subject));
        }
    }

    /// What a rule says beside its levels.
    fn beside(&self, new: &Sight<'_>, gathered: &mut Gathered) {
        let (old, rule) = (self.rule, new.rule);
        let way = |looser: bool| if looser { Direction::Looser } else { Direction::Tighter };
        let word = |is: bool| if is { "yes" } else { "no" };
        if old.kind != rule.kind {
            gathered.add(self.change("kind", old.kind.word(), rule.kind.word(), Direction::Unclear), None);
        }
        if old.is_alarm != rule.is_alarm {
            let change = self.change("alarm", word(old.is_alarm), word(rule.is_alarm), way(old.is_alarm));
            gathered.add(Change { tier: old.tier_max.max(rule.tier_max), ..change }, None);
        }
        if old.suppressed_while != rule.suppressed_while {
            let told = |rule: &Rule| word(rule.suppressed_while.is_some());
            let direction = match (&old.suppressed_while, &rule.suppressed_while) {
                (Some(_), None) => Direction::Tighter,
                (None, Some(_)) => Direction::Looser,
                (_, _) => Direction::Unclear,
            };
            gathered.add(self.change("suppressed by plant state", told(old), told(rule), direction), None);
        }
        if old.response.action != rule.response.action {
            let (before, after) = (&old.response.action.en, &rule.response.action.en);
            gathered.add(self.change("action", before, after, Direction::Neutral), None);
        }
    }

    fn calculated(&self, tag: TagIndex, new: &Sight<'_>, other: TagIndex) -> Option<Change> {
        let (old, now) = (self.plan.calculated(tag), new.plan.calculated(other));
        let names = |plan: &Plan, tags: &[TagIndex]| -> Vec<Arc<str>> {
            tags.iter().map(|tag| Arc::clone(&plan.site.tag(*tag).name)).collect()
        };
        let is_same = match (old, now) {
            (None, None) => true,
            (Some(old), Some(now)) => {
                old.program == now.program
                    && names(self.plan, &old.inputs) == names(new.plan, &now.inputs)
                    && old.alarms.len() == now.alarms.len()
            }
            (_, _) => false,
        };
        (!is_same).then(|| self.change("calculation", "one", "another", Direction::Unclear))
    }

    fn judged(&self, kind: WatchKind, new: &Sight<'_>, other: WatchKind) -> Vec<Change> {
        match (kind, other) {
            (WatchKind::Limit(old), WatchKind::Limit(now)) => {
                let levels = (&self.plan.limits[old as usize].levels, &new.plan.limits[now as usize].levels);
                limit::compare(&self.rule.id, levels.0, levels.1)
            }
            (WatchKind::Silence(old), WatchKind::Silence(now)) => {
                let (old, now) = (&self.plan.silences[old as usize], &new.plan.silences[now as usize]);
                silence::compare(&self.rule.id, old, now)
            }
            // The kind has changed: that is told.
            (_, _) => Vec::new(),
        }
    }

    fn change(&self, what: &str, before: &str, after: &str, direction: Direction) -> Change {
        let tier: Tier = self.rule.tier_max;
        let rule = Arc::clone(&self.rule.id);
        Change {
            rule,
            what: what.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
            direction,
            tier,
        }
    }
}
