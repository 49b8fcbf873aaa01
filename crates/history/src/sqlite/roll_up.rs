//! Buckets from readings: as time goes on, and again where something came late.

use std::time::{Duration, Instant};

use davy_model::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::{
    bucket_packs,
    read::{self, READINGS_FROM, ROLLED_UNTIL, mark},
    value::{int, natural, time},
    writer::Writer,
};
use crate::{
    Bucket, HistoryError, Level, Page,
    bucket::{fold, start_of, widen},
};

/// What one transaction rolls up, at the least and the most.
pub(super) const STEP_MIN: Duration = Duration::from_secs(60);
const STEP_MAX: Duration = Duration::from_secs(6 * 3600);
/// A step that takes less may be longer.
const QUICK: Duration = Duration::from_millis(250);
/// For how long one round goes on when it has to catch up: batches wait for it.
const ROUND: Duration = Duration::from_secs(1);
/// Hours of one series that are looked at together.
const DUE_MAX: i64 = 2_000;

impl Writer {
    /// Rolls up to `until`, a part of the way where that is far. Gives up to where it came.
    pub(super) fn roll_on(&mut self, until: Timestamp) -> Result<Timestamp, HistoryError> {
        let until = start_of(until, Level::Minute.width());
        let began = Instant::now();
        let mut at = self.begin(until)?;
        while at < until && began.elapsed() < ROUND {
            let step_began = Instant::now();
            let next = start_of(at.plus(self.step), Level::Minute.width()).min(until);
            let transaction = self.conn.transaction()?;
            for series in all_series(&transaction)? {
                fill(&transaction, series, at, next)?;
            }
            put_mark(&transaction, ROLLED_UNTIL, next)?;
            transaction.commit()?;
            at = next;
            self.step = next_step(self.step, step_began.elapsed());
        }
        Ok(at)
    }

    /// Where rolling up stands. At first: before the first reading there is, or at `until` where there is none.
    fn begin(&mut self, until: Timestamp) -> Result<Timestamp, HistoryError> {
        if let Some(at) = mark(&self.conn, ROLLED_UNTIL)? {
            return Ok(at);
        }
        let first = first_reading(&self.conn)?.map_or(until, |first| first.min(until));
        let start = start_of(first, Level::Hour.width());
        put_mark(&self.conn, ROLLED_UNTIL, start)?;
        Ok(start)
    }

    /// Rolls hours up again in which something came late, some of them. Gives how many are left.
    pub(super) fn roll_again(&mut self) -> Result<u64, HistoryError> {
        let began = Instant::now();
        let Some(rolled) = mark(&self.conn, ROLLED_UNTIL)? else { return Ok(0) };
        let from = mark(&self.conn, READINGS_FROM)?;
        let transaction = self.conn.transaction()?;
        for (hour, series) in due(&transaction)? {
            // Of an hour whose readings are gone, the buckets know more.
            if from.is_none_or(|from| hour >= from) {
                fill(&transaction, series, hour, hour.plus(Level::Hour.width()).min(rolled))?;
            }
            transaction
                .prepare_cached("DELETE FROM roll_up_due WHERE hour = ?1 AND series = ?2")?
                .execute(params![hour.as_micros(), series])?;
            if began.elapsed() > ROUND {
                break;
            }
        }
        transaction.commit()?;
        natural(self.conn.query_row("SELECT count(*) FROM roll_up_due", [], |row| row.get(0))?)
    }
}

fn due(conn: &Connection) -> Result<Vec<(Timestamp, i32)>, HistoryError> {
    let mut query =
        conn.prepare_cached("SELECT hour, series FROM roll_up_due ORDER BY hour, series LIMIT ?1")?;
    let rows = query.query_map([DUE_MAX], |row| Ok((time(row, 0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn all_series(conn: &Connection) -> Result<Vec<i32>, HistoryError> {
    let mut query = conn.prepare_cached("SELECT id FROM series ORDER BY id")?;
    let rows = query.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The time of the oldest reading there is; of a packed one, its hour.
pub(super) fn first_reading(conn: &Connection) -> Result<Option<Timestamp>, HistoryError> {
    let sql = "SELECT min(min(ifnull((SELECT min(time) FROM readings WHERE series = s.id), ?1),
                              ifnull((SELECT min(hour) FROM packs WHERE series = s.id), ?1))) FROM series s";
    let first: Option<i64> = conn.prepare_cached(sql)?.query_row([i64::MAX], |row| row.get(0))?;
    Ok(first.filter(|first| *first < i64::MAX).map(Timestamp::from_micros))
}

pub(super) fn put_mark(conn: &Connection, name: &str, at: Timestamp) -> Result<(), HistoryError> {
    let mut put = conn.prepare_cached("INSERT OR REPLACE INTO marks VALUES (?1, ?2)")?;
    put.execute(params![name, at.as_micros()])?;
    Ok(())
}

/// Makes the buckets of all levels anew that end in `from..=until`, each from what lies below it.
fn fill(
    transaction: &Transaction<'_>,
    series: i32,
    from: Timestamp,
    until: Timestamp,
) -> Result<(), HistoryError> {
    for level in Level::ALL {
        let (begin, end) = (start_of(from, level.width()), start_of(until, level.width()));
        if begin >= end {
            continue;
        }
        let mut made = Vec::new();
        let below = |level| read::buckets(transaction, level, series, begin, end, usize::MAX);
        match level {
            Level::Minute => {
                let page = Page { series, from: begin, until: end, after: None, limit: usize::MAX };
                fold(read::readings(transaction, &page)?, level.width(), &mut made);
            }
            Level::FiveMinutes => widen(below(Level::Minute)?, level.width(), &mut made),
            Level::Hour => widen(below(Level::FiveMinutes)?, level.width(), &mut made),
        }
        let mut day = start_of(begin, bucket_packs::DAY);
        while day < end && !made.is_empty() {
            bucket_packs::unpack_day(transaction, level, series, day)?;
            day = day.plus(bucket_packs::DAY);
        }
        put(transaction, level, series, &made)?;
    }
    Ok(())
}

/// Puts buckets of days that are not packed in the place of what was there.
pub(super) fn put(
    transaction: &Transaction<'_>,
    level: Level,
    series: i32,
    buckets: &[Bucket],
) -> Result<(), HistoryError> {
    let mut put = transaction.prepare_cached(&format!(
        "INSERT OR REPLACE INTO readings_{} VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        level.word()
    ))?;
    for bucket in buckets {
        let values = bucket.values;
        put.execute(params![
            series,
            bucket.start.as_micros(),
            values.map(|values| values.min),
            values.map(|values| values.max),
            values.map(|values| values.sum),
            values.map(|values| values.first),
            values.map(|values| values.last),
            int(bucket.readings),
            int(bucket.valued),
            int(bucket.good),
        ])?;
    }
    Ok(())
}

/// What the next step spans: more while steps are quick.
fn next_step(step: Duration, took: Duration) -> Duration {
    if took < QUICK {
        (step * 2).min(STEP_MAX)
    } else if took > QUICK * 4 {
        (step / 2).max(STEP_MIN)
    } else {
        step
    }
}
