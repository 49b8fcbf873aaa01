//! Why an alarm is as it is: the deciding transition, its evidence, and the arithmetic done again from it.

use std::{path::Path, sync::Arc, time::Duration};

use davy_engine::{Part, derive};
use davy_journal::{FirstKept, JournalError, JournalReader};
use davy_model::{AlarmKey, Delay, DelayKind, LimitView, Text, Transition, TransitionKind};
use davy_proto::{
    alert_of, delay_of, duration_to_wire, seen_alarm_of, seen_reading_of, summary_of, v1 as wire,
};
use davy_rules::{Level, Plan, Rule, WatchKind};
use tonic::Status;

use super::{status, view};
use crate::{aside::aside, hub::Hub};

/// Transitions of an occurrence that are shown.
const STORY_LEN_MAX: usize = 200;

/// Explains an occurrence of an alarm; the last one when none is named.
pub(super) async fn explain(
    hub: &Arc<Hub>,
    key: AlarmKey,
    occurrence: Option<u64>,
) -> Result<wire::Explanation, Status> {
    let site = hub.sites.get(&key.site).ok_or_else(|| status::unknown_site(&key.site))?;
    if let Some(elsewhere) = &site.forwarded {
        return Err(status::forwarded(&key.site, &elsewhere.lower));
    }
    let path = site.feed.journal().to_owned();
    let asked = key.clone();
    let story = aside(move || story(&path, &asked, occurrence).and_then(whole))
        .await
        .map_err(|_| status::stopping())?
        .map_err(|error| status::journal(&error))?;
    let deciding = story.iter().rev().find(|transition| decides(transition.kind));
    let Some(deciding) = deciding.or(story.last()) else {
        return Err(status::unknown_alarm(&key.to_string()));
    };
    // The files that decided, not those that are active by now. Of files long gone, the evidence speaks alone.
    let loaded = site.files_of(&deciding.rule_revision);
    let plan = loaded.as_ref().map(|loaded| &loaded.plan);
    let rule = plan.and_then(|plan| view::rule(&plan.rules, &key.rule));
    let level = plan.zip(deciding.limit.as_ref()).and_then(|(plan, limit)| level_of(plan, &key, &limit.name));
    let files = loaded.as_ref().map_or(&[][..], |loaded| &loaded.bundle.files);
    let (verdict, agrees) = verdict(deciding);
    let evidence = &deciding.evidence;
    let mut explanation = wire::Explanation {
        alarm: view::standing(hub, &key),
        transition: Some(alert_of(deciding, true)),
        rule: Some(source(rule, deciding, files)),
        basis: rule.and_then(|rule| rule.basis.as_ref()).map(|basis| wire::Basis {
            standard: basis.standard.clone(),
            clause: basis.clause.clone(),
            edition: basis.edition.clone(),
            confidence: basis.confidence.word().to_owned(),
        }),
        limit: deciding.limit.as_ref().map(wire::Limit::from),
        on_delay: level.map(|level| duration_to_wire(span(level.on_delay_us))),
        off_delay: level.map(|level| duration_to_wire(span(level.off_delay_us))),
        readings: evidence.readings.iter().map(seen_reading_of).collect(),
        readings_held: evidence.readings_held,
        delay: evidence.delay.as_ref().map(delay_of),
        verdict: verdict.iter().map(wire::LocalizedText::from).collect(),
        agrees,
        transitions: story.iter().map(|transition| alert_of(transition, true)).collect(),
        calculated: evidence.calculated.iter().map(seen_reading_of).collect(),
        summaries: evidence.summaries.iter().map(summary_of).collect(),
        alarms: evidence.alarms.iter().map(seen_alarm_of).collect(),
    };
    if let Some(plan) = plan {
        derive_again(plan, deciding, &mut explanation);
    }
    Ok(explanation)
}

/// Lets the engine derive the decision from its evidence alone, by the files that decided.
fn derive_again(plan: &Plan, deciding: &Transition, explanation: &mut wire::Explanation) {
    let Some(derivation) = derive(plan, deciding) else { return };
    explanation.agrees &= derivation.agrees;
    for piece in derivation.pieces {
        let redundant = !piece.is_needed;
        match piece.part {
            Part::Reading(at) => explanation.readings[at].redundant = redundant,
            Part::Calculated(at) => explanation.calculated[at].redundant = redundant,
            Part::Summary(at) => explanation.summaries[at].redundant = redundant,
            Part::Alarm(at) => explanation.alarms[at].redundant = redundant,
            Part::Delay => {
                if let Some(delay) = &mut explanation.delay {
                    delay.redundant = redundant;
                }
            }
        }
    }
}

/// The transitions of one occurrence, the oldest first, and where the journal begins.
fn story(
    path: &Path,
    key: &AlarmKey,
    occurrence: Option<u64>,
) -> Result<(Vec<Transition>, FirstKept), JournalError> {
    let reader = JournalReader::open(path)?;
    let first = reader.first_kept()?;
    let story = occurrence_of(&reader, key, occurrence)?;
    let is_later =
        |newest: &Transition| occurrence.is_some_and(|asked| (1..newest.occurrence).contains(&asked));
    if story.is_empty() && first.sequence > 1 {
        // A later occurrence is there: the one asked for was, too.
        let newest = reader.transitions_of(key, u64::MAX >> 1, 1)?.transitions.pop();
        if newest.as_ref().is_some_and(is_later) {
            let what = format!("occurrence {} of {key}", occurrence.unwrap_or_default());
            return Err(JournalError::NoLongerKept { what, first });
        }
    }
    Ok((story, first))
}

/// A story, unless what decided it was let go.
fn whole((story, first): (Vec<Transition>, FirstKept)) -> Result<Vec<Transition>, JournalError> {
    let decided = story.iter().any(|transition| decides(transition.kind));
    match story.first() {
        Some(oldest) if !decided && oldest.step > 1 => {
            let what = format!("what raised occurrence {} of {}", oldest.occurrence, oldest.alarm);
            Err(JournalError::NoLongerKept { what, first })
        }
        Some(_) | None => Ok(story),
    }
}

fn occurrence_of(
    reader: &JournalReader,
    key: &AlarmKey,
    occurrence: Option<u64>,
) -> Result<Vec<Transition>, JournalError> {
    let mut before = u64::MAX >> 1;
    let mut found: Vec<Transition> = Vec::new();
    loop {
        let history = reader.transitions_of(key, before, STORY_LEN_MAX)?;
        for transition in history.transitions {
            let wanted =
                occurrence.or(found.first().map(|newest| newest.occurrence)).unwrap_or(transition.occurrence);
            if transition.occurrence < wanted {
                found.reverse();
                return Ok(found);
            }
            if transition.occurrence == wanted && found.len() < STORY_LEN_MAX {
                found.push(transition);
            }
        }
        match history.go_on_before {
            Some(earlier) => before = earlier,
            None => {
                found.reverse();
                return Ok(found);
            }
        }
    }
}

fn decides(kind: TransitionKind) -> bool {
    matches!(kind, TransitionKind::Raised | TransitionKind::TierRaised)
}

fn source(rule: Option<&Rule>, deciding: &Transition, files: &[davy_model::BundleFile]) -> wire::RuleSource {
    let revision = deciding.rule_revision.to_string();
    let Some(rule) = rule else { return wire::RuleSource { revision, ..wire::RuleSource::default() } };
    let (file, line) = &rule.place;
    let text =
        files.iter().find(|one| one.path == **file).map(|one| item_at(&one.text, *line)).unwrap_or_default();
    wire::RuleSource {
        file: file.to_string(),
        line: *line,
        text,
        revision: deciding.rule_revision.to_string(),
    }
}

/// The list item that begins at or just above `line`, up to the next item of the same depth.
fn item_at(text: &str, line: u32) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let at = (line.max(1) as usize - 1).min(lines.len().saturating_sub(1));
    let is_item = |line: &str| line.trim_start().starts_with("- ");
    let Some(begin) = (0..=at).rev().find(|&place| lines.get(place).is_some_and(|line| is_item(line))) else {
        return String::new();
    };
    let depth = lines[begin].len() - lines[begin].trim_start().len();
    let is_end = |line: &&str| !line.trim().is_empty() && line.len() - line.trim_start().len() <= depth;
    let end = lines[begin + 1..].iter().position(is_end).map_or(lines.len(), |after| begin + 1 + after);
    lines[begin..end].join("\n").trim_end().to_owned()
}

fn level_of<'a>(plan: &'a Plan, key: &AlarmKey, name: &str) -> Option<&'a Level> {
    let rule = plan.rules.binary_search_by(|rule| rule.id.cmp(&key.rule)).ok()?;
    let watch = plan.watch_on(u32::try_from(rule).ok()?, &key.subject)?;
    let WatchKind::Limit(program) = plan.watches[watch as usize].kind else { return None };
    plan.limits[program as usize].levels.iter().find(|level| level.name.as_ref() == name)
}

fn span(micros: i64) -> Duration {
    Duration::from_micros(micros.unsigned_abs())
}

/// The arithmetic in words, done from the evidence alone, and whether it comes to what was decided.
fn verdict(deciding: &Transition) -> (Vec<Text>, bool) {
    let mut lines = Vec::new();
    let mut agrees = true;
    let unit = deciding.unit.map(|unit| unit.to_string()).unwrap_or_default();
    let evidence = &deciding.evidence;
    if let Some(limit) = deciding.limit.as_ref().filter(|limit| limit.name.as_ref() != "stale") {
        let calculated = &evidence.calculated;
        let judged = if calculated.is_empty() { &evidence.readings } else { calculated };
        for reading in judged {
            let past = reading.quality.is_evidence()
                && reading.value.is_some_and(|value| limit.comparator.is_past(value, limit.set_point));
            agrees &= past;
            lines.extend(reading.value.map(|value| comparison(limit, value, &unit, past)));
        }
        agrees &= !judged.is_empty();
    }
    if let Some(delay) = &evidence.delay {
        agrees &= delay.elapsed >= delay.required;
        lines.push(delay_line(delay));
    }
    let tier = deciding.facts.tier;
    lines.push(Text::both(
        format!("so the alarm is {} at {}", tier.word(), deciding.source_time),
        format!("因此于 {} 判为{}色", deciding.source_time, tier.word_zh()),
    ));
    (lines, agrees)
}

fn comparison(limit: &LimitView, value: f64, unit: &str, past: bool) -> Text {
    let symbol = limit.comparator.symbol();
    let set_point = limit.set_point;
    let (en, zh) = if past { ("is", "成立") } else { ("is not", "不成立") };
    Text::both(
        format!(
            "{value} {unit} {en} {symbol} {set_point} {unit} ({}, {} in the file)",
            limit.name, limit.written
        ),
        format!(
            "{value} {unit} {symbol} {set_point} {unit} {zh}（{}，文件中写作 {}）",
            limit.name, limit.written
        ),
    )
}

fn delay_line(delay: &Delay) -> Text {
    let clock = match delay.kind {
        DelayKind::OnDelay | DelayKind::OffDelay => ("the tag's clock", "测点时钟"),
        DelayKind::Silence
        | DelayKind::LossGrace
        | DelayKind::ReAlarm
        | DelayKind::Escalation
        | DelayKind::Feedback => ("Davy's clock", "到达时钟"),
    };
    let (elapsed, required) = (delay.elapsed.as_secs_f64(), delay.required.as_secs_f64());
    let word = delay.kind.word();
    Text::both(
        format!("{word}: {elapsed} s of {required} s passed since {}, on {}", delay.since, clock.0),
        format!("{word}：自 {} 起按{}已过 {elapsed} 秒，需 {required} 秒", delay.since, clock.1),
    )
}

#[cfg(test)]
pub(crate) mod tests;
