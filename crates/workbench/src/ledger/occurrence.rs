//! One time that an alarm stood.

use std::time::Duration;

use davy_model::{Tier, Timestamp, Transition, TransitionKind, Verdict};

/// One time that an alarm stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Which alarm, a place among the ledger's.
    pub alarm: u32,
    /// Its number.
    pub number: u64,
    /// When it became true, on the tag's clock.
    pub raised: Timestamp,
    /// When it first called for attention, arrival time; never, while it was quieted or only found in a backlog.
    pub called: Option<Timestamp>,
    /// How grave it became.
    pub tier: Tier,
    /// When it was over, on the tag's clock.
    pub cleared: Option<Timestamp>,
    /// When somebody acknowledged it first, arrival time.
    pub acknowledged: Option<Timestamp>,
    /// What it was found to be last, and when, arrival time.
    pub verified: Option<(Timestamp, Verdict)>,
    /// How often it was told again because it still stood.
    pub re_alarms: u32,
}

impl Occurrence {
    pub(super) fn raised(alarm: u32, transition: &Transition) -> Occurrence {
        Occurrence {
            alarm,
            number: transition.occurrence,
            raised: transition.source_time,
            called: None,
            tier: transition.facts.tier,
            cleared: None,
            acknowledged: None,
            verified: None,
            re_alarms: 0,
        }
    }

    pub(super) fn take(&mut self, transition: &Transition, calls: bool) {
        if calls {
            self.called = self.called.or(Some(transition.arrival_time));
        }
        match transition.kind {
            TransitionKind::TierRaised => self.tier = self.tier.max(transition.facts.tier),
            TransitionKind::Cleared | TransitionKind::Withdrawn => {
                self.cleared = self.cleared.or(Some(transition.source_time));
            }
            TransitionKind::Acknowledged => {
                self.acknowledged = self.acknowledged.or(Some(transition.arrival_time));
            }
            TransitionKind::Verified => {
                let verdict = transition.facts.case.as_ref().and_then(|case| case.verdict);
                self.verified = verdict.map(|verdict| (transition.arrival_time, verdict));
            }
            TransitionKind::ReAlarmed => self.re_alarms += 1,
            _ => {}
        }
    }

    /// It as it was known at a moment; `None` when it was not raised before.
    pub fn until(&self, moment: Timestamp) -> Option<Occurrence> {
        let known = |at: Option<Timestamp>| at.filter(|at| *at < moment);
        (self.raised < moment).then(|| Occurrence {
            cleared: known(self.cleared),
            called: known(self.called),
            acknowledged: known(self.acknowledged),
            verified: self.verified.filter(|(at, _)| *at < moment),
            ..*self
        })
    }

    /// How long it stood, up to `until` if it stands.
    pub fn stood(&self, until: Timestamp) -> Duration {
        self.cleared.unwrap_or(until).since(self.raised)
    }

    /// Whether it stood at any moment from `from` to `until`.
    pub fn overlaps(&self, from: Timestamp, until: Timestamp) -> bool {
        self.raised <= until && self.cleared.is_none_or(|cleared| cleared >= from)
    }
}
