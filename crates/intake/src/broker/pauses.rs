//! How long a broker is left alone before it is tried again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// Pauses that grow, with jitter, for as long as no connection is worth having.
pub(super) struct Pauses {
    min: Duration,
    max: Duration,
    next: ExponentialBackoff,
    last: Duration,
}

impl Pauses {
    pub(super) fn new(min: Duration, max: Duration) -> Pauses {
        Pauses { min, max, next: growing(min, max), last: min }
    }

    /// The pause after a connection that stood so long; zero, where none did. One that brought nothing and stood for less than the
    /// pause before it was none: else a broker that lets Davy in and closes at once would be asked for ever at the shortest pause.
    pub(super) fn after(&mut self, stood: Duration, brought: bool) -> Duration {
        if brought || stood > self.last {
            self.next = growing(self.min, self.max);
        }
        self.last = self.next.next().unwrap_or(self.max);
        self.last
    }
}

/// From `min` to `max`: the jitter makes a delay up to twice as long.
fn growing(min: Duration, max: Duration) -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(min)
        .with_max_delay(max / 2)
        .without_max_times()
        .with_jitter()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: Duration = Duration::from_millis(250);
    const MAX: Duration = Duration::from_secs(30);

    #[test]
    fn pauses_grow_until_a_connection_brought_something_or_stood_for_longer_than_the_last_of_them() {
        let mut pauses = Pauses::new(MIN, MAX);
        // It never lets Davy in, or lets it in and closes at once.
        for stood in [Duration::ZERO, Duration::from_millis(20)] {
            for _ in 0..12 {
                pauses.after(stood, false);
            }
            assert!(pauses.last >= MAX / 2 && pauses.last <= MAX, "{:?}", pauses.last);
        }
        for (stood, brought) in [(Duration::from_secs(120), false), (Duration::from_millis(20), true)] {
            let pause = pauses.after(stood, brought);
            assert!(pause >= MIN && pause <= 2 * MIN, "{pause:?}");
            for _ in 0..12 {
                pauses.after(Duration::ZERO, false);
            }
        }
    }
}
