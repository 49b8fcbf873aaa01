//! Sends the canary again and again, and notes whether it came back in time.

use std::{sync::Arc, time::Duration};

use metrics::histogram;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Canary, Ends, round::Took, state::Back};
use crate::{clock::Clock, config::CanaryConfig};

/// The pause before a round that broke off is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(250);
/// The longest pause after a canary that did not come back: that it does again should be seen soon.
const AFTER_A_MISS: Duration = Duration::from_secs(10);

/// Sends the canary until `stop` is cancelled.
pub(crate) async fn run(canary: Arc<Canary>, ends: Ends, clock: Clock, stop: CancellationToken) {
    let Some(config) = canary.config() else { return };
    tokio::select! {
        () = stop.cancelled() => {}
        () = send(&canary, config, ends, &clock) => {}
    }
}

async fn send(canary: &Canary, config: CanaryConfig, mut ends: Ends, clock: &Clock) {
    loop {
        let started = Instant::now();
        let pause = match out_and_back(&mut ends, started + config.deadline).await {
            Ok(took) => {
                note(canary, &took, clock);
                config.every
            }
            Err(why) => {
                let why = format!("not back within {:?}: {why}", config.deadline);
                if canary.missed(clock.now(), why.clone()) {
                    warn!(%why, "the canary is overdue: readings may not become alarms");
                }
                config.every.min(AFTER_A_MISS)
            }
        };
        // From start to start, so that it is sent as often as it says.
        sleep(pause.saturating_sub(started.elapsed())).await;
    }
}

/// Tries until the deadline. What kept the last try from coming back is told.
async fn out_and_back(ends: &mut Ends, deadline: Instant) -> Result<Took, String> {
    let mut why = "its alarm was not heard".to_owned();
    loop {
        match timeout_at(deadline, ends.round()).await {
            Ok(Ok(took)) => return Ok(took),
            Ok(Err(broken)) => why = broken.to_string(),
            Err(_) => return Err(why),
        }
        if timeout_at(deadline, sleep(TRY_AGAIN)).await.is_err() {
            return Err(why);
        }
    }
}

fn note(canary: &Canary, took: &Took, clock: &Clock) {
    let now = clock.now();
    if matches!(canary.standing(now), super::Standing::Overdue { .. }) {
        info!("the canary is back");
    }
    histogram!("davy_canary_seconds", "until" => "raised").record(took.raised_in.as_secs_f64());
    histogram!("davy_canary_seconds", "until" => "cleared").record(took.cleared_in.as_secs_f64());
    canary.back(Back { at: now, raised_in: took.raised_in, cleared_in: took.cleared_in });
}
