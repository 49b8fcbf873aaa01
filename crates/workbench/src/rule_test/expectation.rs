//! Reads what a test expects.

use std::{sync::Arc, time::Duration};

use davy_model::{AlarmKey, AlarmState, TransitionKind};
use davy_rules::{
    Code,
    reader::{Fields, Finding, Item, Node, Report},
};

use super::{
    refer::Names,
    series::offset,
    want::{Expectation, StateWanted, TransitionWanted, ValueWanted, What},
};

/// Its keys.
pub(crate) const KEYS: &[&str] = &[
    "at",
    "within",
    "alarm",
    "rule",
    "tag",
    "state",
    "transition",
    "tier",
    "limit",
    "sounds",
    "late",
    "measured",
    "value",
    "tolerance",
];
/// What only a transition has.
/// The keys that say more of a transition.
pub(crate) const OF_TRANSITIONS: [&str; 6] = ["limit", "sounds", "late", "measured", "value", "tolerance"];
/// How an alarm may stand.
pub(crate) const STATES: [&str; 10] = [
    "normal",
    "active",
    "active_unacknowledged",
    "active_acknowledged",
    "returned_unacknowledged",
    "latched_unacknowledged",
    "latched_acknowledged",
    "shelved",
    "suppressed",
    "out_of_service",
];

/// The alarm that is meant where an expectation does not say: of the test's only rule, on its only tag.
#[derive(Clone, Default)]
pub(crate) struct Meant {
    pub(crate) rule: Option<Arc<str>>,
    pub(crate) subject: Option<Arc<str>>,
}

/// Reads `expect:`.
pub(crate) fn read(
    item: &Item<'_>,
    names: Names<'_>,
    meant: &Meant,
    report: &mut Report,
) -> Vec<Expectation> {
    let nodes = item.list(report).unwrap_or_default();
    nodes.iter().filter_map(|node| expectation(node, names, meant, report)).collect()
}

fn expectation(node: &Node, names: Names<'_>, meant: &Meant, report: &mut Report) -> Option<Expectation> {
    let fields = Fields::open(node, "expect", KEYS, report)?;
    let at = fields.need("at", report).and_then(|item| offset(&item, report));
    let within = fields.get("within").and_then(|item| offset(&item, report)).unwrap_or_default();
    let tier = fields.get("tier").and_then(|item| item.tier(report));
    let alarm = alarm(&fields, names, meant, report);
    let what = what(&fields, names, alarm.as_ref(), report);
    Some(Expectation { line: node.place.line, at: at?, within, alarm: alarm?, tier, what: what? })
}

fn alarm(fields: &Fields<'_>, names: Names<'_>, meant: &Meant, report: &mut Report) -> Option<AlarmKey> {
    if let Some(item) = fields.get("alarm") {
        for other in ["rule", "tag"].iter().filter_map(|key| fields.get(key)) {
            report.error(other.place, other.finding(Code::KeyConflict).expected("alarm, or rule and tag"));
        }
        return names.alarm(&item, report);
    }
    let rule = match fields.get("rule") {
        Some(item) => Some(item.text(report).and_then(|name| names.rule(&item, name, report))?),
        None => meant.rule.clone(),
    };
    let subject = match fields.get("tag") {
        Some(item) => Some(Arc::from(item.text(report)?)),
        None => meant.subject.clone(),
    };
    let (Some(rule), Some(subject)) = (rule, subject) else {
        let help = "a test with one rule and one series need not say which";
        let finding =
            Finding::new(Code::KeyMissing, "expect").expected("alarm: rule:subject, or rule and tag");
        report.error(fields.place, finding.help(help));
        return None;
    };
    let item = ["tag", "rule", "at"].iter().find_map(|key| fields.get(key))?;
    names.alarm_of(&item, rule, &subject, report)
}

fn what(
    fields: &Fields<'_>,
    names: Names<'_>,
    alarm: Option<&AlarmKey>,
    report: &mut Report,
) -> Option<What> {
    match (fields.get("state"), fields.get("transition")) {
        (Some(state), None) => {
            for detail in OF_TRANSITIONS.iter().filter_map(|key| fields.get(key)) {
                report
                    .error(detail.place, detail.finding(Code::KeyConflict).expected("nothing, beside state"));
            }
            let wanted = match state.word(&STATES, report)? {
                "active" => StateWanted::Active,
                word => StateWanted::Is(AlarmState::from_word(word)?),
            };
            Some(What::State(wanted))
        }
        (None, Some(transition)) => {
            let kind = transition.word(&TransitionKind::ALL.map(TransitionKind::word), report)?;
            let kind = TransitionKind::from_word(kind)?;
            Some(What::Transition(self::transition(fields, kind, names, alarm, report)))
        }
        (state, _) => {
            let code = if state.is_some() { Code::KeyConflict } else { Code::KeyMissing };
            let found = if state.is_some() { "both" } else { "neither" };
            let finding =
                Finding::new(code, "expect").found_words(found).expected("one of state and transition");
            report.error(fields.place, finding);
            None
        }
    }
}

fn transition(
    fields: &Fields<'_>,
    kind: TransitionKind,
    names: Names<'_>,
    alarm: Option<&AlarmKey>,
    report: &mut Report,
) -> TransitionWanted {
    let limit = fields.get("limit").and_then(|item| limit(&item, names, alarm, report));
    let sounds = fields.get("sounds").and_then(|item| item.flag(report));
    let late = fields.get("late").and_then(|item| item.flag(report));
    let measured: Option<Duration> = fields.get("measured").and_then(|item| offset(&item, report));
    let value = alarm.and_then(|alarm| value(fields, names, alarm, report));
    TransitionWanted { kind, limit, sounds, late, measured, value }
}

fn limit(
    item: &Item<'_>,
    names: Names<'_>,
    alarm: Option<&AlarmKey>,
    report: &mut Report,
) -> Option<Arc<str>> {
    let name = item.text(report)?;
    let levels = alarm.map(|alarm| names.levels(alarm)).unwrap_or_default();
    if !levels.is_empty() && !levels.contains(&name) {
        let near = davy_rules::reader::nearest(name, levels.iter().copied());
        let finding = item.finding(Code::WordUnknown).expected(davy_rules::reader::one_of(&levels));
        report.error(item.place, finding.did_you_mean(near));
    }
    Some(name.into())
}

/// The value and its tolerance, in the unit that the alarm's value has.
fn value(
    fields: &Fields<'_>,
    names: Names<'_>,
    alarm: &AlarmKey,
    report: &mut Report,
) -> Option<ValueWanted> {
    let own = names.unit(alarm);
    let mut figure = |key: &str| {
        let item = fields.get(key)?;
        let figure = item.figure(report)?;
        let converted = match (figure.unit, own) {
            (Some(from), Some((to, substance))) => from.conversion(to, &substance).map_err(|error| {
                let finding =
                    item.finding(Code::UnitMismatch).expected(format!("a unit of the kind of {to}"));
                report.error(item.place, finding.help(error.to_string()));
            }),
            (Some(_), None) | (None, _) => Ok(davy_model::Conversion::IDENTITY),
        };
        Some((figure.value, converted.ok()?, figure.written))
    };
    let (value, tolerance) = (figure("value"), figure("tolerance"));
    if let (None, Some(item)) = (fields.get("value"), fields.get("tolerance")) {
        report.error(item.place, item.finding(Code::KeyConflict).expected("a value beside it"));
    }
    let (number, unit, written) = value?;
    let value = unit.apply(number);
    Some(match tolerance {
        None => ValueWanted { value, tolerance: 0.0, written: written.to_string() },
        Some((width, unit, width_written)) => {
            let written = format!("{written} ± {width_written}");
            ValueWanted { value, tolerance: unit.apply_width(width).abs(), written }
        }
    })
}
