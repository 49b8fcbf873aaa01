//! An alarm as it stands.

use davy_model::{AlarmFacts, Transition, TransitionKind};

use super::{case::case_of, time::time_to_wire};
use crate::v1;

/// The alarm as its last transition left it.
///
/// A transition does not know what to do about the alarm (`response`), nor, unless it is the one that raised it, when
/// the occurrence was raised (`raised_time`): the caller fills those in.
pub fn alarm_of(last: &Transition) -> v1::Alarm {
    let raised = (last.kind == TransitionKind::Raised).then(|| time_to_wire(last.source_time));
    let alarm = v1::Alarm {
        id: last.alarm.to_string(),
        site: last.alarm.site.to_string(),
        rule: last.alarm.rule.to_string(),
        subject: last.alarm.subject.to_string(),
        title: Some((&last.title).into()),
        occurrence: last.occurrence,
        step: last.step,
        limit: last.limit.as_ref().map(v1::Limit::from),
        value: last.value,
        unit: last.unit.map(|unit| unit.to_string()).unwrap_or_default(),
        quality: Some(last.quality.into()),
        raised_time: raised,
        first_out_time: last.first_out_time.map(time_to_wire),
        last_transition_time: Some(time_to_wire(last.recorded_time)),
        last_sequence: last.sequence,
        message: Some((&last.message).into()),
        late: last.late,
        sounds: last.sounds,
        tags: last.tags.iter().map(|tag| tag.to_string()).collect(),
        rule_revision: last.rule_revision.to_string(),
        desk: last.desk.as_deref().unwrap_or_default().to_owned(),
        ..v1::Alarm::default()
    };
    with_facts(alarm, &last.facts)
}

fn with_facts(alarm: v1::Alarm, facts: &AlarmFacts) -> v1::Alarm {
    let shelving = facts.shelving.as_ref();
    v1::Alarm {
        tier: v1::Tier::from(facts.tier).into(),
        tier_highest: v1::Tier::from(facts.tier_highest).into(),
        state: v1::AlarmState::from(facts.state()).into(),
        condition: v1::Condition::from(facts.condition).into(),
        acknowledged: facts.acknowledged,
        latched: facts.latched,
        shelved_until: shelving.map(|shelving| time_to_wire(shelving.until)),
        shelved_by: shelving.map(|shelving| shelving.by.to_string()).unwrap_or_default(),
        shelved_one_shot: shelving.is_some_and(|shelving| shelving.one_shot),
        suppressed_by: facts.suppressed_by.as_deref().unwrap_or_default().to_owned(),
        in_service: facts.in_service,
        case: case_of(facts),
        ..alarm
    }
}
