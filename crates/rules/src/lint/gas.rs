//! A leak is told at once: nothing of the gravest tier waits for a delay.

use davy_model::{TagIndex, Tier};

use crate::{Level, Plan, WatchKind, report::Finding};

/// The levels, by rule and place, that are the gravest of a gas in their direction, where every one of these waits for its
/// on-delay. A pre-alarm may wait, as long as something graver does not. Of oxygen it is the lack that kills, as well.
pub(super) fn delayed(plan: &Plan, tag: TagIndex) -> Vec<(u32, usize)> {
    let quantity = plan.site.tag(tag).quantity.as_str();
    if !quantity.starts_with("gas.") {
        return Vec::new();
    }
    let directions: &[bool] = if quantity == "gas.o2" { &[true, false] } else { &[true] };
    directions.iter().flat_map(|rising| delayed_in(plan, tag, *rising)).collect()
}

pub(super) fn finding(finding: Finding) -> Finding {
    let found = "an on_delay, and no alarm as grave without one";
    finding.found_words(found).expected("no on_delay at the gravest level of a gas: it hides a leak")
}

fn delayed_in(plan: &Plan, tag: TagIndex, rising: bool) -> Vec<(u32, usize)> {
    let levels: Vec<(u32, usize, &Level)> =
        levels(plan, tag).filter(|(_, _, level)| level.comparator.is_rising() == rising).collect();
    let gravest: Option<Tier> = levels.iter().map(|(_, _, level)| level.tier).max();
    let mut gravest = levels.into_iter().filter(|(_, _, level)| Some(level.tier) == gravest).peekable();
    let found: Vec<_> = gravest.by_ref().collect();
    if found.iter().any(|(_, _, level)| level.on_delay_us == 0) {
        return Vec::new();
    }
    found.into_iter().map(|(rule, at, _)| (rule, at)).collect()
}

/// The levels of the alarms on a tag's own value.
fn levels(plan: &Plan, tag: TagIndex) -> impl Iterator<Item = (u32, usize, &Level)> {
    let watches = plan.watches[plan.watches_of(tag)].iter();
    watches.filter(|watch| plan.rules[watch.rule as usize].is_alarm).flat_map(|watch| {
        let levels: &[Level] = match watch.kind {
            WatchKind::Limit(program) => &plan.limits[program as usize].levels,
            WatchKind::Silence(_) => &[],
        };
        levels.iter().enumerate().map(|(at, level)| (watch.rule, at, level))
    })
}
