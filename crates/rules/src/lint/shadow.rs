//! A rule that tells nothing which another does not tell as early and as gravely.

use std::collections::BTreeMap;

use davy_model::TagIndex;

use crate::{
    Code, Level, Plan, WatchKind,
    report::{Finding, Report, quoted},
    rule_file::RuleDraft,
};

/// Pairs of levels that are compared at most: whoever has more rules on a tag than can be compared is told of the first.
const COMPARED_MAX: usize = 100_000_000;

/// By rule in the shadow, and rule that throws it: the first tag on which it does, and on how many.
type Shadows = BTreeMap<(u32, u32), (TagIndex, usize)>;

/// The rules that judge a tag's own value and alarm, and with which levels: place in the plan's limits.
type Judges = Vec<(u32, u32)>;

pub(super) fn warn(plan: &Plan, drafts: &[RuleDraft], report: &mut Report) {
    let mut shadows = Shadows::new();
    // Tags that are judged alike are looked at once.
    let mut known: BTreeMap<Judges, Vec<(u32, u32)>> = BTreeMap::new();
    let mut compared = 0;
    for tag in (0..plan.site.tags.len() as u32).map(TagIndex) {
        let judges = judges(plan, tag);
        if judges.len() < 2 {
            continue;
        }
        if !known.contains_key(&judges) {
            compared += cost(plan, &judges);
            if compared > COMPARED_MAX {
                break;
            }
            known.insert(judges.clone(), shadowed(plan, &judges));
        }
        for pair in &known[&judges] {
            shadows.entry(*pair).or_insert((tag, 0)).1 += 1;
        }
    }
    for ((rule, other), (tag, count)) in shadows {
        let (draft, other) = (&drafts[rule as usize], &drafts[other as usize]);
        let others = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let about = format!("rule {}, tag {}{others}", quoted(&draft.id), quoted(&plan.site.tag(tag).name));
        let found = format!("levels that {} passes as early, and as gravely", quoted(&other.id));
        let finding = Finding::new(Code::RuleShadowed, about).found_words(found);
        report.warn(draft.place, finding.expected("a level that is passed earlier or is graver, or no rule"));
    }
}

fn judges(plan: &Plan, tag: TagIndex) -> Judges {
    let watches = plan.watches[plan.watches_of(tag)].iter();
    let alarms = watches.filter(|watch| plan.rules[watch.rule as usize].is_alarm);
    alarms
        .filter_map(|watch| match watch.kind {
            WatchKind::Limit(program) => Some((watch.rule, program)),
            WatchKind::Silence(_) => None,
        })
        .collect()
}

/// How many pairs of levels there are.
fn cost(plan: &Plan, judges: &[(u32, u32)]) -> usize {
    let levels: usize = judges.iter().map(|(_, program)| plan.limits[*program as usize].levels.len()).sum();
    levels.saturating_mul(levels)
}

/// Pairs of a rule, and one that tells all that it tells.
fn shadowed(plan: &Plan, judges: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let levels = |program: u32| &*plan.limits[program as usize].levels;
    let mut found = Vec::new();
    for &(rule, own) in judges {
        let throws = |&&(other, others): &&(u32, u32)| {
            other != rule && may_speak(plan, other, rule) && tells_all(levels(others), levels(own)) && {
                // Of two that say the same, the second is told.
                other < rule || !may_speak(plan, rule, other) || !tells_all(levels(own), levels(others))
            }
        };
        found.extend(judges.iter().find(throws).map(|(other, _)| (rule, *other)));
    }
    found
}

/// Whether `other` speaks whenever `rule` may: it is quieted by nothing, or by the same.
fn may_speak(plan: &Plan, other: u32, rule: u32) -> bool {
    let quieted_by = |rule: u32| plan.rules[rule as usize].suppressed_while;
    quieted_by(other).is_none() || quieted_by(other) == quieted_by(rule)
}

/// Whether each of `levels` is passed by one of `others` as early, and as gravely.
fn tells_all(others: &[Level], levels: &[Level]) -> bool {
    levels.iter().all(|level| others.iter().any(|other| tells(other, level)))
}

fn tells(other: &Level, level: &Level) -> bool {
    let reaches = if level.comparator.is_rising() {
        other.set_point < level.set_point
    } else {
        other.set_point > level.set_point
    };
    let same = (other.comparator, other.set_point) == (level.comparator, level.set_point);
    other.comparator.is_rising() == level.comparator.is_rising()
        && (reaches || same)
        && other.tier >= level.tier
        && other.on_delay_us <= level.on_delay_us
}
