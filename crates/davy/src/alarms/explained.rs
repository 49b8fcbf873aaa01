//! An explanation as people read it.

use davy_model::{Comparator, DelayKind};
use davy_proto::v1::{Alert, Delay, Explanation, Limit, SeenReading};
use prost_types::Duration;

use super::show;
use crate::{
    figures,
    looks::{self, Colour},
    span,
};

/// Why an alarm stands as it does.
pub(crate) fn text(found: &Explanation, colour: Colour) -> String {
    let transition = found.transition.clone().unwrap_or_default();
    let mut lines = head(found, &transition, colour);
    lines.extend(rule(found));
    lines.extend(
        found.limit.as_ref().map(|limit| format!("limit    {}", limit_arithmetic(limit, &transition))),
    );
    lines.extend(calculated(found, &transition.unit));
    // What a value was calculated of is in the units of its tags.
    let unit = if found.calculated.is_empty() { transition.unit.as_str() } else { "" };
    lines.extend(readings(found, unit));
    lines.extend(summaries(found));
    lines.extend(alarms(found));
    lines.extend(delays(found));
    lines.push("verdict".to_owned());
    lines.extend(found.verdict.iter().map(|line| format!("  {}", line.en)));
    lines.push(if found.agrees {
        "  derived again from the evidence alone: it agrees".to_owned()
    } else {
        "  DERIVED AGAIN FROM THE EVIDENCE ALONE: IT DOES NOT AGREE. Please report this.".to_owned()
    });
    lines.extend(response(found));
    lines.extend(occurrence(found));
    lines.join("\n")
}

fn head(found: &Explanation, transition: &Alert, colour: Colour) -> Vec<String> {
    let alarm = found.alarm.clone().unwrap_or_default();
    let change = figures::change(transition.transition());
    let late = if transition.late { ", late: decided from a backlog" } else { "" };
    let durable = if transition.durable { "" } else { ", not durable" };
    vec![
        format!(
            "{} {}  {}",
            looks::painted_chip(figures::tier(transition.tier()), colour),
            transition.alarm,
            figures::english(transition.title.as_ref())
        ),
        format!("now      {}", figures::state(alarm.state())),
        format!(
            "change   {change}: {} [{}{late}{durable}]",
            figures::english(transition.message.as_ref()),
            transition.id
        ),
        format!(
            "times    true at {}, known at {}, recorded at {}",
            figures::moment(transition.source_time.as_ref()),
            figures::moment(transition.arrival_time.as_ref()),
            figures::moment(transition.recorded_time.as_ref())
        ),
    ]
}

fn rule(found: &Explanation) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(rule) = &found.rule {
        let id = found.transition.as_ref().map_or("", |transition| transition.rule.as_str());
        lines.push(format!("rule     {id}, revision {}, {}:{}", rule.revision, rule.file, rule.line));
        lines.extend(rule.text.lines().map(|line| format!("         | {line}")));
    }
    if let Some(basis) = &found.basis {
        let clause = if basis.clause.is_empty() { String::new() } else { format!(", {}", basis.clause) };
        let edition =
            if basis.edition.is_empty() { String::new() } else { format!(", edition {}", basis.edition) };
        lines.push(format!("basis    {}{clause}{edition} ({})", basis.standard, basis.confidence));
    }
    lines
}

/// `L2: 15.2 ppm ≥ 14.1 ppm, written 14.1 ppm; clears < 13 ppm`.
fn limit_arithmetic(limit: &Limit, transition: &Alert) -> String {
    let unit = transition.unit.as_str();
    let comparator = Comparator::try_from(limit.comparator()).ok();
    let symbol = comparator.map_or("?", Comparator::symbol);
    let back = match (comparator.is_some_and(Comparator::is_rising), limit.clear_inclusive) {
        (true, false) => "<",
        (true, true) => "≤",
        (false, false) => ">",
        (false, true) => "≥",
    };
    let figure = |value| figures::value(Some(value), if unit.is_empty() { "s" } else { unit });
    let passed = transition.value.map_or(String::new(), |value| {
        let past = comparator.is_some_and(|comparator| comparator.is_past(value, limit.set_point));
        format!("{} is {}{symbol} ", figures::value(Some(value), unit), if past { "" } else { "not " })
    });
    let clears = if unit.is_empty() {
        "clears when readings come again".to_owned()
    } else {
        format!("clears {back} {}", figure(limit.clear_point))
    };
    let set_point = if passed.is_empty() {
        format!("{symbol} {}", figure(limit.set_point))
    } else {
        figure(limit.set_point)
    };
    format!("{}: {passed}{set_point} (written {}); {clears}", limit.name, limit.written)
}

fn readings(found: &Explanation, unit: &str) -> Vec<String> {
    if found.readings.is_empty() {
        return vec!["readings none".to_owned()];
    }
    let named = found.readings.len();
    let held = match found.readings_held as usize {
        held if held > named => format!("{held} held, the first and the last of them:"),
        _ => String::new(),
    };
    let mut lines = vec![format!("readings {held}").trim_end().to_owned()];
    lines.extend(found.readings.iter().map(|reading| format!("  {}", reading_line(reading, unit))));
    lines
}

fn calculated(found: &Explanation, unit: &str) -> Vec<String> {
    if found.calculated.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["calculated".to_owned()];
    lines.extend(found.calculated.iter().map(|value| {
        format!(
            "  {} = {}, {}; at {}",
            value.tag,
            figures::value(value.value, unit),
            figures::quality(value.quality.as_ref()),
            figures::moment(value.judged_time.as_ref())
        )
    }));
    lines
}

/// The parts of windows are many: what they amount to, tag by tag.
fn summaries(found: &Explanation) -> Vec<String> {
    let mut tags: Vec<&str> = found.summaries.iter().map(|summary| summary.tag.as_str()).collect();
    tags.dedup();
    let line = |tag: &str| {
        let parts = found.summaries.iter().filter(|summary| summary.tag == tag);
        let readings: u32 = parts.clone().map(|summary| summary.readings).sum();
        let least = parts.clone().map(|summary| summary.min).fold(f64::INFINITY, f64::min);
        let greatest = parts.clone().map(|summary| summary.max).fold(f64::NEG_INFINITY, f64::max);
        format!(
            "  {tag}: {} parts of its window with {readings} readings, {} to {}",
            parts.count(),
            figures::value(Some(least), ""),
            figures::value(Some(greatest), "")
        )
    };
    let head = (!tags.is_empty()).then(|| "windows".to_owned());
    head.into_iter().chain(tags.into_iter().map(line)).collect()
}

fn alarms(found: &Explanation) -> Vec<String> {
    let line = |seen: &davy_proto::v1::SeenAlarm| {
        format!(
            "  {} {}, since {}{}",
            figures::tier(seen.tier()).map_or("?", davy_model::Tier::word),
            seen.alarm,
            figures::moment(seen.first_out_time.as_ref()),
            if seen.redundant { " (it would be so without it)" } else { "" }
        )
    };
    let head = (!found.alarms.is_empty()).then(|| "alarms".to_owned());
    head.into_iter().chain(found.alarms.iter().map(line)).collect()
}

fn reading_line(reading: &SeenReading, unit: &str) -> String {
    let judged = if reading.judged_time == reading.source_time {
        "its source time"
    } else {
        "another time: its clock is suspect"
    };
    format!(
        "{} = {}, {}; measured {}, arrived {}, judged at {} ({judged}){}",
        reading.tag,
        figures::value(reading.value, unit),
        figures::quality(reading.quality.as_ref()),
        figures::moment(reading.source_time.as_ref()),
        figures::moment(reading.arrival_time.as_ref()),
        figures::moment(reading.judged_time.as_ref()),
        if reading.redundant { "; it would be so without it" } else { "" },
    )
}

fn delays(found: &Explanation) -> Vec<String> {
    match &found.delay {
        Some(delay) => vec![format!("delay    {}", delay_arithmetic(delay))],
        None => vec!["delay    none ran: one reading decides".to_owned()],
    }
}

/// `on_delay 10.0 s: 10.2 s of evidence since 2026-11-23 08:00:00.000Z, 0.2 s more than needed`.
fn delay_arithmetic(delay: &Delay) -> String {
    let kind = DelayKind::try_from(delay.kind()).map_or("delay", DelayKind::word);
    let (elapsed, required) = (length(delay.elapsed.as_ref()), length(delay.required.as_ref()));
    let over = match elapsed.checked_sub(required) {
        Some(over) if over.is_zero() => "exactly enough".to_owned(),
        Some(over) => format!("{} more than needed", span::words(over)),
        None => format!("{} short", span::words(required - elapsed)),
    };
    let since = figures::moment(delay.since.as_ref());
    format!("{kind} {}: {} of evidence since {since}, {over}", span::words(required), span::words(elapsed))
}

fn length(span: Option<&Duration>) -> std::time::Duration {
    span.and_then(|span| std::time::Duration::try_from(*span).ok()).unwrap_or_default()
}

fn response(found: &Explanation) -> Vec<String> {
    let Some(response) = found.alarm.as_ref().and_then(|alarm| alarm.response.as_ref()) else {
        return Vec::new();
    };
    let facts = show::response(response).into_iter().filter(|(_, fact)| !fact.is_empty());
    let lines: Vec<String> = facts.map(|(name, fact)| format!("  {name:<12} {fact}")).collect();
    if lines.is_empty() { lines } else { std::iter::once("response".to_owned()).chain(lines).collect() }
}

fn occurrence(found: &Explanation) -> Vec<String> {
    let line = |alert: &Alert| {
        let who = alert.actor.as_ref().map_or(String::new(), |actor| format!(" by {}", actor.name));
        let time = figures::moment(alert.recorded_time.as_ref());
        let change = figures::change(alert.transition());
        format!("  {time}  {change}{who}: {}", figures::english(alert.message.as_ref()))
    };
    if found.transitions.is_empty() {
        return Vec::new();
    }
    std::iter::once("so far".to_owned()).chain(found.transitions.iter().map(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use davy_proto::v1;

    fn time(seconds: i64) -> Option<prost_types::Timestamp> {
        Some(prost_types::Timestamp { seconds: 1_795_420_800 + seconds, nanos: 0 })
    }

    fn sample() -> Explanation {
        let reading = |at, value| SeenReading {
            tag: "AT-0412/h2s".to_owned(),
            value: Some(value),
            source_time: time(at),
            arrival_time: time(at),
            judged_time: time(at),
            ..SeenReading::default()
        };
        let limit = Limit {
            name: "L2".to_owned(),
            comparator: v1::Comparator::AtOrAbove.into(),
            set_point: 14.1,
            clear_point: 13.0,
            written: "20 mg/m3".to_owned(),
            ..Limit::default()
        };
        Explanation {
            transition: Some(Alert {
                value: Some(15.2),
                unit: "ppm".to_owned(),
                rule: "h2s".to_owned(),
                ..Alert::default()
            }),
            rule: Some(v1::RuleSource {
                file: "rules/gas.yaml".to_owned(),
                line: 3,
                revision: "0a1b".to_owned(),
                text: String::new(),
            }),
            limit: Some(limit),
            readings: vec![reading(0, 14.2), reading(10, 15.2)],
            readings_held: 11,
            delay: Some(Delay {
                redundant: false,
                kind: v1::DelayKind::OnDelay.into(),
                since: time(0),
                elapsed: Some(Duration { seconds: 10, nanos: 0 }),
                required: Some(Duration { seconds: 10, nanos: 0 }),
            }),
            agrees: true,
            ..Explanation::default()
        }
    }

    #[test]
    fn an_explanation_shows_rule_limit_readings_and_delay_with_their_arithmetic() {
        let told = text(&sample(), Colour::Off);
        for part in [
            "rule     h2s, revision 0a1b, rules/gas.yaml:3",
            "limit    L2: 15.2 ppm is ≥ 14.1 ppm (written 20 mg/m3); clears < 13 ppm",
            "readings 11 held, the first and the last of them:",
            "AT-0412/h2s = 15.2 ppm, -; measured 2026-11-23 08:00:10.000Z",
            "delay    on_delay 10.0 s: 10.0 s of evidence since 2026-11-23 08:00:00.000Z, exactly enough",
            "it agrees",
        ] {
            assert!(told.contains(part), "{part} is not in\n{told}");
        }
    }

    #[test]
    fn a_verdict_that_does_not_agree_cannot_be_overlooked() {
        let told = text(&Explanation { agrees: false, ..sample() }, Colour::Off);
        assert!(told.contains("IT DOES NOT AGREE"), "{told}");
    }

    #[test]
    fn a_silence_is_explained_without_a_value() {
        let limit = Limit {
            name: "stale".to_owned(),
            comparator: v1::Comparator::AtOrAbove.into(),
            set_point: 3.0,
            written: "3 intervals".to_owned(),
            ..Limit::default()
        };
        let told = limit_arithmetic(&limit, &Alert::default());
        assert_eq!(told, "stale: ≥ 3 s (written 3 intervals); clears when readings come again");
    }
}
