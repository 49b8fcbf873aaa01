//! The response to an alarm, step by step: acknowledged, verified, acted on, told of, closed. Like [`crate::lifecycle::step`],
//! whose part it is, it knows facts and nothing else.

use std::{mem, sync::Arc};

use davy_model::{AlarmFacts, Case, Condition, Refusal, Tier, TransitionKind, Verdict};

use crate::lifecycle::{Change, Overdue};

/// A verdict. Where no case is open, one begins with it. It is of what is now, also where that did not sound: what was said of
/// what was before ends with it.
pub(crate) fn verify(facts: &AlarmFacts, verdict: Verdict, occurrence: u64) -> Result<Change, Refusal> {
    if facts.case.is_none() && !facts.calls_for_care() {
        return Err(Refusal::NoOpenCase);
    }
    if !facts.acknowledged {
        return Err(Refusal::NotAcknowledged);
    }
    let mut case = facts.case.clone().unwrap_or_else(|| Box::new(Case::new(occurrence, facts.tier_highest)));
    heard(&mut case);
    if case.verdict == Some(verdict) {
        return Err(Refusal::AlreadyVerified { verdict });
    }
    case.verdict = Some(verdict);
    Ok(quietly(AlarmFacts { case: Some(case), ..facts.clone() }, TransitionKind::Verified))
}

/// Something was done.
pub(crate) fn act(facts: &AlarmFacts) -> Result<Change, Refusal> {
    let mut case = verified(facts)?;
    case.acted = true;
    Ok(quietly(AlarmFacts { case: Some(case), ..facts.clone() }, TransitionKind::Acted))
}

/// How it went.
pub(crate) fn give_feedback(facts: &AlarmFacts) -> Result<Change, Refusal> {
    let mut case = verified(facts)?;
    case.feedback = true;
    Ok(quietly(AlarmFacts { case: Some(case), ..facts.clone() }, TransitionKind::FeedbackGiven))
}

/// The end.
pub(crate) fn close(facts: &AlarmFacts) -> Result<Change, Refusal> {
    if facts.condition == Condition::Active {
        return Err(Refusal::StillActive);
    }
    if !verified(facts)?.feedback {
        return Err(Refusal::FeedbackMissing);
    }
    Ok(quietly(AlarmFacts { case: None, ..facts.clone() }, TransitionKind::Closed))
}

/// A comment changes nothing.
pub(crate) fn comment(facts: &AlarmFacts) -> Change {
    quietly(facts.clone(), TransitionKind::Commented)
}

/// Somebody is late, and `to` hears of it. Whoever quieted an alarm answered its call, and owes the feedback all the same.
pub(crate) fn overdue(facts: &AlarmFacts, what: Overdue, to: Option<Arc<str>>) -> Option<Change> {
    let mut case = facts.case.clone()?;
    let is_late = match what {
        Overdue::Acknowledge => !facts.acknowledged && !facts.is_quieted(),
        Overdue::Feedback => !case.feedback,
    };
    case.told.extend(to.filter(|desk| !case.told.contains(desk)));
    let sounds = !facts.is_quieted();
    let facts = AlarmFacts { case: Some(case), ..facts.clone() };
    is_late.then_some(Change { facts, kind: TransitionKind::Escalated, sounds })
}

/// The alarm is raised anew, or graver than before. A case in which people are at work on what is real goes on; what was told
/// of it before, or found to be nothing, is asked anew; where nobody hears it, not before it sounds.
pub(crate) fn called_again(case: &mut Case, tier: Tier, is_new: bool, sounds: bool) {
    let graver = tier > case.tier;
    case.tier = case.tier.max(tier);
    if is_new || graver {
        let is_answered = case.feedback || case.verdict.is_some_and(|verdict| verdict != Verdict::Real);
        case.unheard = is_answered;
        if sounds {
            heard(case);
        }
    }
}

/// It sounds, or somebody looked at it before it did: what was said of what was before is asked anew.
pub(crate) fn heard(case: &mut Case) {
    if mem::take(&mut case.unheard) {
        (case.verdict, case.acted, case.feedback) = (None, false, false);
    }
}

fn verified(facts: &AlarmFacts) -> Result<Box<Case>, Refusal> {
    if facts.case.is_none() && !facts.calls_for_care() {
        return Err(Refusal::NoOpenCase);
    }
    if !facts.acknowledged {
        return Err(Refusal::NotAcknowledged);
    }
    facts.case.clone().filter(|case| case.verdict.is_some()).ok_or(Refusal::NotVerified)
}

fn quietly(facts: AlarmFacts, kind: TransitionKind) -> Change {
    Change { facts, kind, sounds: false }
}
