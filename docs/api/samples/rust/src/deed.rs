//! What there is to do: a line for each alert, under its key.

use prost_types::Timestamp;
use serde_json::{Value, json};

use crate::proto::{Alarm, AlarmState, Alert, Tier, TransitionKind};

/// Davy may be newer than this: a number without a name is told as it is.
fn name<E: TryFrom<i32>>(number: i32, name: impl Fn(&E) -> &'static str) -> String {
    E::try_from(number).map_or(number.to_string(), |value| name(&value).to_owned())
}

fn seconds(time: Option<Timestamp>) -> String {
    let time = time.unwrap_or_default();
    format!("{}.{:09}", time.seconds, time.nanos)
}

/// One transition. Its id alone is not: Davy gives an id anew when what had it is not in its journal.
pub(crate) fn key(deed: &Value) -> String {
    let word = |name: &str| deed[name].as_str().unwrap_or_default();
    format!("{}@{}", word("id"), word("recorded"))
}

pub(crate) fn of_alert(alert: &Alert) -> Value {
    json!({
        "id": alert.id,
        "recorded": seconds(alert.recorded_time),
        "site": alert.site,
        "sequence": alert.sequence,
        "transition": name(alert.transition, TransitionKind::as_str_name),
        "tier": name(alert.tier, Tier::as_str_name),
        "state": name(alert.state, AlarmState::as_str_name),
        "message": alert.message.as_ref().map(|text| &text.en),
    })
}

/// An alarm that stands, under the key of the alert that made it so.
pub(crate) fn of_alarm(alarm: &Alarm) -> Value {
    json!({
        "id": format!("{}#{}.{}", alarm.id, alarm.occurrence, alarm.step),
        "recorded": seconds(alarm.last_transition_time),
        "site": alarm.site,
        "sequence": alarm.last_sequence,
        "transition": "SNAPSHOT",
        "tier": name(alarm.tier, Tier::as_str_name),
        "state": name(alarm.state, AlarmState::as_str_name),
        "message": alarm.message.as_ref().map(|text| &text.en),
    })
}
