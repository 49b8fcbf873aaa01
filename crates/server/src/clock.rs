//! The one clock. Every other room is told what time it is.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use davy_model::Timestamp;
use parking_lot::Mutex;
use tracing::warn;

/// How far the system's clock may differ before a step is worth a word.
const STEP: Duration = Duration::from_secs(1);

/// Wall-clock time that never goes back and never stands still.
///
/// It runs on the monotonic clock and follows the system's clock forward. When the system's clock is set back, it runs on
/// as it was until the process restarts: deadlines must neither repeat nor wait.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    hands: Arc<Mutex<Hands>>,
    since: Instant,
}

/// What a clock shows, told what the monotonic clock and the system's clock show.
#[derive(Debug)]
pub struct Hands {
    wall: Timestamp,
    /// On the monotonic clock, when `wall` was true.
    at: Duration,
    warned: bool,
    /// How far the system's clock was set since anybody asked.
    stepped: Option<Step>,
}

/// How far a clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Forward.
    Forward(Duration),
    /// Back.
    Back(Duration),
}

impl Clock {
    /// A clock that begins at the system's time, or at `not_before` if that is later.
    pub(crate) fn start(not_before: Timestamp) -> Clock {
        let hands = Hands::start(system_time().max(not_before), Duration::ZERO);
        Clock { hands: Arc::new(Mutex::new(hands)), since: Instant::now() }
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        // Both clocks are read under the lock, so that nobody sets the hands to an older look.
        let mut hands = self.hands.lock();
        hands.now(self.since.elapsed(), system_time())
    }

    /// How far the system's clock was set since this was asked last, if it was.
    pub(crate) fn take_step(&self) -> Option<Step> {
        self.hands.lock().stepped.take()
    }

    /// How long until `moment`; zero when it has passed.
    pub(crate) fn until(&self, moment: Timestamp) -> Duration {
        moment.since(self.now())
    }
}

impl Hands {
    /// Hands that show `wall` when the monotonic clock shows `at`.
    pub fn start(wall: Timestamp, at: Duration) -> Hands {
        Hands { wall, at, warned: false, stepped: None }
    }

    /// What time it is when the monotonic clock shows `at` and the system's clock `system`.
    pub fn now(&mut self, at: Duration, system: Timestamp) -> Timestamp {
        let ran = self.wall.plus(at.saturating_sub(self.at));
        if system > ran {
            if system.since(ran) > STEP {
                warn!(step_s = system.since(ran).as_secs_f64(), "the system clock was set forward");
                self.stepped = Some(Step::Forward(system.since(ran)));
            }
            (self.wall, self.at, self.warned) = (system, at, false);
            return system;
        }
        if ran.since(system) > STEP && !self.warned {
            self.warned = true;
            self.stepped = Some(Step::Back(ran.since(system)));
            warn!(
                step_s = ran.since(system).as_secs_f64(),
                "the system clock was set back: Davy's runs on until restarted"
            );
        }
        ran
    }
}

impl Step {
    /// Forward, seconds; less than 0 when it was set back.
    pub(crate) fn as_secs_f64(self) -> f64 {
        match self {
            Step::Forward(by) => by.as_secs_f64(),
            Step::Back(by) => -by.as_secs_f64(),
        }
    }
}

fn system_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::MIN.max(Timestamp::from_micros(0).plus(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_is_told_once() {
        let (start, second) = (Timestamp::from_micros(1 << 50), Duration::from_secs);
        let mut hands = Hands::start(start, Duration::ZERO);
        for (at, system, due) in [
            (1, 1, None),
            (2, 3602, Some(Step::Forward(second(3600)))),
            (3, 3603, None),
            (4, 2604, Some(Step::Back(second(1000)))),
            (5, 2605, None),
        ] {
            hands.now(second(at), start.plus(second(system)));
            assert_eq!(hands.stepped.take(), due, "{at}");
        }
    }

    #[test]
    fn it_never_goes_back_and_starts_no_earlier_than_the_journal() {
        let ahead = system_time().plus(Duration::from_secs(3600));
        let clock = Clock::start(ahead);
        let first = clock.now();
        assert!(first >= ahead);
        assert!(clock.now() >= first);
    }
}
