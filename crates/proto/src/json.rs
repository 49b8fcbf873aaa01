//! An alert as one JSON object, for terminals and MQTT.

use davy_model::{AlarmState, Comparator, Tier, Timestamp, TransitionKind};
use serde::Serialize;

use crate::{convert::time_from_wire, v1};

/// The fields of the contract, in its order.
#[derive(Serialize)]
struct AlertLine<'a> {
    sequence: u64,
    id: &'a str,
    site: &'a str,
    alarm: &'a str,
    rule: &'a str,
    rule_revision: &'a str,
    subject: &'a str,
    tags: &'a [String],
    tier: Option<&'static str>,
    state: Option<&'static str>,
    transition: Option<&'static str>,
    limit: Option<LimitLine<'a>>,
    value: Option<f64>,
    unit: Option<&'a str>,
    source_time: Option<String>,
    arrival_time: Option<String>,
    recorded_time: Option<String>,
    occurrence: u64,
    late: bool,
    durable: bool,
    message: MessageLine<'a>,
}

#[derive(Serialize)]
struct LimitLine<'a> {
    name: &'a str,
    comparator: Option<&'static str>,
    set_point: f64,
    clear_point: f64,
    written: &'a str,
}

#[derive(Serialize)]
struct MessageLine<'a> {
    en: &'a str,
    zh: &'a str,
}

/// One JSON object without a line break. Times are RFC 3339 UTC with microseconds; what the alert does not say is null.
///
/// `limit` is an object: `name`, `comparator` (`above`, `at_or_above`, `below`, `at_or_below`), `set_point`,
/// `clear_point`, `written`. `message` is an object: `en`, `zh`.
pub fn alert_json(alert: &v1::Alert) -> String {
    let (en, zh) = alert.message.as_ref().map_or(("", ""), |text| (text.en.as_str(), text.zh.as_str()));
    let line = AlertLine {
        sequence: alert.sequence,
        id: &alert.id,
        site: &alert.site,
        alarm: &alert.alarm,
        rule: &alert.rule,
        rule_revision: &alert.rule_revision,
        subject: &alert.subject,
        tags: &alert.tags,
        tier: Tier::try_from(alert.tier()).ok().map(Tier::word),
        state: AlarmState::try_from(alert.state()).ok().map(AlarmState::word),
        transition: TransitionKind::try_from(alert.transition()).ok().map(TransitionKind::word),
        limit: alert.limit.as_ref().map(limit_line),
        value: alert.value,
        unit: (!alert.unit.is_empty()).then_some(alert.unit.as_str()),
        source_time: time_text(alert.source_time.as_ref()),
        arrival_time: time_text(alert.arrival_time.as_ref()),
        recorded_time: time_text(alert.recorded_time.as_ref()),
        occurrence: alert.occurrence,
        late: alert.late,
        durable: alert.durable,
        message: MessageLine { en, zh },
    };
    serde_json::to_string(&line).expect("plain fields always serialize")
}

fn limit_line(limit: &v1::Limit) -> LimitLine<'_> {
    LimitLine {
        name: &limit.name,
        comparator: Comparator::try_from(limit.comparator()).ok().map(comparator_word),
        set_point: limit.set_point,
        clear_point: limit.clear_point,
        written: &limit.written,
    }
}

/// The words that rule files use.
const fn comparator_word(comparator: Comparator) -> &'static str {
    match comparator {
        Comparator::Above => "above",
        Comparator::AtOrAbove => "at_or_above",
        Comparator::Below => "below",
        Comparator::AtOrBelow => "at_or_below",
    }
}

fn time_text(time: Option<&prost_types::Timestamp>) -> Option<String> {
    let time: Timestamp = time_from_wire(time?).ok()?;
    Some(time.to_string())
}
