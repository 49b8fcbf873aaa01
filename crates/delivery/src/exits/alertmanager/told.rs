//! An alarm as Alertmanager is told of it.

use std::collections::BTreeMap;

use davy_model::{Tier, Timestamp};
use davy_proto::{time_from_wire, v1};
use serde::Serialize;

use crate::exits::Gap;

/// One alert of a request. What its labels are, it is: annotations may change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostedAlert {
    labels: BTreeMap<&'static str, String>,
    annotations: BTreeMap<&'static str, String>,
    starts_at: String,
    ends_at: String,
}

/// Whether it calls for somebody: its condition holds, or a latch holds it, and nobody quieted it.
pub(super) fn fires(alert: &v1::Alert) -> bool {
    let quieted = matches!(
        alert.state(),
        v1::AlarmState::Shelved | v1::AlarmState::Suppressed | v1::AlarmState::OutOfService
    );
    (alert.condition() == v1::Condition::Active || alert.latched) && !quieted
}

/// It fires, until `until` when it is not told again.
pub(super) fn firing(alert: &v1::Alert, now: Timestamp, until: Timestamp) -> PostedAlert {
    posted(alert, began(alert, now), until)
}

/// It fires no more.
pub(super) fn ended(alert: &v1::Alert, now: Timestamp) -> PostedAlert {
    let began = began(alert, now);
    posted(alert, began, now.max(began.plus(std::time::Duration::from_millis(1))))
}

/// What cannot be told.
pub(super) fn gap(gap: &Gap, until: Timestamp) -> PostedAlert {
    let Gap { site, from_sequence, to_sequence, reason, found } = gap;
    let labels = [
        ("alertname", "davy-gap".to_owned()),
        ("site", site.to_string()),
        ("source", "davy".to_owned()),
        ("reason", reason.word().to_owned()),
        ("tier", Tier::Orange.word().to_owned()),
    ];
    let annotations = [
        (
            "summary_en",
            format!(
                "transitions {from_sequence} to {to_sequence} of {site} cannot be told: look at its alarms"
            ),
        ),
        (
            "summary_zh",
            format!("站点 {site} 的第 {from_sequence} 至 {to_sequence} 条报警变化已无法送达，请查看当前报警"),
        ),
    ];
    PostedAlert {
        labels: labels.into(),
        annotations: annotations.into(),
        starts_at: found.to_string(),
        ends_at: until.to_string(),
    }
}

fn posted(alert: &v1::Alert, began: Timestamp, until: Timestamp) -> PostedAlert {
    PostedAlert {
        labels: labels(alert),
        annotations: annotations(alert),
        starts_at: began.to_string(),
        ends_at: until.to_string(),
    }
}

fn labels(alert: &v1::Alert) -> BTreeMap<&'static str, String> {
    let mut labels = BTreeMap::from([
        ("alertname", alert.rule.clone()),
        ("site", alert.site.clone()),
        ("rule", alert.rule.clone()),
        ("point", alert.subject.clone()),
        ("alarm", alert.alarm.clone()),
        ("source", "davy".to_owned()),
    ]);
    if let Ok(tier) = Tier::try_from(alert.tier()) {
        labels.insert("tier", tier.word().to_owned());
    }
    labels
}

fn annotations(alert: &v1::Alert) -> BTreeMap<&'static str, String> {
    let mut annotations = BTreeMap::from([
        ("davy_id", alert.id.clone()),
        ("occurrence", alert.occurrence.to_string()),
        ("acknowledged", alert.acknowledged.to_string()),
    ]);
    let mut put = |key, text: &str| {
        if !text.is_empty() {
            annotations.insert(key, text.to_owned());
        }
    };
    let words = |text: Option<&v1::LocalizedText>| {
        let en = text.map_or("", |text| text.en.as_str());
        // Where nobody wrote it in Chinese, English is better than nothing.
        let zh = text.map(|text| text.zh.as_str()).filter(|zh| !zh.is_empty()).unwrap_or(en);
        (en.to_owned(), zh.to_owned())
    };
    let ((title_en, title_zh), (summary_en, summary_zh)) =
        (words(alert.title.as_ref()), words(alert.message.as_ref()));
    put("title_en", &title_en);
    put("title_zh", &title_zh);
    put("summary_en", &summary_en);
    put("summary_zh", &summary_zh);
    put("desk", &alert.desk);
    put("incident", &alert.incident);
    put("limit", alert.limit.as_ref().map_or("", |limit| limit.written.as_str()));
    put("actor", alert.actor.as_ref().map_or("", |actor| actor.name.as_str()));
    let value = alert.value.map(|value| format!("{value} {}", alert.unit)).unwrap_or_default();
    put("value", value.trim_end());
    annotations
}

/// When the alarm began, as far as the alert says. Alertmanager takes no alert that ends before it begins, and a source's clock may
/// be ahead.
fn began(alert: &v1::Alert, now: Timestamp) -> Timestamp {
    let first = alert.first_out_time.as_ref().or(alert.source_time.as_ref());
    first.and_then(|time| time_from_wire(time).ok()).unwrap_or(Timestamp::MIN).min(now)
}
