//! What gRPC clients send, from the wire to the model and back.

use davy_model::{AlarmKey, CommandKind, LimitView, Quality};
use davy_proto::{alert_json, command_of, duration_from_wire, duration_to_wire, time_from_wire, time_to_wire, v1};
use prost::Message;
use serde_json::Value;

use crate::harness::{Gauge, Target};

/// An operator's command.
pub(crate) const COMMANDS: Target = Target {
    name: "commands",
    runs: 60_000,
    check: check_command,
    seeds: || {
        let target = v1::CommandTarget {
            alarm: "park:h2s:AT-0412/h2s".into(),
            occurrence: Some(3),
            actor: " li.wei ".into(),
            approved_by: "zhang".into(),
            comment: "seen".into(),
            request_id: "1".into(),
        };
        vec![target.encode_to_vec()]
    },
    words: &["park:h2s:AT", ":", " ", "\u{3000}", "\n"],
    ..Target::PLAIN
};

/// Times, spans, qualities and limits: one byte says which.
pub(crate) const VALUES: Target = Target {
    name: "wire_values",
    runs: 100_000,
    check: check_value,
    seeds: || {
        let time = prost_types::Timestamp { seconds: 1_795_420_800, nanos: 123_456_000 };
        let span = prost_types::Duration { seconds: 43_200, nanos: 5 };
        let limit = v1::Limit { name: "L1".into(), comparator: 2, set_point: 7.05, clear_point: 6.5, clear_inclusive: true, written: "7.05 ppm".into() };
        let quality = v1::Quality { grade: 3, reason: 6 };
        let all = [time.encode_to_vec(), span.encode_to_vec(), quality.encode_to_vec(), limit.encode_to_vec()];
        (0..).zip(all).map(|(which, bytes)| [vec![which], bytes].concat()).collect()
    },
    ..Target::PLAIN
};

/// An alert, as one line of JSON.
pub(crate) const ALERTS: Target = Target {
    name: "alert_json",
    runs: 30_000,
    check: check_alert,
    seeds: || {
        let alert = v1::Alert {
            sequence: 7,
            id: "park:h2s:AT-0412/h2s#3.1".into(),
            alarm: "park:h2s:AT-0412/h2s".into(),
            tags: vec!["AT-0412/h2s".into()],
            tier: 4,
            state: 2,
            transition: 1,
            limit: Some(v1::Limit { name: "L1".into(), comparator: 2, set_point: 7.05, ..v1::Limit::default() }),
            value: Some(12.4),
            source_time: Some(prost_types::Timestamp { seconds: 1_795_420_800, nanos: 5000 }),
            message: Some(v1::LocalizedText { en: "above \"7\"\n".into(), zh: "高于".into() }),
            ..v1::Alert::default()
        };
        vec![alert.encode_to_vec()]
    },
    ..Target::PLAIN
};

fn check_command(gauge: &mut Gauge, input: &[u8]) {
    let Ok(target) = v1::CommandTarget::decode(input) else { return };
    match gauge.measure(input.len(), || command_of(Some(&target), CommandKind::Acknowledge)) {
        Ok(command) => {
            assert_eq!(command.alarm.to_string(), target.alarm);
            assert_eq!(command.occurrence, target.occurrence);
            assert!(*command.actor.name == *command.actor.name.trim());
            assert!(command.actor.approved_by.as_ref().is_none_or(|name| !name.is_empty() && **name == *name.trim()));
            gauge.saw((command.actor.approved_by.is_some(), command.actor.name.is_empty(), command.actor.comment.is_empty()));
        }
        Err(error) => {
            assert!(AlarmKey::parse(&target.alarm).is_none(), "{error}");
            gauge.saw("refused");
        }
    }
}

fn check_value(gauge: &mut Gauge, input: &[u8]) {
    let Some((which, bytes)) = input.split_first() else { return };
    match which % 4 {
        0 => {
            let Ok(time) = prost_types::Timestamp::decode(bytes) else { return };
            let read = gauge.measure(0, || time_from_wire(&time).ok());
            assert_eq!(read.is_some(), (0..1_000_000_000).contains(&time.nanos), "{time:?}");
            if let Some(read) = read {
                assert_eq!(time_from_wire(&time_to_wire(read)), Ok(read));
                gauge.saw(read.as_micros().signum());
            }
        }
        1 => {
            let Ok(span) = prost_types::Duration::decode(bytes) else { return };
            if let Some(read) = gauge.measure(64, || duration_from_wire(&span).ok()) {
                let back = duration_to_wire(read);
                assert!(back.seconds == 315_576_000_000 || duration_from_wire(&back) == Ok(read), "{span:?}");
                gauge.saw(read.subsec_nanos() > 0);
            }
        }
        2 => {
            let Ok(quality) = v1::Quality::decode(bytes) else { return };
            if let Ok(read) = gauge.measure(64, || Quality::try_from(quality)) {
                assert_eq!(Quality::try_from(v1::Quality::from(read)), Ok(read));
                gauge.saw(read.code());
            }
        }
        _ => {
            let Ok(limit) = v1::Limit::decode(bytes) else { return };
            if let Ok(read) = gauge.measure(input.len(), || LimitView::try_from(&limit)) {
                assert_eq!(v1::Limit::from(&read).encode_to_vec(), limit.encode_to_vec());
                gauge.saw(read.comparator.is_rising());
            }
        }
    }
}

fn check_alert(gauge: &mut Gauge, input: &[u8]) {
    let Ok(alert) = v1::Alert::decode(input) else { return };
    let line = gauge.measure(input.len(), || alert_json(&alert));
    assert!(!line.contains(['\n', '\r']), "more than a line: {line}");
    let read: Value = serde_json::from_str(&line).expect("an alert is JSON");
    assert_eq!((&read["sequence"], &read["id"]), (&alert.sequence.into(), &Value::from(alert.id.clone())));
    assert_eq!(read["tags"].as_array().map(Vec::len), Some(alert.tags.len()));
    // JSON has no number that is none.
    let value = alert.value.filter(|value| value.is_finite());
    assert_eq!(read["value"].as_f64().is_some(), value.is_some());
    for (field, time) in [("source_time", alert.source_time), ("arrival_time", alert.arrival_time)] {
        let known = time.is_some_and(|time| time_from_wire(&time).is_ok());
        assert_eq!(read[field].is_string(), known, "{field}");
    }
    gauge.saw((read["tier"].is_string(), read["state"].is_string(), read["transition"].is_string(), read["limit"].is_object()));
}
