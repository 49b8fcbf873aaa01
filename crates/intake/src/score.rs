//! How well a device serves: online, timely, complete, valid, plausible, and with a right clock.
//!
//! Counted from what intake looks at anyway: a reading adds to a few plain numbers of its message, a message to a few
//! atomics. Every few seconds these are gathered into hours and days.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use davy_model::Timestamp;
use parking_lot::Mutex;

/// What is counted of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Readings that were taken.
    pub accepted: u32,
    /// Readings that were refused.
    pub rejected: u32,
    /// Of those taken: later than the site's `late_after`.
    pub late: u32,
    /// Of those taken: outside the sensor's range, or said by the sender to be no good.
    pub implausible: u32,
    /// Of those taken: stamped ahead of arrival by more than the site's `max_ahead`.
    pub ahead: u32,
    /// Readings that were to be expected between the first and the last, by the tags' intervals.
    pub expected: u32,
    /// Of those: never came.
    pub missed: u32,
    /// How often it was looked whether the device's edge node is there.
    pub looks: u32,
    /// Of those: it was.
    pub online: u32,
}

/// A device's marks over a while, each in percent, and what they add up to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scorecard {
    /// Share of the time its edge node was there; of 30 points.
    pub online: f64,
    /// Share of readings that were not late; of 15 points.
    pub timely: f64,
    /// Share of the readings to be expected that came; of 20 points.
    pub complete: f64,
    /// Share of readings that were taken; of 15 points.
    pub valid: f64,
    /// Share of readings taken that were inside the range and of good quality; of 10 points.
    pub plausible: f64,
    /// Share of readings taken that were not stamped ahead; of 5 points.
    pub clock: f64,
    /// The points, of 95, in percent.
    pub total: f64,
}

/// One device: what it did since it was gathered last, and before that by hours and days.
#[derive(Debug, Default)]
pub struct Score {
    fresh: Fresh,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Fresh {
    accepted: AtomicU32,
    rejected: AtomicU32,
    late: AtomicU32,
    implausible: AtomicU32,
    ahead: AtomicU32,
    expected: AtomicU32,
    missed: AtomicU32,
}

/// The last 24 hours and 7 days, each with the number of its hour or day since 1970.
#[derive(Debug, Default)]
struct Kept {
    hours: [(i64, Marks); 24],
    days: [(i64, Marks); 7],
}

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

impl Score {
    /// Adds what one message told of the device.
    pub(crate) fn add(&self, marks: &Marks) {
        let fresh = &self.fresh;
        for (counter, count) in [
            (&fresh.accepted, marks.accepted),
            (&fresh.rejected, marks.rejected),
            (&fresh.late, marks.late),
            (&fresh.implausible, marks.implausible),
            (&fresh.ahead, marks.ahead),
            (&fresh.expected, marks.expected),
            (&fresh.missed, marks.missed),
        ] {
            if count > 0 {
                counter.fetch_add(count, Ordering::Relaxed);
            }
        }
    }

    /// Gathers what came since the last time; `online` is whether its edge node is there now.
    pub(crate) fn gather(&self, online: bool, now: Timestamp) {
        let fresh = &self.fresh;
        let take = |counter: &AtomicU32| counter.swap(0, Ordering::Relaxed);
        let marks = Marks {
            accepted: take(&fresh.accepted),
            rejected: take(&fresh.rejected),
            late: take(&fresh.late),
            implausible: take(&fresh.implausible),
            ahead: take(&fresh.ahead),
            expected: take(&fresh.expected),
            missed: take(&fresh.missed),
            looks: 1,
            online: u32::from(online),
        };
        let kept = &mut *self.kept.lock();
        add_to(&mut kept.hours, now.as_micros().div_euclid(HOUR_US), &marks);
        add_to(&mut kept.days, now.as_micros().div_euclid(DAY_US), &marks);
    }

    /// The marks of the last 24 hours: the running one, and those before.
    pub fn last_day(&self, now: Timestamp) -> Marks {
        sum(&self.kept.lock().hours, now.as_micros().div_euclid(HOUR_US))
    }

    /// The marks of the last 7 days: the running one, and those before.
    pub fn last_week(&self, now: Timestamp) -> Marks {
        sum(&self.kept.lock().days, now.as_micros().div_euclid(DAY_US))
    }
}

fn add_to<const N: usize>(ring: &mut [(i64, Marks); N], number: i64, marks: &Marks) {
    let (kept, sum) = &mut ring[usize::try_from(number.rem_euclid(N as i64)).unwrap_or(0)];
    if *kept != number {
        (*kept, *sum) = (number, Marks::default());
    }
    *sum = sum.plus(marks);
}

fn sum<const N: usize>(ring: &[(i64, Marks); N], number: i64) -> Marks {
    let recent = |kept: &&(i64, Marks)| number - kept.0 < N as i64;
    ring.iter().filter(recent).fold(Marks::default(), |sum, (_, marks)| sum.plus(marks))
}

impl Marks {
    /// Both together; a count stops at its largest.
    #[must_use]
    pub fn plus(&self, other: &Marks) -> Marks {
        Marks {
            accepted: self.accepted.saturating_add(other.accepted),
            rejected: self.rejected.saturating_add(other.rejected),
            late: self.late.saturating_add(other.late),
            implausible: self.implausible.saturating_add(other.implausible),
            ahead: self.ahead.saturating_add(other.ahead),
            expected: self.expected.saturating_add(other.expected),
            missed: self.missed.saturating_add(other.missed),
            looks: self.looks.saturating_add(other.looks),
            online: self.online.saturating_add(other.online),
        }
    }

    /// The scorecard; nothing, when nothing was ever heard of the device.
    pub fn scorecard(&self) -> Option<Scorecard> {
        if self.accepted == 0 && self.rejected == 0 && self.online == 0 {
            return None;
        }
        let online = percent(self.online, self.looks);
        let timely = percent(self.accepted.saturating_sub(self.late), self.accepted);
        let complete = percent(self.expected.saturating_sub(self.missed), self.expected);
        let valid = percent(self.accepted, self.accepted.saturating_add(self.rejected));
        let plausible = percent(self.accepted.saturating_sub(self.implausible), self.accepted);
        let clock = percent(self.accepted.saturating_sub(self.ahead), self.accepted);
        let points = [
            (online, 30.0),
            (timely, 15.0),
            (complete, 20.0),
            (valid, 15.0),
            (plausible, 10.0),
            (clock, 5.0),
        ];
        let total = points.iter().map(|(share, weight)| share * weight).sum::<f64>() / 95.0;
        Some(Scorecard { online, timely, complete, valid, plausible, clock, total })
    }
}

impl Scorecard {
    /// A from 95, B from 85, C from 70, else D.
    pub fn grade(&self) -> char {
        match self.total {
            total if total >= 95.0 => 'A',
            total if total >= 85.0 => 'B',
            total if total >= 70.0 => 'C',
            _ => 'D',
        }
    }
}

/// Of nothing, everything was right.
fn percent(good: u32, of: u32) -> f64 {
    if of == 0 { 100.0 } else { f64::from(good) * 100.0 / f64::from(of) }
}

/// A device of a site, and how it serves.
#[derive(Clone, Debug)]
pub struct DeviceScore {
    /// Its edge node's id.
    pub edge_node: Arc<str>,
    /// Its id; none for the tags of the edge node that belong to no device.
    pub device: Option<Arc<str>>,
    /// Its marks.
    pub score: Arc<Score>,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::NOW;

    const GOOD: Marks = Marks {
        accepted: 100,
        rejected: 0,
        late: 0,
        implausible: 0,
        ahead: 0,
        expected: 100,
        missed: 0,
        looks: 10,
        online: 10,
    };

    #[test]
    fn each_mark_costs_its_points_and_no_other() {
        for (marks, total, grade) in [
            (GOOD, 95.0, 'A'),
            (Marks { online: 5, ..GOOD }, 80.0, 'C'),
            (Marks { late: 50, ..GOOD }, 87.5, 'B'),
            (Marks { missed: 50, ..GOOD }, 85.0, 'B'),
            (Marks { rejected: 100, ..GOOD }, 87.5, 'B'),
            (Marks { implausible: 100, ..GOOD }, 85.0, 'B'),
            (Marks { ahead: 100, ..GOOD }, 90.0, 'B'),
            (Marks { online: 0, late: 100, ..GOOD }, 50.0, 'D'),
        ] {
            let card = marks.scorecard().expect("it was heard");
            assert!((card.total - total / 0.95).abs() < 1e-9, "{marks:?}: {}", card.total);
            assert_eq!(card.grade(), grade, "{marks:?}");
        }
    }

    #[test]
    fn of_a_device_that_was_never_heard_nothing_is_said() {
        assert_eq!(Marks { looks: 10, ..Marks::default() }.scorecard(), None);
    }

    #[test]
    fn hours_and_days_are_forgotten_when_they_are_over() {
        let score = Score::default();
        score.add(&GOOD);
        score.gather(true, NOW);
        let after = |hours: u64| NOW.plus(Duration::from_secs(hours * 3600));
        assert_eq!(score.last_day(NOW).accepted, 100);
        assert_eq!(score.last_day(after(23)).accepted, 100);
        assert_eq!(score.last_day(after(24)).accepted, 0);
        assert_eq!(score.last_week(after(24)).accepted, 100);
        assert_eq!(score.last_week(after(7 * 24)).accepted, 0);
        score.add(&GOOD);
        score.gather(false, after(24));
        assert_eq!(score.last_day(after(24)), Marks { looks: 1, online: 0, ..GOOD });
    }
}
