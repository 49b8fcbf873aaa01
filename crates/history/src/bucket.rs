//! Readings of a stretch of time, as what is left of them.

use std::time::Duration;

use davy_model::{Quality, Timestamp};

use crate::Sample;

/// How wide the buckets are that a store keeps ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// One minute.
    Minute,
    /// Five minutes.
    FiveMinutes,
    /// One hour.
    Hour,
}

/// Readings of one series in `start..start + width`.
///
/// Least, greatest, sum, first and last are of the readings that are evidence: those with a value that is not bad. What a
/// bad reading says is not the process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Where it begins.
    pub start: Timestamp,
    /// What its evidence comes to; none where there is none.
    pub values: Option<Values>,
    /// How many readings.
    pub readings: u64,
    /// How many of them are evidence.
    pub valued: u64,
    /// How many of them are plainly good and have a value.
    pub good: u64,
}

/// What readings come to, in their unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Values {
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// The sum of all.
    pub sum: f64,
    /// The first.
    pub first: f64,
    /// The last.
    pub last: f64,
}

impl Level {
    /// All of them, the finest first.
    pub const ALL: [Level; 3] = [Level::Minute, Level::FiveMinutes, Level::Hour];

    /// How wide its buckets are.
    pub const fn width(self) -> Duration {
        Duration::from_secs(match self {
            Level::Minute => 60,
            Level::FiveMinutes => 300,
            Level::Hour => 3600,
        })
    }

    /// The end of its table's name: `1m`, `5m`, `1h`.
    pub const fn word(self) -> &'static str {
        match self {
            Level::Minute => "1m",
            Level::FiveMinutes => "5m",
            Level::Hour => "1h",
        }
    }

    /// Whether its buckets make up buckets of `width` whole.
    pub fn divides(self, width: Duration) -> bool {
        !width.is_zero() && width.as_micros().is_multiple_of(self.width().as_micros())
    }
}

/// The beginning of the bucket of `width` that `time` is in. Buckets of every width begin at 1970-01-01T00:00Z.
pub fn start_of(time: Timestamp, width: Duration) -> Timestamp {
    let width_us = i64::try_from(width.as_micros()).unwrap_or(i64::MAX).max(1);
    let time_us = time.as_micros();
    Timestamp::from_micros(time_us.saturating_sub(time_us.rem_euclid(width_us)))
}

/// The end of the bucket of `width` that the moment before `time` is in.
pub(crate) fn end_of(time: Timestamp, width: Duration) -> Timestamp {
    let start = start_of(time, width);
    if start == time { start } else { start.plus(width) }
}

impl Bucket {
    /// One without readings.
    pub fn empty(start: Timestamp) -> Bucket {
        Bucket { start, values: None, readings: 0, valued: 0, good: 0 }
    }

    /// Takes a reading that is not before those it has.
    pub fn add(&mut self, sample: &Sample) {
        self.readings += 1;
        let Some(value) = sample.value.get() else { return };
        self.good += u64::from(sample.quality == Quality::Good);
        if !sample.quality.is_evidence() {
            return;
        }
        self.valued += 1;
        self.take(Values { min: value, max: value, sum: value, first: value, last: value });
    }

    /// Takes what lies after it.
    pub fn merge(&mut self, later: &Bucket) {
        self.readings += later.readings;
        self.valued += later.valued;
        self.good += later.good;
        if let Some(values) = later.values {
            self.take(values);
        }
    }

    fn take(&mut self, later: Values) {
        self.values = Some(match self.values {
            None => later,
            Some(own) => Values {
                min: own.min.min(later.min),
                max: own.max.max(later.max),
                sum: own.sum + later.sum,
                first: own.first,
                last: later.last,
            },
        });
    }

    /// The mean of its evidence, each reading weighing the same.
    pub fn mean(&self) -> Option<f64> {
        self.values.map(|values| values.sum / self.valued as f64)
    }

    /// Which share of its readings is plainly good, 0 to 1; of none, 0.
    pub fn share_good(&self) -> f64 {
        if self.readings == 0 { 0.0 } else { self.good as f64 / self.readings as f64 }
    }
}

/// Puts readings, in their order, into buckets of `width`; those without any are left out.
pub(crate) fn fold(samples: impl IntoIterator<Item = Sample>, width: Duration, into: &mut Vec<Bucket>) {
    for sample in samples {
        let start = start_of(sample.time, width);
        last_of(into, start).add(&sample);
    }
}

/// Puts narrower buckets, in their order, into buckets of `width`.
pub(crate) fn widen(buckets: impl IntoIterator<Item = Bucket>, width: Duration, into: &mut Vec<Bucket>) {
    for bucket in buckets {
        last_of(into, start_of(bucket.start, width)).merge(&bucket);
    }
}

fn last_of(buckets: &mut Vec<Bucket>, start: Timestamp) -> &mut Bucket {
    if buckets.last().is_none_or(|last| last.start != start) {
        buckets.push(Bucket::empty(start));
    }
    buckets.last_mut().expect("one was just put there")
}
