//! An alert as a CloudEvent 1.0, in the structured JSON form.

use davy_model::{Tier, Timestamp, TransitionKind};
use davy_proto::{alert_json, time_from_wire, v1};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::exits::{Gap, Notice};

/// The attributes of the specification, and those of its extensions that have a meaning here.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: String,
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    datacontenttype: &'static str,
    /// Zero-padded, so that it sorts as text.
    sequence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    recordedtime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partitionkey: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlationid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
    data: &'a RawValue,
}

#[derive(Serialize)]
struct GapData<'a> {
    site: &'a str,
    from_sequence: u64,
    to_sequence: u64,
    reason: &'static str,
}

/// The body that tells of it.
pub(super) fn body(notice: &Notice, type_prefix: &str) -> String {
    match notice {
        Notice::Alert(alert) => alert_body(alert, &notice.id(), type_prefix),
        Notice::Gap(gap) => gap_body(gap, &notice.id(), type_prefix),
    }
}

fn alert_body(alert: &v1::Alert, id: &str, type_prefix: &str) -> String {
    let data = raw(alert_json(alert));
    let kind = TransitionKind::try_from(alert.transition()).map_or("changed", TransitionKind::word);
    text(&CloudEvent {
        specversion: "1.0",
        id,
        source: format!("/sites/{}", alert.site),
        r#type: format!("{type_prefix}.alarm.{kind}.v1"),
        subject: Some(format!("alarms/{}", alert.alarm)),
        time: time(alert.source_time.as_ref()),
        datacontenttype: "application/json",
        sequence: format!("{:020}", alert.sequence),
        recordedtime: time(alert.recorded_time.as_ref()),
        partitionkey: Some(&alert.subject),
        correlationid: Some(alert.incident.as_str()).filter(|incident| !incident.is_empty()),
        tier: Tier::try_from(alert.tier()).ok().map(Tier::word),
        actor: alert.actor.as_ref().map(|actor| actor.name.as_str()),
        data: &data,
    })
}

fn gap_body(gap: &Gap, id: &str, type_prefix: &str) -> String {
    let Gap { site, from_sequence, to_sequence, reason, found } = gap;
    let data =
        GapData { site, from_sequence: *from_sequence, to_sequence: *to_sequence, reason: reason.word() };
    let data = raw(serde_json::to_string(&data).expect("plain fields always serialize"));
    text(&CloudEvent {
        specversion: "1.0",
        id,
        source: format!("/sites/{site}"),
        r#type: format!("{type_prefix}.gap.v1"),
        subject: None,
        time: Some(found.to_string()),
        datacontenttype: "application/json",
        sequence: format!("{to_sequence:020}"),
        recordedtime: Some(found.to_string()),
        partitionkey: None,
        correlationid: None,
        tier: None,
        actor: None,
        data: &data,
    })
}

fn raw(json: String) -> Box<RawValue> {
    RawValue::from_string(json).expect("what was serialized is JSON")
}

fn text(event: &CloudEvent<'_>) -> String {
    serde_json::to_string(event).expect("plain fields always serialize")
}

fn time(time: Option<&prost_types::Timestamp>) -> Option<String> {
    let time: Timestamp = time_from_wire(time?).ok()?;
    Some(time.to_string())
}
