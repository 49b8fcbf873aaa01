//! How the canary stands: when it came back last, and why it did not.

use std::time::Duration;

use davy_model::Timestamp;
use parking_lot::Mutex;

use crate::config::CanaryConfig;

/// What is known of the canary; shared between who sends it and who is asked about it.
#[derive(Debug)]
pub(crate) struct Canary {
    config: Option<CanaryConfig>,
    started: Timestamp,
    rounds: Mutex<Rounds>,
}

#[derive(Clone, Debug, Default)]
struct Rounds {
    last: Option<Back>,
    missing: Option<(Timestamp, String)>,
    back: u64,
    missed: u64,
}

/// A canary that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Back {
    /// When its alarm was heard cleared.
    pub(crate) at: Timestamp,
    /// From the first byte sent until its alarm was heard raised.
    pub(crate) raised_in: Duration,
    /// From the first byte sent until its alarm was heard cleared.
    pub(crate) cleared_in: Duration,
}

/// Whether it comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is switched off.
    Off,
    /// It was not back yet, and may still be.
    Waiting,
    /// It came back in time.
    Ok,
    /// It did not.
    Overdue {
        /// Since when.
        since: Timestamp,
        /// Why.
        why: String,
    },
}

impl Canary {
    /// A canary that was not sent yet.
    pub(crate) fn new(config: Option<CanaryConfig>, started: Timestamp) -> Canary {
        Canary { config, started, rounds: Mutex::default() }
    }

    /// How it is sent; `None` when it is off.
    pub(crate) fn config(&self) -> Option<CanaryConfig> {
        self.config
    }

    /// It came back.
    pub(crate) fn back(&self, back: Back) {
        let mut rounds = self.rounds.lock();
        rounds.last = Some(back);
        rounds.missing = None;
        rounds.back += 1;
    }

    /// It did not come back. True when it did the time before.
    pub(crate) fn missed(&self, at: Timestamp, why: String) -> bool {
        let mut rounds = self.rounds.lock();
        rounds.missed += 1;
        let since = rounds.missing.as_ref().map(|(since, _)| *since);
        rounds.missing = Some((since.unwrap_or(at), why));
        since.is_none()
    }

    /// The last time it came back.
    pub(crate) fn last(&self) -> Option<Back> {
        self.rounds.lock().last
    }

    /// How often it came back, and how often it did not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let rounds = self.rounds.lock();
        (rounds.back, rounds.missed)
    }

    /// How it stands. Whoever sends it may be stuck as well: then it is overdue by the clock.
    pub(crate) fn standing(&self, now: Timestamp) -> Standing {
        let Some(config) = self.config else { return Standing::Off };
        let rounds = self.rounds.lock();
        if let Some((since, why)) = &rounds.missing {
            return Standing::Overdue { since: *since, why: why.clone() };
        }
        let seen = rounds.last.map_or(self.started, |last| last.at);
        let due = seen.plus(config.every + 2 * config.deadline);
        if now > due {
            let why = format!("it was not sent for {} s", now.since(seen).as_secs());
            return Standing::Overdue { since: due, why };
        }
        if rounds.last.is_some() { Standing::Ok } else { Standing::Waiting }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn back(second: i64) -> Back {
        Back { at: at(second), raised_in: Duration::from_millis(9), cleared_in: Duration::from_millis(20) }
    }

    #[test]
    fn one_that_is_off_is_never_overdue() {
        assert_eq!(Canary::new(None, at(0)).standing(at(1_000_000)), Standing::Off);
    }

    #[test]
    fn one_that_does_not_come_back_is_overdue_since_the_first_miss_until_it_does() {
        let canary = Canary::new(Some(CanaryConfig::default()), at(0));
        assert_eq!(canary.standing(at(5)), Standing::Waiting);
        canary.back(back(6));
        assert_eq!(canary.standing(at(7)), Standing::Ok);
        assert!(canary.missed(at(70), "no PUBACK".to_owned()));
        assert!(!canary.missed(at(80), "no connection".to_owned()), "it was missing already");
        let Standing::Overdue { since, why } = canary.standing(at(81)) else { panic!("overdue") };
        assert_eq!((since, why.as_str()), (at(70), "no connection"));
        canary.back(back(90));
        assert_eq!(canary.standing(at(91)), Standing::Ok);
        assert_eq!(canary.counts(), (2, 2));
    }

    #[test]
    fn whoever_sends_it_cannot_get_stuck_unnoticed() {
        let canary = Canary::new(Some(CanaryConfig::default()), at(0));
        assert_eq!(canary.standing(at(80)), Standing::Waiting);
        assert!(matches!(canary.standing(at(81)), Standing::Overdue { .. }), "it was never sent");
        canary.back(back(82));
        assert_eq!(canary.standing(at(162)), Standing::Ok);
        assert!(matches!(canary.standing(at(163)), Standing::Overdue { .. }));
    }
}
