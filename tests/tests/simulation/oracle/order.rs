//! Which readings of a tag count, and on whose clock: the promises of `docs/architecture.md` on time, for one tag.

use davy_model::Reading;

use super::SECOND_US;

const MAX_AHEAD_US: i64 = 2 * SECOND_US;
const LATE_AFTER_US: i64 = 20 * SECOND_US;
const MAX_AGE_US: i64 = 3600 * SECOND_US;
/// So many live readings before the last judged one tell of a clock that stepped back...
const STEPPED: usize = 3;
/// ...over at least so long.
const STEPPED_FOR_US: i64 = SECOND_US / 2;

/// What a tag remembers of its readings' stamps.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    /// Value and quality of the last reading judged, as bits.
    last: Option<(u64, u8)>,
    /// The stamp of the last one whose stamp was taken.
    source_us: Option<i64>,
    /// The last one was stamped ahead of its arrival, with that.
    ahead_us: Option<i64>,
    /// Its source's clock is known to be wrong.
    distrusted: bool,
    /// Stamp and arrival of readings that came before the last judged one, in a row.
    behind: Vec<(i64, i64)>,
}

/// How a reading is to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    /// At its own stamp.
    Source,
    /// At its arrival, since its stamp cannot be believed.
    Arrival,
    /// Not at all: told before.
    Again,
    /// Not at all: before the last one judged.
    Late,
    /// Not at all: older than the site accepts.
    TooOld,
}

impl Stamps {
    pub(super) fn judge(&mut self, reading: &Reading, arrival_us: i64) -> On {
        let source_us = reading.source_time.as_micros();
        let said = Some((reading.value.to_bits(), reading.quality.code()));
        let lag_us = arrival_us - source_us;
        let future = lag_us < -MAX_AHEAD_US;
        let before = self.source_us.filter(|_| self.last.is_some());
        let on = if future {
            match self.ahead_us {
                Some(ahead_us) if ahead_us == source_us && self.last == said => On::Again,
                Some(ahead_us) if source_us < ahead_us => On::Late,
                _ => On::Arrival,
            }
        } else if before == Some(source_us) && self.last == said {
            On::Again
        } else if before.is_some_and(|before| source_us < before) {
            On::Late
        } else if self.distrusted && lag_us > LATE_AFTER_US {
            On::Arrival
        } else if lag_us > MAX_AGE_US {
            On::TooOld
        } else {
            On::Source
        };
        let on = match on {
            On::Late | On::TooOld if self.stepped(source_us, arrival_us) => On::Arrival,
            on => on,
        };
        match on {
            On::Again | On::Late | On::TooOld => return on,
            On::Source => {
                self.behind.clear();
                self.distrusted = false;
            }
            On::Arrival => {}
        }
        self.last = said;
        self.ahead_us = future.then_some(source_us);
        if !future {
            self.source_us = Some(source_us);
        }
        on
    }

    /// Whether readings from before the last judged one now tell of a clock that was set back, not of a backlog.
    fn stepped(&mut self, source_us: i64, arrival_us: i64) -> bool {
        let Some(&(last_us, _)) = self.behind.last() else {
            self.behind = vec![(source_us, arrival_us)];
            return false;
        };
        if last_us == source_us {
            return false;
        }
        let (first_us, since_us) = self.behind[0];
        let (measured_us, passed_us) = (source_us - first_us, arrival_us - since_us);
        let quick = passed_us < STEPPED_FOR_US;
        let live = measured_us > 0 && (measured_us - passed_us).abs() <= passed_us / 2;
        if source_us < last_us || !(quick || live) {
            self.behind = vec![(source_us, arrival_us)];
            return false;
        }
        self.behind.push((source_us, arrival_us));
        if quick || self.behind.len() < STEPPED {
            return false;
        }
        self.behind.clear();
        self.distrusted = true;
        true
    }
}
