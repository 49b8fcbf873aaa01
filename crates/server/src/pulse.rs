//! The heartbeats of all sites as a consumer hears them, and for how long none was heard.
//!
//! A heartbeat counts from when it set out: one that took long shows how long alarms take.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use davy_delivery::{Event, Feed, Start, Subscription};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// Heartbeats missed before the alarm path counts as stalled.
const MISSED_MAX: u32 = 3;

/// The pause before listening anew.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// When each site's last heartbeat set out, on the monotonic clock.
#[derive(Debug)]
pub(crate) struct Pulse {
    set_out: Mutex<BTreeMap<Arc<str>, Instant>>,
    silence_max: Duration,
}

impl Pulse {
    /// Of these sites, whose heartbeats come every `every`; all count as heard now.
    pub(crate) fn of(sites: impl IntoIterator<Item = Arc<str>>, every: Duration) -> Pulse {
        let now = Instant::now();
        let set_out = sites.into_iter().map(|site| (site, now)).collect();
        Pulse { set_out: Mutex::new(set_out), silence_max: every * MISSED_MAX }
    }

    /// Listens as a consumer does, until `stop` is cancelled.
    pub(crate) async fn listen(self: Arc<Self>, feed: Feed, clock: Clock, stop: CancellationToken) {
        let sites: Vec<Arc<str>> = self.set_out.lock().keys().map(Arc::clone).collect();
        while !stop.is_cancelled() {
            let mut subscription = Subscription::start(&feed, &sites, &Start::Now, &stop);
            while let Some(event) = subscription.next().await {
                match event {
                    Event::Heartbeat(beat) => {
                        let took = clock.now().since(beat.recorded_time) + beat.input_lag;
                        self.heard(&beat.site, Instant::now(), took);
                    }
                    // One site's journal cannot be read: after a while, listen anew to all of them.
                    Event::Broken { .. } => {
                        tokio::time::sleep(LISTEN_AGAIN).await;
                        break;
                    }
                    Event::Alert(_) | Event::Gap { .. } => {}
                }
            }
        }
    }

    fn heard(&self, site: &Arc<str>, now: Instant, took: Duration) {
        let mut set_out = self.set_out.lock();
        let when = now.checked_sub(took).unwrap_or(now);
        set_out.entry(Arc::clone(site)).and_modify(|last| *last = when.max(*last)).or_insert(when);
    }

    /// How long ago the site's last heartbeat set out.
    pub(crate) fn age(&self, site: &str) -> Option<Duration> {
        self.set_out.lock().get(site).map(Instant::elapsed)
    }

    /// The sites whose alarm path is stalled, and for how long none of their heartbeats was heard.
    pub(crate) fn stalled(&self) -> Vec<(Arc<str>, Duration)> {
        let set_out = self.set_out.lock();
        let ages = set_out.iter().map(|(site, last)| (Arc::clone(site), last.elapsed()));
        ages.filter(|(_, age)| *age > self.silence_max).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(5);

    #[test]
    fn a_site_that_was_just_heard_is_not_stalled_and_one_that_beats_late_is() {
        let (park, mine): (Arc<str>, Arc<str>) = ("park".into(), "mine".into());
        let pulse = Pulse::of([Arc::clone(&park), Arc::clone(&mine)], EVERY);
        assert_eq!(pulse.stalled(), []);
        let long_ago =
            Instant::now().checked_sub(Duration::from_secs(60)).expect("the machine is up so long");
        pulse.set_out.lock().insert(Arc::clone(&park), long_ago);
        pulse.set_out.lock().insert(Arc::clone(&mine), long_ago);
        // One that waited 40 s in a full inbox is no proof that an alarm would come in time.
        pulse.heard(&park, Instant::now(), Duration::from_secs(40));
        pulse.heard(&mine, Instant::now(), Duration::from_millis(3));
        let stalled = pulse.stalled();
        assert_eq!(stalled.len(), 1, "{stalled:?}");
        assert!(stalled[0].0 == park && stalled[0].1 >= Duration::from_secs(40), "{stalled:?}");
        assert!(pulse.age("mine").expect("known") < EVERY);
    }
}
