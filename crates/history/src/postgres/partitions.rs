//! Partitions of plain PostgreSQL: a UTC day of readings, a UTC month of buckets. Made ahead, and when something old comes.

use std::time::Duration;

use davy_model::Timestamp;
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use tokio_postgres::Client;

use super::writer::Writer;
use crate::{HistoryError, Level};

/// Held while a partition is made or dropped: `Part`, in ASCII.
const LOCK: i64 = 0x5061_7274;
const DAY_US: i64 = 86_400_000_000;

/// How much of a partitioned table lies in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grain {
    Day,
    Month,
}

/// A partitioned table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Partitioned {
    name: &'static str,
    grain: Grain,
}

pub(super) const READINGS: Partitioned = Partitioned { name: "readings", grain: Grain::Day };

/// The table of a level's buckets.
pub(super) const fn buckets(level: Level) -> Partitioned {
    let name = match level {
        Level::Minute => "readings_1m",
        Level::FiveMinutes => "readings_5m",
        Level::Hour => "readings_1h",
    };
    Partitioned { name, grain: Grain::Month }
}

/// The day that a moment is in, counted from 1970.
pub(super) fn day_of(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(DAY_US)
}

/// Its first moment.
pub(super) fn start_of_day(day: i64) -> Timestamp {
    Timestamp::from_micros(day.saturating_mul(DAY_US))
}

impl Grain {
    /// The first day of the part that `time` is in, and of the part after it.
    fn around(self, time: Timestamp) -> (Date, Date) {
        let at = jiff::Timestamp::from_microsecond(time.as_micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let day = at.to_zoned(TimeZone::UTC).date();
        match self {
            Grain::Day => (day, day.saturating_add(1.day())),
            Grain::Month => (day.first_of_month(), day.first_of_month().saturating_add(1.month())),
        }
    }

    /// How a part that begins on `first` is called.
    fn suffix(self, first: Date) -> String {
        let format = match self {
            Grain::Day => "%Y%m%d",
            Grain::Month => "%Y%m",
        };
        first.strftime(format).to_string()
    }

    /// When a part called so ends; nothing for what is no part of this grain.
    fn end_of(self, suffix: &str) -> Option<Timestamp> {
        let first = match self {
            Grain::Day => Date::strptime("%Y%m%d", suffix).ok()?,
            Grain::Month => Date::strptime("%Y%m%d", format!("{suffix}01")).ok()?,
        };
        if self.suffix(first) != suffix {
            return None;
        }
        let end = match self {
            Grain::Day => first.checked_add(1.day()),
            Grain::Month => first.checked_add(1.month()),
        };
        let end = end.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(Timestamp::from_micros(end.as_microsecond()))
    }
}

impl Writer {
    /// Makes the partition of a table that `time` is in, if there is none.
    pub(super) async fn make_part(&mut self, of: Partitioned, time: Timestamp) -> Result<(), HistoryError> {
        let (first, end) = of.grain.around(time);
        let part = format!("{}_{}", of.name, of.grain.suffix(first));
        if self.parts.contains(&part) {
            return Ok(());
        }
        let transaction = self.connected.client.transaction().await?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
        let there = "SELECT EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass($1))";
        let there = transaction.query_one(there, &[&format!("davy.{part}")]).await?;
        if !there.get::<_, bool>(0) {
            // Attached, and not made as a partition: that would stop whoever reads the table.
            let table = of.name;
            transaction
                .batch_execute(&format!(
                    "CREATE TABLE IF NOT EXISTS davy.{part} (LIKE davy.{table} INCLUDING DEFAULTS);
                     ALTER TABLE davy.{table} ATTACH PARTITION davy.{part}
                       FOR VALUES FROM ('{first} 00:00:00+00') TO ('{end} 00:00:00+00')"
                ))
                .await?;
        }
        transaction.commit().await?;
        self.parts.insert(part);
        Ok(())
    }
}

impl Partitioned {
    /// Drops the partitions that ended before `end`, at most a few a call, and gives how many.
    pub(super) async fn drop_before(self, client: &Client, end: Timestamp) -> Result<u64, HistoryError> {
        let rows = client
            .query(
                "SELECT c.relname, i.inhdetachpending FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = to_regclass($1) ORDER BY c.relname",
                &[&format!("davy.{}", self.name)],
            )
            .await?;
        let mut dropped = 0;
        for row in rows {
            let (part, pending): (&str, bool) = (row.get(0), row.get(1));
            let suffix = part.strip_prefix(self.name).and_then(|rest| rest.strip_prefix('_'));
            let over = suffix.and_then(|suffix| self.grain.end_of(suffix)).is_some_and(|ends| ends <= end);
            if !over {
                continue;
            }
            // Whoever reads goes on reading; what a crash left half detached is finished.
            let how = if pending { "FINALIZE" } else { "CONCURRENTLY" };
            client
                .batch_execute(&format!("ALTER TABLE davy.{} DETACH PARTITION davy.{part} {how}", self.name))
                .await?;
            client.batch_execute(&format!("DROP TABLE davy.{part}")).await?;
            dropped += 1;
            if dropped == DROPPED_MAX {
                break;
            }
        }
        Ok(dropped)
    }
}

/// Most partitions dropped in one round: the line of batches waits for it.
const DROPPED_MAX: u64 = 8;
/// For how long ahead there is always a partition.
pub(super) const AHEAD: Duration = Duration::from_secs(2 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn a_part_is_told_from_its_name() {
        for (grain, time, suffix, end) in [
            (Grain::Day, "2026-11-29T23:59:59.999999Z", "20261129", "2026-11-30T00:00:00Z"),
            (Grain::Day, "2026-12-31T00:00:00Z", "20261231", "2027-01-01T00:00:00Z"),
            (Grain::Month, "2026-12-31T00:00:00Z", "202612", "2027-01-01T00:00:00Z"),
            (Grain::Month, "2024-02-29T12:00:00Z", "202402", "2024-03-01T00:00:00Z"),
        ] {
            let (first, _) = grain.around(at(time));
            assert_eq!(grain.suffix(first), suffix, "{time}");
            assert_eq!(grain.end_of(suffix), Some(at(end)), "{suffix}");
        }
        for foreign in ["", "x", "1m", "1m_20261129", "default", "2026112"] {
            assert_eq!(Grain::Day.end_of(foreign), None, "{foreign}");
        }
    }
}
