//! When a stored reading arrived.

use std::time::Duration;

use davy_history::Sample;
use davy_model::Timestamp;

/// Later than this nobody waited for it: it was brought otherwise, or a clock was wrong.
const LATE_MAX: Duration = Duration::from_secs(86_400);
/// Each moment arrives a microsecond sooner than the one before it, against its own time, and after so many it begins anew: as
/// where a recording is judged, a delay that is over at the very moment of the next reading is decided by that reading.
const SOONER_MAX: u64 = 500_000;

/// Says when readings arrived. They are asked for in the order in which they were measured.
#[derive(Debug)]
pub(super) struct Arrivals {
    latency: Duration,
    moments: u64,
    last: Option<Timestamp>,
}

impl Arrivals {
    pub(super) fn new(latency: Duration) -> Arrivals {
        Arrivals { latency, moments: 0, last: None }
    }

    /// As it is stored, where that may be true. A reading that arrived in the very moment of its own time came from a file
    /// that knew no other, or from a gateway without a clock: it takes the usual latency, and so do those that cannot be true.
    pub(super) fn of(&mut self, sample: &Sample) -> Timestamp {
        let Sample { time, arrival, .. } = *sample;
        if arrival > time && arrival.since(time) <= LATE_MAX {
            return arrival;
        }
        if self.last.replace(time) != Some(time) {
            self.moments += 1;
        }
        time.plus(self.latency.saturating_sub(Duration::from_micros(self.moments % SOONER_MAX)))
    }
}
