//! What is seldom meant of rules that judge something calculated.

use std::collections::{BTreeMap, BTreeSet};

use davy_model::{Reporting, Tag, micros};

use super::range;
use crate::{
    Calculated, Code, Level, Plan, Program, WatchKind, duration,
    report::{Finding, Place, Report, quoted},
    rule_file::{DraftKind, RuleDraft},
};

/// An oddity by rule and code: how many calculated tags have it, and what is told of the first.
type Oddities = BTreeMap<(u32, Code), (usize, Finding, usize)>;

/// Warns about a plan without errors; `drafts` are its rules as written, in its order.
pub(super) fn warn(plan: &Plan, drafts: &[RuleDraft], report: &mut Report) {
    let mut oddities = Oddities::new();
    for (at, made) in plan.calculated.iter().enumerate() {
        for (code, finding) in
            [window(plan, made), outside(plan, made), range::beyond(plan, at), late(plan, at)]
                .into_iter()
                .flatten()
        {
            oddities.entry((made.rule, code)).or_insert((0, finding, at)).0 += 1;
        }
    }
    for ((rule, _), (count, finding, at)) in oddities {
        let draft = &drafts[rule as usize];
        let others = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let subject = quoted(&plan.calculated[at].subject);
        let about = format!("rule {}, tag {subject}{others}", quoted(&draft.id));
        report.warn(draft.place, finding.about(about));
    }
    unreachable(plan, drafts, report);
    unused(drafts, report);
}

/// A window that holds fewer readings than are asked for, where they come at an interval.
fn window(plan: &Plan, made: &Calculated) -> Option<(Code, Finding)> {
    let (over_us, readings_min) = match &made.program {
        Program::RateOfChange(program) => (program.over_us, program.readings_min),
        Program::TimeToLimit(program) => (program.over_us, program.readings_min),
        Program::Flatline(program) => (program.over_us, program.readings_min),
        Program::Window(program) => (program.over_us, 2),
        _ => return None,
    };
    let tag = input(plan, made).filter(|tag| tag.reporting == Reporting::Periodic)?;
    // Over n intervals stand n + 1 readings at best; one that comes a little late is then already missed.
    let held = over_us / micros(tag.expected_interval).max(1);
    let needed = i64::from(readings_min.max(2));
    let finding = || {
        let interval = duration::show(tag.expected_interval);
        let span = duration::show(tag.expected_interval.saturating_mul(readings_min.max(2)));
        Finding::new(Code::WindowTooShort, "")
            .found_words(format!("room for {held} readings for certain, one each {interval}"))
            .expected(format!("room for {needed}: a window of at least {span}"))
    };
    (held < needed).then(|| (Code::WindowTooShort, finding()))
}

/// A limit that the sensor cannot measure is never reached, or always is.
fn outside(plan: &Plan, made: &Calculated) -> Option<(Code, Finding)> {
    let Program::TimeToLimit(program) = &made.program else { return None };
    let tag = input(plan, made)?;
    let range = tag.range.filter(|range| !(range.low..=range.high).contains(&program.limit))?;
    let finding = Finding::new(Code::SetPointOutsideRange, "")
        .found_words(format!("to {} {}", program.limit, tag.unit))
        .expected(format!("a limit from {} to {} {}", range.low, range.high, tag.unit));
    Some((Code::SetPointOutsideRange, finding))
}

/// The gravest warning of the time to a limit comes when no time is left for the response.
fn late(plan: &Plan, at: usize) -> Option<(Code, Finding)> {
    const MINUTE_US: f64 = 60e6;
    let made = &plan.calculated[at];
    let Program::TimeToLimit(_) = &made.program else { return None };
    let response = plan.rules[made.rule as usize].response.time_to_respond;
    let first = levels_of(plan, at)
        .filter(|level| !level.comparator.is_rising())
        .max_by(|a, b| a.set_point.total_cmp(&b.set_point))?;
    let finding = || {
        Finding::new(Code::WarningTooLate, "")
            .found_words(format!("a first warning {} before the limit", first.written))
            .expected(format!("at least time_to_respond, {}", duration::show(response)))
    };
    (first.set_point * MINUTE_US < micros(response) as f64).then(|| (Code::WarningTooLate, finding()))
}

/// The levels that judge the calculated tag at that place.
pub(super) fn levels_of(plan: &Plan, at: usize) -> impl Iterator<Item = &Level> {
    let tag = plan.calculated_tag(u32::try_from(at).expect("calculated tags are bounded"));
    let levels = plan.watches_of(tag).map(|watch| -> &[Level] {
        match plan.watches[watch].kind {
            WatchKind::Limit(program) => &plan.limits[program as usize].levels,
            WatchKind::Silence(_) => &[],
        }
    });
    levels.flatten()
}

/// Counts that no group can reach, for want of alarms of that tier or of devices.
fn unreachable(plan: &Plan, drafts: &[RuleDraft], report: &mut Report) {
    // By rule and level: the most there can be in a group, and how many are needed.
    let mut reach: BTreeMap<(u32, usize), (usize, usize)> = BTreeMap::new();
    for made in &plan.calculated {
        let mut note = |level: usize, most: usize, needed: usize| {
            let known = reach.entry((made.rule, level)).or_insert((0, needed));
            known.0 = known.0.max(most);
        };
        match &made.program {
            Program::Count(count) => {
                for (level, step) in count.steps.iter().enumerate() {
                    let tier = |watch: &u32| plan.rules[plan.watches[*watch as usize].rule as usize].tier_max;
                    let most = made.alarms.iter().filter(|watch| tier(watch) >= step.at).count();
                    note(level, most, step.at_least as usize);
                }
            }
            Program::Corroborate(_) => {
                let DraftKind::Calculated(_, kind) = &drafts[made.rule as usize].kind else { continue };
                let witnesses = made.witnesses.iter().collect::<BTreeSet<_>>().len();
                for (level, draft) in kind.levels().iter().enumerate() {
                    note(level, witnesses, draft.set_point.value as usize);
                }
            }
            _ => {}
        }
    }
    for ((rule, level), (most, needed)) in reach.into_iter().filter(|(_, (most, needed))| most < needed) {
        let draft = &drafts[rule as usize];
        let DraftKind::Calculated(_, kind) = &draft.kind else { continue };
        let level = &kind.levels()[level];
        let about = format!("rule {}, level {}", quoted(&draft.id), quoted(&level.name));
        let finding = Finding::new(Code::LevelUnreachable, about)
            .found_words(format!("{most} at most in any group"))
            .expected(format!("groups of at least {needed}, or the level is never reached"));
        report.warn(level.place, finding);
    }
}

/// Conditions are there for other rules.
fn unused(drafts: &[RuleDraft], report: &mut Report) {
    let looked_at: BTreeSet<&str> = drafts.iter().flat_map(looks_at).map(|(id, _)| id.as_str()).collect();
    for draft in drafts.iter().filter(|draft| !draft.is_alarm && !looked_at.contains(&*draft.id)) {
        let finding = Finding::new(Code::ConditionUnused, format!("rule {}: alarm", quoted(&draft.id)));
        let finding = finding.found_words("false, and no rule that looks at it");
        report.warn(draft.place, finding.expected("a rule that names it in its of, or an alarm of its own"));
    }
}

fn looks_at(draft: &RuleDraft) -> &[(String, Place)] {
    match &draft.kind {
        DraftKind::Calculated(_, kind) => kind.looks_at(),
        DraftKind::Limit(_) | DraftKind::Stale(_) => &[],
    }
}

/// The tag that a calculated tag is made of, when it is one.
fn input<'p>(plan: &'p Plan, made: &Calculated) -> Option<&'p Tag> {
    let [tag] = made.inputs[..] else { return None };
    Some(plan.site.tag(tag))
}
