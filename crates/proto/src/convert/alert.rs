//! A transition, as it is delivered.

use davy_model::Transition;

use super::{case::case_of, time::time_to_wire};
use crate::v1;

/// The alert that tells of a transition. `durable` says whether the transition is on disk.
pub fn alert_of(transition: &Transition, durable: bool) -> v1::Alert {
    let facts = &transition.facts;
    v1::Alert {
        sequence: transition.sequence,
        id: transition.id().to_string(),
        site: transition.alarm.site.to_string(),
        alarm: transition.alarm.to_string(),
        rule: transition.alarm.rule.to_string(),
        rule_revision: transition.rule_revision.to_string(),
        subject: transition.alarm.subject.to_string(),
        tags: transition.tags.iter().map(|tag| tag.to_string()).collect(),
        tier: v1::Tier::from(facts.tier).into(),
        state: v1::AlarmState::from(facts.state()).into(),
        transition: v1::TransitionKind::from(transition.kind).into(),
        limit: transition.limit.as_ref().map(v1::Limit::from),
        value: transition.value,
        unit: transition.unit.map(|unit| unit.to_string()).unwrap_or_default(),
        source_time: Some(time_to_wire(transition.source_time)),
        arrival_time: Some(time_to_wire(transition.arrival_time)),
        recorded_time: Some(time_to_wire(transition.recorded_time)),
        occurrence: transition.occurrence,
        late: transition.late,
        durable,
        message: Some((&transition.message).into()),
        step: transition.step,
        title: Some((&transition.title).into()),
        tier_highest: v1::Tier::from(facts.tier_highest).into(),
        sounds: transition.sounds,
        quality: Some(transition.quality.into()),
        actor: transition.actor.as_ref().map(v1::Actor::from),
        first_out_time: transition.first_out_time.map(time_to_wire),
        condition: v1::Condition::from(facts.condition).into(),
        acknowledged: facts.acknowledged,
        latched: facts.latched,
        shelved_until: facts.shelving.as_ref().map(|shelving| time_to_wire(shelving.until)),
        incident: transition.incident.as_deref().unwrap_or_default().to_owned(),
        desk: transition.desk.as_deref().unwrap_or_default().to_owned(),
        case: case_of(facts),
    }
}
