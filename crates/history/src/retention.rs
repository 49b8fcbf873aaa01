//! For how long each kind of row is kept.

use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// For how long each kind of row is kept, by its own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Readings. What is older when it comes is not taken in.
    pub readings: Duration,
    /// Buckets of a minute.
    pub minutes: Duration,
    /// Buckets of five minutes.
    pub five_minutes: Duration,
    /// Buckets of an hour.
    pub hours: Duration,
    /// Transitions, risk levels, edge nodes' life and counts of dead letters.
    pub alarms: Duration,
}

impl Default for Retention {
    /// 90 days of readings, 400 of minutes, three years of five minutes and alarms, ten of hours: more than the rules of any
    /// trade known to Davy ask for (real-time values 30 days and, for mines, three months; statistics and alarms two years).
    fn default() -> Retention {
        Retention {
            readings: DAY * 90,
            minutes: DAY * 400,
            five_minutes: DAY * 1096,
            hours: DAY * 3653,
            alarms: DAY * 1096,
        }
    }
}

impl Retention {
    /// How long buckets of a level are kept.
    pub fn of(&self, level: crate::Level) -> Duration {
        match level {
            crate::Level::Minute => self.minutes,
            crate::Level::FiveMinutes => self.five_minutes,
            crate::Level::Hour => self.hours,
        }
    }
}
