//! What systemd is told, where it is there to be told: that Davy is ready, and that it still lives.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::error;

/// Tells systemd. Without systemd there is nobody to tell, and that is no error.
pub(crate) fn notify(state: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(state);
}

/// Feeds the watchdog that `WatchdogSec` of the unit asks for, by proof of life and not by the clock alone.
pub(crate) struct Feeding {
    ticks: Option<Interval>,
    fed: bool,
}

impl Feeding {
    /// Feeds as often as the unit asks for; never, without one.
    pub(crate) fn start() -> Feeding {
        let ticks = sd_notify::watchdog_enabled().map(|within| {
            // Thrice in the time given, so that one late turn kills nobody.
            let mut ticks = interval((within / 3).max(Duration::from_millis(10)));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        Feeding { ticks, fed: true }
    }

    /// Waits until it is time.
    pub(crate) async fn due(&mut self) {
        match &mut self.ticks {
            Some(ticks) => {
                ticks.tick().await;
            }
            None => std::future::pending().await,
        }
    }

    /// Tells systemd that Davy lives, if it does.
    pub(crate) fn feed(&mut self, alive: bool) {
        if alive {
            notify(&[NotifyState::Watchdog]);
        } else if self.fed {
            error!("heartbeats have stopped: systemd's watchdog is fed no more");
        }
        self.fed = alive;
    }
}
