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
    anchor: Arc<Mutex<Anchor>>,
}

#[derive(Debug)]
struct Anchor {
    wall: Timestamp,
    at: Instant,
    warned: bool,
}

impl Clock {
    /// A clock that begins at the system's time, or at `not_before` if that is later.
    pub(crate) fn start(not_before: Timestamp) -> Clock {
        let wall = system_time().max(not_before);
        Clock { anchor: Arc::new(Mutex::new(Anchor { wall, at: Instant::now(), warned: false })) }
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        let mut anchor = self.anchor.lock();
        let ran = anchor.wall.plus(anchor.at.elapsed());
        let system = system_time();
        if system > ran {
            if system.since(ran) > STEP {
                warn!(step_s = system.since(ran).as_secs_f64(), "the system clock was set forward");
            }
            *anchor = Anchor { wall: system, at: Instant::now(), warned: false };
            return system;
        }
        if ran.since(system) > STEP && !anchor.warned {
            anchor.warned = true;
            warn!(
                step_s = ran.since(system).as_secs_f64(),
                "the system clock was set back: Davy's runs on until restarted"
            );
        }
        ran
    }

    /// How long until `moment`; zero when it has passed.
    pub(crate) fn until(&self, moment: Timestamp) -> Duration {
        moment.since(self.now())
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
    fn it_never_goes_back_and_starts_no_earlier_than_the_journal() {
        let ahead = system_time().plus(Duration::from_secs(3600));
        let clock = Clock::start(ahead);
        let first = clock.now();
        assert!(first >= ahead);
        assert!(clock.now() >= first);
    }
}
