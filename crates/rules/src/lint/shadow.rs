//! A rule that tells nothing which another does not tell as early and as gravely.

use std::collections::BTreeMap;

use davy_model::TagIndex;

use crate::{
    Code, Level, Plan, Rule, WatchKind,
    report::{Finding, Report, quoted},
    rule_file::RuleDraft,
};

/// By rule in the shadow, and rule that throws it: the first tag on which it does, and on how many.
type Shadows = BTreeMap<(usize, usize), (TagIndex, usize)>;

pub(super) fn warn(plan: &Plan, drafts: &[RuleDraft], report: &mut Report) {
    let mut shadows = Shadows::new();
    for tag in (0..plan.site.tags.len() as u32).map(TagIndex) {
        for (rule, other) in shadowed(plan, tag) {
            shadows.entry((rule, other)).or_insert((tag, 0)).1 += 1;
        }
    }
    for ((rule, other), (tag, count)) in shadows {
        let others = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let name = quoted(&plan.site.tag(tag).name);
        let about = format!("rule {}, tag {name}{others}", quoted(&drafts[rule].id));
        let found = format!("levels that {} passes as early, and as gravely", quoted(&drafts[other].id));
        let finding = Finding::new(Code::RuleShadowed, about).found_words(found);
        report.warn(
            drafts[rule].place,
            finding.expected("a level that is passed earlier or is graver, or no rule"),
        );
    }
}

/// Pairs of a rule on this tag's value, and one that tells all that it tells.
fn shadowed(plan: &Plan, tag: TagIndex) -> Vec<(usize, usize)> {
    let watches = &plan.watches[plan.watches_of(tag)];
    let limits: Vec<(usize, &[Level])> = watches
        .iter()
        .filter_map(|watch| match watch.kind {
            WatchKind::Limit(program) => Some((watch.rule as usize, &*plan.limits[program as usize].levels)),
            WatchKind::Silence(_) => None,
        })
        .filter(|(rule, _)| plan.rules[*rule].is_alarm)
        .collect();
    let mut found = Vec::new();
    for (rule, levels) in &limits {
        let tells = |(other, others): &&(usize, &[Level])| {
            // Of two that say the same, the second is told.
            let same = tells_all(levels, others) && other > rule;
            other != rule && may_speak(plan, *other, *rule) && tells_all(others, levels) && !same
        };
        found.extend(limits.iter().find(tells).map(|(other, _)| (*rule, *other)));
    }
    found
}

/// Whether `other` speaks whenever `rule` may: it is quieted by nothing, or by the same.
fn may_speak(plan: &Plan, other: usize, rule: usize) -> bool {
    let quieted = |rule: usize| -> &Rule { &plan.rules[rule] };
    let (other, rule) = (quieted(other), quieted(rule));
    other.suppressed_while.is_none() || other.suppressed_while == rule.suppressed_while
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
