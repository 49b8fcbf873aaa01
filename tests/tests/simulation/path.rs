//! P4: the transitions of each alarm are a legal path under ISA-18.2, numbered without a hole, each under an id of its own.

use std::collections::{BTreeMap, BTreeSet};

use davy_journal::Commit;
use davy_model::{AlarmFacts, Condition, Transition, TransitionKind};

/// How an alarm stands, as far as the automaton cares.
#[derive(Clone, Debug)]
struct Stands {
    facts: AlarmFacts,
    occurrence: u64,
    step: u32,
}

pub(crate) fn is_legal(commits: &[Commit]) -> Result<(), String> {
    let mut stand: BTreeMap<String, Stands> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    let mut sequence = 0;
    for transition in commits.iter().flat_map(|commit| &commit.transitions) {
        sequence += 1;
        if transition.sequence != sequence {
            return Err(format!("P2: transition {} stands where {sequence} is due", transition.sequence));
        }
        let key = transition.alarm.to_string();
        let tier = transition.facts.tier;
        let before =
            stand.remove(&key).unwrap_or(Stands { facts: AlarmFacts::normal(tier), occurrence: 0, step: 0 });
        if let Some(why) = illegal(&before, transition) {
            let (from, to) = (before.facts.state(), transition.facts.state());
            return Err(format!("P4: {} {} from {from} to {to}: {why}", transition.id(), transition.kind));
        }
        if !ids.insert(transition.id().to_string()) {
            return Err(format!("P2: two transitions are called {}", transition.id()));
        }
        let Transition { facts, occurrence, step, .. } = transition;
        stand.insert(key, Stands { facts: facts.clone(), occurrence: *occurrence, step: *step });
    }
    Ok(())
}

fn illegal(before: &Stands, now: &Transition) -> Option<&'static str> {
    let (was, is) = (&before.facts, &now.facts);
    let active = |facts: &AlarmFacts| facts.condition == Condition::Active;
    let same_condition = active(was) == active(is);
    let legal = match now.kind {
        TransitionKind::Raised => !active(was) && active(is) && !is.acknowledged && !is.latched,
        TransitionKind::TierRaised => active(was) && active(is) && is.tier > was.tier && !is.acknowledged,
        TransitionKind::TierLowered => active(was) && active(is) && is.tier < was.tier,
        TransitionKind::Cleared => active(was) && !active(is) && is.acknowledged == was.acknowledged,
        TransitionKind::Acknowledged => same_condition && !was.acknowledged && is.acknowledged,
        TransitionKind::Sounded => active(was) && was == is && !was.acknowledged && !was.is_quieted(),
        TransitionKind::Shelved => same_condition && was.shelving.is_none() && is.shelving.is_some(),
        TransitionKind::Unshelved | TransitionKind::ShelveExpired => {
            same_condition && was.shelving.is_some() && is.shelving.is_none()
        }
        TransitionKind::Reset => !active(was) && was.latched && was.acknowledged && !is.latched,
        // Nothing in a simulated site asks for these.
        TransitionKind::ReAlarmed
        | TransitionKind::Suppressed
        | TransitionKind::Unsuppressed
        | TransitionKind::OutOfService
        | TransitionKind::InService
        | TransitionKind::Withdrawn
        | TransitionKind::Escalated
        | TransitionKind::Verified
        | TransitionKind::Acted
        | TransitionKind::FeedbackGiven
        | TransitionKind::Closed
        | TransitionKind::Commented => false,
    };
    let raised = now.kind == TransitionKind::Raised;
    let numbers = if raised { (before.occurrence + 1, 1) } else { (before.occurrence, before.step + 1) };
    if !legal {
        Some("no such path")
    } else if (now.occurrence, now.step) != numbers {
        Some("its occurrence or step does not follow")
    } else if now.sounds && is.is_quieted() {
        Some("it is quieted, and sounds")
    } else {
        None
    }
}
