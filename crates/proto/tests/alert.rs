//! What a consumer reads of a transition, over gRPC and as JSON.

use std::time::Duration;

use davy_model::{Comparator, LimitView, Shelving, Text, Tier, Timestamp, Transition, TransitionKind};
use davy_proto::{alarm_of, alert_json, alert_of, v1};
use prost::Message;

#[path = "../../model/tests/raised/mod.rs"]
mod raised;

fn raised() -> Transition {
    let at: Timestamp = "2026-11-23T08:00:00.123456Z".parse().expect("a time");
    Transition {
        occurrence: 2,
        limit: Some(LimitView {
            name: "L1".into(),
            comparator: Comparator::AtOrAbove,
            set_point: 7.05,
            clear_point: 6.5,
            clear_inclusive: false,
            written: "7.05 ppm".into(),
        }),
        value: Some(12.4),
        arrival_time: at.plus(Duration::from_millis(40)),
        recorded_time: at.plus(Duration::from_millis(42)),
        incident: Some("park:h2s:AT-0412/h2s#3.1".into()),
        desk: Some("gas".into()),
        message: Text::both("H2S 12.4 ppm", "硫化氢 12.4 ppm"),
        ..raised::raised(41, Tier::Orange, at)
    }
}

#[test]
fn the_json_line_has_exactly_the_fields_of_the_contract_in_their_order() {
    let line = alert_json(&alert_of(&raised(), true));
    let want = concat!(
        r#"{"sequence":41,"id":"park:h2s:AT-0412/h2s#2.1","site":"park","alarm":"park:h2s:AT-0412/h2s","#,
        r#""rule":"h2s","rule_revision":"0123456789ab","subject":"AT-0412/h2s","tags":["AT-0412/h2s"],"#,
        r#""tier":"orange","state":"active_unacknowledged","transition":"raised","#,
        r#""limit":{"name":"L1","comparator":"at_or_above","set_point":7.05,"clear_point":6.5,"written":"7.05 ppm"},"#,
        r#""value":12.4,"unit":"ppm","source_time":"2026-11-23T08:00:00.123456Z","#,
        r#""arrival_time":"2026-11-23T08:00:00.163456Z","recorded_time":"2026-11-23T08:00:00.165456Z","#,
        r#""occurrence":2,"late":false,"durable":true,"message":{"en":"H2S 12.4 ppm","zh":"硫化氢 12.4 ppm"}}"#,
    );
    assert_eq!(line, want);
}

/// By both a consumer knows that it has dealt with it, whichever way it came.
#[test]
fn a_standing_alarm_has_the_id_and_the_recorded_time_of_its_alert() {
    let transition = raised();
    let (alert, alarm) = (alert_of(&transition, false), alarm_of(&transition));
    assert_eq!(alert.id, format!("{}#{}.{}", alarm.id, alarm.occurrence, alarm.step));
    assert_eq!(alert.recorded_time, alarm.last_transition_time);
}

#[test]
fn what_a_transition_does_not_say_is_null_and_never_a_zero() {
    let mut silent = raised();
    (silent.value, silent.unit, silent.limit) = (None, None, None);
    let line = alert_json(&alert_of(&silent, false));
    assert!(line.contains(r#""limit":null,"value":null,"unit":null"#), "{line}");
    assert!(line.contains(r#""durable":false"#), "{line}");
}

#[test]
fn a_value_of_zero_stays_a_value_over_the_wire() {
    let mut zero = raised();
    zero.value = Some(0.0);
    let bytes = alert_of(&zero, true).encode_to_vec();
    let back = v1::Alert::decode(bytes.as_slice()).expect("our own bytes");
    assert_eq!(back.value, Some(0.0));
    assert_eq!(back, alert_of(&zero, true));
}

#[test]
fn the_alarm_shows_who_quieted_it_until_when_and_its_derived_state() {
    let mut shelved = raised();
    let until = shelved.recorded_time.plus(Duration::from_secs(3600));
    shelved.kind = TransitionKind::Shelved;
    shelved.facts.shelving = Some(Shelving { until, one_shot: true, by: "li.wei".into() });
    let alarm = alarm_of(&shelved);
    assert_eq!(alarm.state(), v1::AlarmState::Shelved);
    assert_eq!((alarm.shelved_by.as_str(), alarm.shelved_one_shot), ("li.wei", true));
    assert_eq!(alarm.shelved_until, alert_of(&shelved, true).shelved_until);
    assert_eq!(alarm.raised_time, None, "a shelving does not know when the alarm was raised");
    assert!(alarm_of(&raised()).raised_time.is_some());
    assert!(alarm.in_service);
}

#[test]
fn reflection_can_serve_every_service() {
    let set =
        prost_types::FileDescriptorSet::decode(davy_proto::FILE_DESCRIPTOR_SET).expect("our own descriptors");
    let mut services: Vec<&str> = set
        .file
        .iter()
        .flat_map(|file| &file.service)
        .filter_map(|service| service.name.as_deref())
        .collect();
    services.sort_unstable();
    assert_eq!(
        services,
        [
            "AlarmService",
            "AlertService",
            "AuditService",
            "DeadLetterService",
            "DeviceService",
            "ExitService",
            "LinkService",
            "RuleService",
            "SessionService",
            "SystemService",
            "TelemetryService"
        ]
    );
}
