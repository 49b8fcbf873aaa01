//! What is not wrong, but seldom meant.

mod action;
mod calculated;
mod desks;
mod gas;
mod range;
mod shadow;

use std::collections::BTreeMap;

use davy_model::{Reporting, Tag, Unit};

use crate::{
    Code, Level, Plan, WatchKind, duration,
    level::{Clear, LevelDraft},
    order,
    report::{Finding, Place, Report, quoted},
    rule_file::{DraftKind, RuleDraft},
};

/// One oddity of one level, and where it is met.
struct Met {
    first: u32,
    count: usize,
    finding: Finding,
}

/// Rule, level, and what is odd.
type Oddities = BTreeMap<(u32, usize, Code), Met>;

/// Warns about a plan without errors. `places` are those of its tags, `drafts` its rules as written, in its order.
pub(crate) fn warn(plan: &Plan, places: &[Place], drafts: &[RuleDraft], report: &mut Report) {
    let mut covered = vec![false; plan.rules.len()];
    for calculated in &plan.calculated {
        covered[calculated.rule as usize] = true;
    }
    let mut oddities = Oddities::new();
    for (tag, place) in plan.site.tags.iter().zip(places) {
        let index = plan.site.tag_index(&tag.name).expect("the tag is one of the site's");
        let mut heard = false;
        for watch in &plan.watches[plan.watches_of(index)] {
            covered[watch.rule as usize] = true;
            match watch.kind {
                WatchKind::Silence(_) => heard = true,
                WatchKind::Limit(program) => {
                    let levels = &plan.limits[program as usize].levels;
                    let DraftKind::Limit(written) = &drafts[watch.rule as usize].kind else { continue };
                    for (at, written) in written.iter().enumerate() {
                        let mut note = noting(&mut oddities, (watch.rule, at), index.0);
                        level(levels, at, tag, &mut note);
                        if plan.rules[watch.rule as usize].is_alarm {
                            held(&levels[at], written, tag, &mut note);
                        }
                    }
                }
            }
        }
        for (rule, at) in gas::delayed(plan, index) {
            noting(&mut oddities, (rule, at), index.0)(Code::GasAlarmDelayed, &gas::finding);
        }
        if !heard {
            let finding = Finding::new(Code::TagWithoutStaleRule, format!("tag {}", quoted(&tag.name)));
            let finding = finding.found_words("no stale rule that covers it");
            report.warn(*place, finding.expected("one, or its silence is noticed by nobody"));
        }
    }
    // A pack is for sites of many kinds: that a rule of it covers nothing here is no mistake.
    for (draft, _) in drafts.iter().zip(covered).filter(|(draft, covered)| !covered && draft.pack.is_none()) {
        let (key, found, place) = match (&draft.kind, draft.applies_to.place) {
            (DraftKind::Calculated(_, kind), _) if !kind.looks_at().is_empty() => {
                ("of", "no alarm to look at", kind.looks_at()[0].1)
            }
            (_, place) => ("applies_to", "no tag that meets it", place.unwrap_or(draft.place)),
        };
        let finding = Finding::new(Code::RuleWithoutTags, format!("rule {}: {key}", quoted(&draft.id)));
        report.warn(place, finding.found_words(found).expected("at least one"));
    }
    tell(oddities, plan, drafts, report);
    action::warn(drafts, report);
    shadow::warn(plan, drafts, report);
    desks::warn(plan, places, report);
    calculated::warn(plan, drafts, report);
}

/// What takes down an oddity of a level.
type Note<'a> = dyn FnMut(Code, &dyn Fn(Finding) -> Finding) + 'a;

fn noting<'o>(
    oddities: &'o mut Oddities,
    (rule, at): (u32, usize),
    tag: u32,
) -> impl FnMut(Code, &dyn Fn(Finding) -> Finding) + 'o {
    move |code, finding| {
        let met = oddities.entry((rule, at, code));
        let new = || Met { first: tag, count: 0, finding: finding(Finding::new(code, String::new())) };
        met.or_insert_with(new).count += 1;
    }
}

/// Nothing holds a level back where its value trembles about the set point.
fn held(level: &Level, written: &LevelDraft, tag: &Tag, note: &mut Note<'_>) {
    let is_held = !matches!(written.clear, Clear::Complement) || level.off_delay_us > 0 || level.latch;
    if is_held || tag.unit == Unit::OnOff {
        return;
    }
    note(Code::DeadbandMissing, &|finding| {
        let clear = if level.comparator.is_rising() { "clear_below" } else { "clear_above" };
        let expected =
            format!("a deadband, {clear} or off_delay: noise at {} raises it again and again", level.written);
        finding.found_words("nothing that holds it back").expected(expected)
    });
}

fn level(levels: &[Level], at: usize, tag: &Tag, note: &mut Note<'_>) {
    let level = &levels[at];
    let interval_us = davy_model::micros(tag.expected_interval);
    let is_short = |delay_us: i64| delay_us > 0 && delay_us < interval_us;
    if tag.reporting == Reporting::Periodic && (is_short(level.on_delay_us) || is_short(level.off_delay_us)) {
        note(Code::DelayBelowInterval, &|finding| {
            let interval = duration::show(tag.expected_interval);
            finding
                .found_words("a delay shorter than the interval")
                .expected(format!("0s, or at least {interval}"))
        });
    }
    if let Some(range) = tag.range.filter(|range| !(range.low..=range.high).contains(&level.set_point)) {
        note(Code::SetPointOutsideRange, &|finding| {
            let expected = format!("a set point from {} to {} {}", range.low, range.high, tag.unit);
            finding.found(&level.written).expected(expected)
        });
    }
    if let Some(graver) = levels[at + 1..].iter().find(|graver| hides(graver, level)) {
        note(Code::LevelHidden, &|finding| {
            let expected =
                format!("a set point before that of the graver {}, {}", quoted(&graver.name), graver.written);
            finding.found(&level.written).expected(expected)
        });
    }
    let Some(next) = order::next_lesser(levels, at) else { return };
    let past = if level.comparator.is_rising() {
        level.clear_point < next.set_point
    } else {
        level.clear_point > next.set_point
    };
    if past {
        note(Code::DeadbandPastNext, &|finding| {
            let found = format!("clear at {} {}", level.clear_point, tag.unit);
            let expected = format!("not past the set point of {}, {}", quoted(&next.name), next.written);
            finding.found_words(found).expected(expected)
        });
    }
}

/// Whether a level is never seen, for a graver one raises with it and clears no sooner.
fn hides(graver: &Level, level: &Level) -> bool {
    let clears_first = if level.comparator.is_rising() {
        graver.clear_point > level.clear_point
    } else {
        graver.clear_point < level.clear_point
    };
    graver.tier > level.tier
        && (graver.comparator, graver.set_point) == (level.comparator, level.set_point)
        && graver.on_delay_us <= level.on_delay_us
        && graver.off_delay_us >= level.off_delay_us
        && !clears_first
}

fn tell(oddities: Oddities, plan: &Plan, drafts: &[RuleDraft], report: &mut Report) {
    for ((rule, at, _), met) in oddities {
        let draft = &drafts[rule as usize];
        let DraftKind::Limit(levels) = &draft.kind else { continue };
        let level: &LevelDraft = &levels[at];
        let tag = &plan.site.tags[met.first as usize].name;
        let others = if met.count > 1 { format!(" and {} more", met.count - 1) } else { String::new() };
        let about =
            format!("rule {}, level {}, tag {}{others}", quoted(&draft.id), quoted(&level.name), quoted(tag));
        report.warn(level.place, met.finding.about(about));
    }
}
