//! Says aloud that monitoring is lost, in a thread of its own: whatever the rest waits for.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use prost_types::Timestamp;

use crate::{
    proto::{CanaryState, Heartbeat},
    sound,
};

/// Three heartbeats.
pub(crate) const LOST_AFTER: Duration = Duration::from_secs(15);

/// Each site's last good heartbeat; "any site" until the first.
type Good = BTreeMap<String, Instant>;

pub(crate) struct Watch(Arc<Mutex<Good>>);

const ANY: &str = "any site";

fn seconds(time: Option<Timestamp>) -> f64 {
    time.map_or(0.0, |time| time.seconds as f64 + f64::from(time.nanos) / 1e9)
}

impl Watch {
    pub(crate) fn start() -> Watch {
        let good = Arc::new(Mutex::new(Good::from([(ANY.to_owned(), Instant::now())])));
        let seen = Arc::clone(&good);
        thread::spawn(move || run(&seen));
        Watch(good)
    }

    /// One that came late is none, nor is one of a Davy whose canary is overdue.
    pub(crate) fn heartbeat(&self, beat: &Heartbeat) {
        let lag = beat.input_lag.map_or(0.0, |lag| lag.seconds as f64 + f64::from(lag.nanos) / 1e9);
        let took = lag + seconds(beat.sent_time) - seconds(beat.recorded_time);
        let is_overdue = beat.canary.as_ref().is_some_and(|canary| canary.state() == CanaryState::Overdue);
        if took <= LOST_AFTER.as_secs_f64() && !is_overdue {
            let mut good = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            good.remove(ANY);
            good.insert(beat.site.clone(), Instant::now());
        }
    }
}

fn run(good: &Mutex<Good>) {
    let mut before = BTreeSet::new();
    let mut horns = Vec::new();
    loop {
        thread::sleep(Duration::from_secs(1));
        let good = good.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let late = good.iter().filter(|(_, at)| at.elapsed() > LOST_AFTER);
        let lost: BTreeSet<String> = late.map(|(site, _)| site.clone()).collect();
        for site in lost.difference(&before) {
            horns.extend(sound(&format!("MONITORING LOST: no good heartbeat of {site} for {LOST_AFTER:?}")));
        }
        for site in before.difference(&lost) {
            eprintln!("monitoring is back: {site}");
        }
        horns.retain_mut(|horn| matches!(horn.try_wait(), Ok(None)));
        before = lost;
    }
}
