//! The open response to an alarm.

use davy_model::{AlarmFacts, Deadline};

use super::time::time_to_wire;
use crate::v1;

/// The case of an alarm that stands so; none, where none is open.
pub(super) fn case_of(facts: &AlarmFacts) -> Option<v1::Case> {
    let case = facts.case.as_deref()?;
    let by = |deadline: Option<Deadline>| deadline.map(|deadline| time_to_wire(deadline.by));
    Some(v1::Case {
        began_occurrence: case.began,
        stage: facts.stage().map_or(v1::CaseStage::Unspecified, v1::CaseStage::from).into(),
        tier: v1::Tier::from(case.tier).into(),
        verdict: case.verdict.map_or(v1::Verdict::Unspecified, v1::Verdict::from).into(),
        acted: case.acted,
        feedback_given: case.feedback,
        told_desks: case.told.iter().map(|desk| desk.to_string()).collect(),
        acknowledge_by: by(case.acknowledge),
        feedback_by: by(case.give_feedback),
    })
}
