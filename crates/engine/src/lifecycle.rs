//! The life of an alarm under ISA-18.2 / IEC 62682: facts and an event give facts, or a reason why not.
//!
//! The whole table stands in [`step`]; `tests/lifecycle.rs` walks every state against every event.

use std::sync::Arc;

use davy_model::{AlarmFacts, Condition, Refusal, Shelving, Tier, TransitionKind, Verdict};

use crate::case;

/// What happens to an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The condition became active.
    Raise(Tier),
    /// Still active, graver or less grave than before.
    Retier(Tier),
    /// The condition returned to normal; held when `latch`.
    Clear {
        /// A level that latches was reached in this occurrence.
        latch: bool,
    },
    /// An operator has seen it.
    Acknowledge,
    /// Still active after its re-alarm time.
    ReAlarm,
    /// Raised or let out of quiet by a backlog, or raised in a flood, and active still now that it is through.
    Sound,
    /// Nobody acknowledged it in time.
    Escalate,
    /// What a duty asks for is late, and this desk hears of it.
    Overdue(Overdue, Option<Arc<str>>),
    /// Quieted by an operator.
    Shelve(Shelving),
    /// Quiet no longer, by an operator.
    Unshelve,
    /// Quiet no longer, its time is over.
    ExpireShelve,
    /// Quieted by plant logic.
    Suppress(Arc<str>),
    /// Plant logic no longer asks for quiet.
    Unsuppress,
    /// Taken out of service.
    SetOutOfService,
    /// Returned to service.
    ReturnToService,
    /// Lets go of a latch.
    Reset,
    /// The rule or the tag is gone from the active files.
    Withdraw,
    /// Found to be this; a case that begins with it begins with that occurrence.
    Verify(Verdict, u64),
    /// Something was done about it.
    Act,
    /// Somebody says how it went.
    GiveFeedback,
    /// The response is over.
    Close,
    /// A comment.
    Comment,
}

/// What is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overdue {
    /// An acknowledgement.
    Acknowledge,
    /// Feedback.
    Feedback,
}

/// A legal change: the facts after it, its name, and whether it asks for attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The facts after it.
    pub facts: AlarmFacts,
    /// Its name.
    pub kind: TransitionKind,
    /// Whether it asks for attention: something new to see, and nobody quieted it.
    pub sounds: bool,
}

/// What `event` makes of `facts`: a change, nothing at all, or a refusal of an operator's wish.
///
/// # Errors
/// The [`Refusal`] an operator gets; the process is never refused, what does not apply to it changes nothing.
pub fn step(facts: &AlarmFacts, event: Event) -> Result<Option<Change>, Refusal> {
    match event {
        Event::Raise(_)
        | Event::Retier(_)
        | Event::Clear { .. }
        | Event::ReAlarm
        | Event::Sound
        | Event::Escalate => Ok(by_process(facts, &event)),
        Event::Overdue(what, to) => Ok(case::overdue(facts, what, to)),
        Event::ExpireShelve => Ok(facts.shelving.is_some().then(|| {
            let facts = AlarmFacts { shelving: None, ..facts.clone() };
            out_of_quiet(facts, TransitionKind::ShelveExpired)
        })),
        Event::Withdraw => Ok(facts.stands().then(|| Change {
            facts: AlarmFacts::normal(facts.tier),
            kind: TransitionKind::Withdrawn,
            sounds: false,
        })),
        Event::Acknowledge => acknowledge(facts).map(Some),
        Event::Verify(verdict, occurrence) => case::verify(facts, verdict, occurrence).map(Some),
        Event::Act => case::act(facts).map(Some),
        Event::GiveFeedback => case::give_feedback(facts).map(Some),
        Event::Close => case::close(facts).map(Some),
        Event::Comment => Ok(Some(case::comment(facts))),
        Event::Reset => reset(facts).map(Some),
        Event::Shelve(shelving) => shelve(facts, shelving).map(Some),
        Event::Unshelve if facts.shelving.is_none() => Err(Refusal::NotShelved),
        Event::Unshelve => {
            Ok(Some(out_of_quiet(AlarmFacts { shelving: None, ..facts.clone() }, TransitionKind::Unshelved)))
        }
        Event::Suppress(_) if facts.suppressed_by.is_some() => Err(Refusal::AlreadySuppressed),
        Event::Suppress(by) => Ok(Some(quiet(
            AlarmFacts { suppressed_by: Some(by), ..facts.clone() },
            TransitionKind::Suppressed,
        ))),
        Event::Unsuppress if facts.suppressed_by.is_none() => Err(Refusal::NotSuppressed),
        Event::Unsuppress => Ok(Some(out_of_quiet(
            AlarmFacts { suppressed_by: None, ..facts.clone() },
            TransitionKind::Unsuppressed,
        ))),
        Event::SetOutOfService if !facts.in_service => Err(Refusal::AlreadyOutOfService),
        Event::SetOutOfService => {
            Ok(Some(quiet(AlarmFacts { in_service: false, ..facts.clone() }, TransitionKind::OutOfService)))
        }
        Event::ReturnToService if facts.in_service => Err(Refusal::NotOutOfService),
        Event::ReturnToService => Ok(Some(out_of_quiet(
            AlarmFacts { in_service: true, ..facts.clone() },
            TransitionKind::InService,
        ))),
    }
}

fn by_process(facts: &AlarmFacts, event: &Event) -> Option<Change> {
    let active = facts.condition == Condition::Active;
    let sounds = !facts.is_quieted();
    let mut next = facts.clone();
    let (kind, sounds) = match *event {
        Event::Raise(tier) if !active => {
            next.condition = Condition::Active;
            next.acknowledged = false;
            next.latched = false;
            next.tier = tier;
            next.tier_highest = tier;
            if let Some(case) = &mut next.case {
                case::called_again(case, tier, true, sounds);
            }
            (TransitionKind::Raised, sounds)
        }
        Event::Retier(tier) if active && tier > facts.tier => {
            next.acknowledged = false;
            next.tier = tier;
            next.tier_highest = tier.max(facts.tier_highest);
            if let Some(case) = &mut next.case {
                case::called_again(case, tier, false, sounds);
            }
            (TransitionKind::TierRaised, sounds)
        }
        Event::Retier(tier) if active && tier < facts.tier => {
            next.tier = tier;
            (TransitionKind::TierLowered, false)
        }
        Event::Clear { latch } if active => {
            next.condition = Condition::Normal;
            next.latched = latch;
            if facts.shelving.as_ref().is_some_and(|shelving| shelving.one_shot) {
                next.shelving = None;
            }
            (TransitionKind::Cleared, false)
        }
        Event::ReAlarm if active && sounds => {
            next.acknowledged = false;
            (TransitionKind::ReAlarmed, true)
        }
        Event::Sound if active && sounds && !facts.acknowledged => (TransitionKind::Sounded, true),
        Event::Escalate if active && sounds && !facts.acknowledged => (TransitionKind::Escalated, true),
        _ => return None,
    };
    Some(Change { facts: next, kind, sounds })
}

fn acknowledge(facts: &AlarmFacts) -> Result<Change, Refusal> {
    if facts.acknowledged {
        let standing = facts.condition == Condition::Active || facts.latched;
        return Err(if standing { Refusal::AlreadyAcknowledged } else { Refusal::NothingToAcknowledge });
    }
    let facts = AlarmFacts { acknowledged: true, ..facts.clone() };
    Ok(Change { facts, kind: TransitionKind::Acknowledged, sounds: false })
}

fn reset(facts: &AlarmFacts) -> Result<Change, Refusal> {
    if facts.condition == Condition::Active {
        return Err(Refusal::StillActive);
    }
    if !facts.latched {
        return Err(Refusal::NotLatched);
    }
    if !facts.acknowledged {
        return Err(Refusal::NotAcknowledged);
    }
    let facts = AlarmFacts { latched: false, ..facts.clone() };
    Ok(Change { facts, kind: TransitionKind::Reset, sounds: false })
}

fn shelve(facts: &AlarmFacts, shelving: Shelving) -> Result<Change, Refusal> {
    if let Some(now) = &facts.shelving {
        return Err(Refusal::AlreadyShelved { until: now.until });
    }
    Ok(quiet(AlarmFacts { shelving: Some(shelving), ..facts.clone() }, TransitionKind::Shelved))
}

fn quiet(facts: AlarmFacts, kind: TransitionKind) -> Change {
    Change { facts, kind, sounds: false }
}

/// Out of the last quiet an alarm is looked at anew: unacknowledged when active, held when latched, else normal.
fn out_of_quiet(mut facts: AlarmFacts, kind: TransitionKind) -> Change {
    if facts.is_quieted() {
        return Change { facts, kind, sounds: false };
    }
    let active = facts.condition == Condition::Active;
    if active {
        facts.acknowledged = false;
        if let Some(case) = &mut facts.case {
            case::heard(case);
        }
    } else if !facts.latched {
        facts.acknowledged = true;
    }
    Change { facts, kind, sounds: active }
}
