//! Between cases, and how late people are with them, and a snapshot's layout.

use davy_model::{Case, Deadline, Timestamp, Verdict};

use super::{
    SnapshotError,
    convert::{tier, unless_never},
    layout::{CaseState, DeadlineState, LateState},
};
use crate::{alarm::NEVER, duty::Lateness};

impl CaseState {
    pub(super) fn of(case: &Case) -> CaseState {
        CaseState {
            began: case.began,
            tier: u32::from(case.tier.code()),
            verdict: case.verdict.map_or(0, |verdict| u32::from(verdict.code())),
            acted: case.acted,
            feedback: case.feedback,
            told: case.told.iter().map(|desk| desk.to_string()).collect(),
            acknowledge: case.acknowledge.map(DeadlineState::of),
            give_feedback: case.give_feedback.map(DeadlineState::of),
            unheard: case.unheard,
        }
    }

    pub(super) fn to_case(&self) -> Result<Case, SnapshotError> {
        Ok(Case {
            began: self.began,
            tier: tier(self.tier)?,
            verdict: verdict(self.verdict)?,
            acted: self.acted,
            feedback: self.feedback,
            told: self.told.iter().map(|desk| desk.as_str().into()).collect(),
            acknowledge: self.acknowledge.map(DeadlineState::to_deadline),
            give_feedback: self.give_feedback.map(DeadlineState::to_deadline),
            unheard: self.unheard,
        })
    }
}

impl DeadlineState {
    fn of(deadline: Deadline) -> DeadlineState {
        DeadlineState { since_us: deadline.since.as_micros(), by_us: deadline.by.as_micros() }
    }

    fn to_deadline(self) -> Deadline {
        Deadline { since: Timestamp::from_micros(self.since_us), by: Timestamp::from_micros(self.by_us) }
    }
}

impl LateState {
    /// Nothing, where nobody is late or will be.
    pub(super) fn of(late: &Lateness) -> Option<LateState> {
        (*late != Lateness::none()).then(|| LateState {
            acknowledge: late.acknowledge,
            feedback: late.feedback,
            is_graver: late.is_graver,
            climbed: late.climbed.as_deref().map(str::to_owned),
            climbed_us: late.climbed_us,
            due_us: unless_never(late.due_us),
        })
    }

    pub(super) fn to_lateness(&self) -> Lateness {
        Lateness {
            acknowledge: self.acknowledge,
            feedback: self.feedback,
            is_graver: self.is_graver,
            climbed: self.climbed.as_deref().map(Into::into),
            climbed_us: self.climbed_us,
            due_us: self.due_us.unwrap_or(NEVER),
        }
    }
}

fn verdict(code: u32) -> Result<Option<Verdict>, SnapshotError> {
    if code == 0 {
        return Ok(None);
    }
    let verdict = u8::try_from(code).ok().and_then(Verdict::from_code);
    verdict.map(Some).ok_or(SnapshotError::Unfit("a verdict nobody knows"))
}
