//! Messages of the API as JSON, for `--json`. Times are RFC 3339 UTC with microseconds; what is not said is null.

use davy_model::{Comparator, Condition, DelayKind, Severity};
use davy_proto::{alert_json, v1};
use prost_types::Duration;
use serde_json::{Value, json};

use crate::{
    alarms::case_json,
    figures::{quality, rfc3339, tier},
};

/// An alarm as it stands.
pub(crate) fn alarm(alarm: &v1::Alarm) -> Value {
    let word = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "id": alarm.id, "site": alarm.site, "rule": alarm.rule, "rule_revision": alarm.rule_revision,
        "subject": alarm.subject, "tags": alarm.tags, "title": text(alarm.title.as_ref()),
        "tier": tier(alarm.tier()).map(|tier| tier.word()),
        "tier_highest": tier(alarm.tier_highest()).map(|tier| tier.word()),
        "state": davy_model::AlarmState::try_from(alarm.state()).ok().map(|state| state.word()),
        "condition": Condition::try_from(alarm.condition()).ok().map(Condition::word),
        "acknowledged": alarm.acknowledged, "latched": alarm.latched,
        "shelved_until": rfc3339(alarm.shelved_until.as_ref()), "shelved_by": word(&alarm.shelved_by),
        "shelved_one_shot": alarm.shelved_one_shot, "suppressed_by": word(&alarm.suppressed_by),
        "in_service": alarm.in_service, "occurrence": alarm.occurrence, "step": alarm.step,
        "limit": alarm.limit.as_ref().map(limit), "value": alarm.value, "unit": word(&alarm.unit),
        "quality": alarm.quality.as_ref().map(|found| quality(Some(found))),
        "raised_time": rfc3339(alarm.raised_time.as_ref()),
        "first_out_time": rfc3339(alarm.first_out_time.as_ref()),
        "last_transition_time": rfc3339(alarm.last_transition_time.as_ref()),
        "last_sequence": alarm.last_sequence, "message": text(alarm.message.as_ref()),
        "late": alarm.late, "sounds": alarm.sounds, "response": alarm.response.as_ref().map(response),
        "desk": word(&alarm.desk), "case": alarm.case.as_ref().map(case_json),
    })
}

/// A standing alarm with the fields of an alert: what a snapshot has instead of one. Its transition is null, and its
/// source time is when it was raised.
pub(crate) fn standing(alarm: &v1::Alarm) -> String {
    let alert = v1::Alert {
        sequence: alarm.last_sequence,
        id: format!("{}#{}.{}", alarm.id, alarm.occurrence, alarm.step),
        site: alarm.site.clone(),
        alarm: alarm.id.clone(),
        rule: alarm.rule.clone(),
        rule_revision: alarm.rule_revision.clone(),
        subject: alarm.subject.clone(),
        tags: alarm.tags.clone(),
        tier: alarm.tier,
        state: alarm.state,
        limit: alarm.limit.clone(),
        value: alarm.value,
        unit: alarm.unit.clone(),
        source_time: alarm.raised_time,
        recorded_time: alarm.last_transition_time,
        occurrence: alarm.occurrence,
        late: alarm.late,
        durable: true,
        message: alarm.message.clone(),
        ..v1::Alert::default()
    };
    alert_json(&alert)
}

/// Why an alarm stands as it does.
pub(crate) fn explanation(found: &v1::Explanation) -> Value {
    json!({
        "alarm": found.alarm.as_ref().map(alarm),
        "transition": found.transition.as_ref().map(alert),
        "rule": found.rule.as_ref().map(|rule| json!({
            "file": rule.file, "line": rule.line, "text": rule.text, "revision": rule.revision,
        })),
        "basis": found.basis.as_ref().map(|basis| json!({
            "standard": basis.standard, "clause": basis.clause, "edition": basis.edition, "confidence": basis.confidence,
        })),
        "limit": found.limit.as_ref().map(limit),
        "on_delay_s": seconds(found.on_delay.as_ref()), "off_delay_s": seconds(found.off_delay.as_ref()),
        "readings": found.readings.iter().map(reading).collect::<Vec<_>>(),
        "readings_held": found.readings_held,
        "calculated": found.calculated.iter().map(reading).collect::<Vec<_>>(),
        "summaries": found.summaries.iter().map(summary).collect::<Vec<_>>(),
        "alarms": found.alarms.iter().map(seen_alarm).collect::<Vec<_>>(),
        "delay": found.delay.as_ref().map(delay),
        "verdict": found.verdict.iter().map(|line| text(Some(line))).collect::<Vec<_>>(),
        "agrees": found.agrees,
        "transitions": found.transitions.iter().map(alert).collect::<Vec<_>>(),
    })
}

fn summary(summary: &v1::Summary) -> Value {
    json!({
        "tag": summary.tag, "from": rfc3339(summary.from.as_ref()), "until": rfc3339(summary.until.as_ref()),
        "readings": summary.readings, "covered_s": seconds(summary.covered.as_ref()), "mean": summary.mean,
        "min": summary.min, "max": summary.max, "last": summary.last, "redundant": summary.redundant,
    })
}

fn seen_alarm(seen: &v1::SeenAlarm) -> Value {
    json!({
        "alarm": seen.alarm, "occurrence": seen.occurrence,
        "tier": tier(seen.tier()).map(|tier| tier.word()),
        "first_out_time": rfc3339(seen.first_out_time.as_ref()), "redundant": seen.redundant,
    })
}

/// A message with something refused in it. The payload is text where it is UTF-8, else null; `payload_hex` is always there.
pub(crate) fn dead_letter(letter: &v1::DeadLetter) -> Value {
    json!({
        "id": letter.id, "site": letter.site, "edge_node": letter.edge_node, "topic": letter.topic,
        "arrival_time": rfc3339(letter.arrival_time.as_ref()),
        "rejected": letter.rejected, "payload_len": letter.payload_len,
        "payload": std::str::from_utf8(&letter.payload).ok(), "payload_hex": davy_journal::hex(&letter.payload),
        "problems": letter.problems.iter().map(problem).collect::<Vec<_>>(),
        "problems_omitted": letter.problems_omitted,
        "replayed_time": rfc3339(letter.replayed_time.as_ref()),
    })
}

/// A kind of problem.
pub(crate) fn dead_letter_group(group: &v1::DeadLetterGroup) -> Value {
    json!({
        "site": group.site, "edge_node": group.edge_node, "code": group.code, "pointer": group.pointer,
        "messages": group.messages, "readings": group.readings,
        "first_time": rfc3339(group.first_time.as_ref()), "last_time": rfc3339(group.last_time.as_ref()),
        "example": group.example,
    })
}

/// What became of a dead letter that was sent again.
pub(crate) fn replayed_letter(letter: &v1::ReplayedLetter) -> Value {
    json!({
        "id": letter.id, "accepted": letter.accepted, "rejected": letter.rejected, "failure": letter.failure,
        "problems": letter.problems.iter().map(problem).collect::<Vec<_>>(),
    })
}

/// A device and its scorecards.
pub(crate) fn device(device: &v1::Device) -> Value {
    json!({
        "site": device.site, "edge_node": device.edge_node, "device": device.device, "state": device.state,
        "messages_lost": device.messages_lost,
        "day": device.day.as_ref().map(scorecard), "week": device.week.as_ref().map(scorecard),
    })
}

fn scorecard(card: &v1::Scorecard) -> Value {
    json!({
        "online": card.online, "timely": card.timely, "complete": card.complete, "valid": card.valid,
        "plausible": card.plausible, "clock": card.clock, "total": card.total, "grade": card.grade,
        "accepted": card.accepted, "rejected": card.rejected,
    })
}

/// Why something was refused.
pub(crate) fn problem(problem: &v1::Problem) -> Value {
    json!({
        "code": problem.code, "severity": Severity::try_from(problem.severity()).ok().map(|severity| severity.word()),
        "message": text(problem.message.as_ref()), "pointer": problem.pointer, "got": problem.got,
        "expected": problem.expected, "fix": problem.fix,
    })
}

/// An alert, with exactly the fields of the contract.
pub(crate) fn alert(alert: &v1::Alert) -> Value {
    serde_json::from_str(&alert_json(alert)).expect("made as JSON just before")
}

fn text(text: Option<&v1::LocalizedText>) -> Value {
    text.map_or(Value::Null, |text| json!({"en": text.en, "zh": text.zh}))
}

fn limit(limit: &v1::Limit) -> Value {
    json!({
        "name": limit.name, "comparator": Comparator::try_from(limit.comparator()).ok().map(comparator),
        "set_point": limit.set_point, "clear_point": limit.clear_point, "clear_inclusive": limit.clear_inclusive,
        "written": limit.written,
    })
}

fn response(response: &v1::Response) -> Value {
    json!({
        "cause": text(response.cause.as_ref()), "consequence": text(response.consequence.as_ref()),
        "action": text(response.action.as_ref()), "time_to_respond_s": seconds(response.time_to_respond.as_ref()),
    })
}

fn reading(reading: &v1::SeenReading) -> Value {
    json!({
        "tag": reading.tag, "value": reading.value, "quality": quality(reading.quality.as_ref()),
        "source_time": rfc3339(reading.source_time.as_ref()),
        "arrival_time": rfc3339(reading.arrival_time.as_ref()),
        "judged_time": rfc3339(reading.judged_time.as_ref()), "redundant": reading.redundant,
    })
}

fn delay(delay: &v1::Delay) -> Value {
    json!({
        "kind": DelayKind::try_from(delay.kind()).ok().map(|kind| kind.word()),
        "since": rfc3339(delay.since.as_ref()), "elapsed_s": seconds(delay.elapsed.as_ref()),
        "required_s": seconds(delay.required.as_ref()),
    })
}

fn seconds(span: Option<&Duration>) -> Option<f64> {
    span.map(|span| span.seconds as f64 + f64::from(span.nanos) / 1e9)
}

/// The words that rule files and alerts use.
pub(crate) const fn comparator(comparator: Comparator) -> &'static str {
    match comparator {
        Comparator::Above => "above",
        Comparator::AtOrAbove => "at_or_above",
        Comparator::Below => "below",
        Comparator::AtOrBelow => "at_or_below",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use davy_model::Tier;

    fn sample() -> v1::Alarm {
        v1::Alarm {
            id: "park:h2s:AT-0412/h2s".to_owned(),
            site: "park".to_owned(),
            tier: v1::Tier::from(Tier::Red).into(),
            state: v1::AlarmState::ActiveUnacknowledged.into(),
            condition: v1::Condition::Active.into(),
            occurrence: 3,
            step: 2,
            value: Some(15.2),
            unit: "ppm".to_owned(),
            limit: Some(v1::Limit { comparator: v1::Comparator::AtOrAbove.into(), ..v1::Limit::default() }),
            last_sequence: 41,
            ..v1::Alarm::default()
        }
    }

    #[test]
    fn an_alarm_speaks_the_words_of_an_alert() {
        let value = alarm(&sample());
        for (key, expected) in [
            ("tier", json!("red")),
            ("state", json!("active_unacknowledged")),
            ("condition", json!("active")),
            ("unit", json!("ppm")),
            ("shelved_until", Value::Null),
        ] {
            assert_eq!(value[key], expected, "{key}");
        }
        assert_eq!(value["limit"]["comparator"], json!("at_or_above"));
    }

    #[test]
    fn a_standing_alarm_has_the_fields_of_an_alert_and_its_stable_id() {
        let keys = |text: &str| -> Vec<String> {
            let value: Value = serde_json::from_str(text).expect("JSON");
            value.as_object().expect("an object").keys().cloned().collect()
        };
        let line = standing(&sample());
        assert_eq!(keys(&line), keys(&alert_json(&v1::Alert::default())));
        let value: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(value["id"], json!("park:h2s:AT-0412/h2s#3.2"));
        assert_eq!((&value["sequence"], &value["transition"]), (&json!(41), &Value::Null));
    }
}
