//! A revision as one JSON object.

use davy_model::Tier;
use davy_proto::v1::{Actual, Prediction, Revision, ShadowAlarm, ShadowFigures};
use serde_json::{Value, json};

use super::tell;
use crate::figures::{self, rfc3339};

/// All of it; what is not known is null.
pub(super) fn revision(revision: &Revision) -> Value {
    let changes = revision.changes.iter().map(|change| {
        json!({
            "rule": change.rule, "what": change.what, "before": change.before, "after": change.after,
            "direction": change.direction, "tier": figures::tier(change.tier()).map(Tier::word),
            "subjects": change.subjects,
        })
    });
    let events = revision.events.iter().map(|event| {
        let actor = event.actor.clone().unwrap_or_default();
        json!({
            "what": event.what, "at": rfc3339(event.at.as_ref()), "actor": actor.name, "comment": actor.comment,
        })
    });
    json!({
        "site": revision.site, "revision": revision.revision, "etag": revision.etag, "state": tell::state(revision), "base": revision.base,
        "second_person": revision.needs_second_person, "withdraws": revision.withdraws,
        "expected": revision.expected, "changes": changes.collect::<Vec<_>>(),
        "predicted": revision.predicted.as_ref().map(predicted), "actual": revision.actual.as_ref().map(actual),
        "shadow": revision.shadow.as_ref().map(shadow), "events": events.collect::<Vec<_>>(),
    })
}

fn predicted(found: &Prediction) -> Value {
    json!({
        "from": rfc3339(found.from.as_ref()), "until": rfc3339(found.until.as_ref()), "coverage": found.coverage,
        "raises_before": found.raises_before, "raises_after": found.raises_after, "gained": found.gained,
        "lost": found.lost, "moved": found.moved, "problem": found.problem,
    })
}

fn actual(found: &Actual) -> Value {
    json!({
        "from": rfc3339(found.from.as_ref()), "until": rfc3339(found.until.as_ref()), "raises": found.raises,
        "raises_per_day": found.raises_per_day, "predicted_per_day": found.predicted_per_day,
        "before_per_day": found.before_per_day, "problem": found.problem,
    })
}

fn shadow(found: &ShadowFigures) -> Value {
    let alarms = |alarms: &[ShadowAlarm]| alarms.iter().map(alarm).collect::<Vec<_>>();
    json!({
        "from": rfc3339(found.from.as_ref()), "until": rfc3339(found.until.as_ref()),
        "raises_active": found.raises_active, "raises_shadow": found.raises_shadow, "same": found.same,
        "gained": found.gained_count, "lost": found.lost_count, "moved": found.moved_count,
        "alarms_gained": alarms(&found.gained), "alarms_lost": alarms(&found.lost),
        "alarms_moved": alarms(&found.moved), "is_current": found.is_current, "problem": found.problem,
    })
}

fn alarm(alarm: &ShadowAlarm) -> Value {
    json!({
        "alarm": alarm.alarm, "raised": rfc3339(alarm.raised.as_ref()),
        "tier": figures::tier(alarm.tier()).map(Tier::word),
        "shadow_raised": rfc3339(alarm.shadow_raised.as_ref()),
        "shadow_tier": figures::tier(alarm.shadow_tier()).map(Tier::word),
    })
}
