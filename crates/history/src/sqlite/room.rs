//! What a file needs from time to time: buckets, an end to what is over, and to stay below its size.

use std::time::{Duration, Instant};

use davy_model::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use super::{
    bucket_packs::{self, DAY},
    read::{READINGS_FROM, ROLLED_UNTIL, mark},
    roll_up::{all_series, first_reading, put_mark},
    value::natural,
    writer::Writer,
};
use crate::{HistoryError, Level, Tended, start_of};

/// For how long one round drops: batches wait for it.
const ROUND: Duration = Duration::from_millis(500);
/// The same, in the wake of a batch.
const ROUND_AFTER_WRITING: Duration = Duration::from_millis(50);
/// Transitions that are dropped together where nothing else is left to drop.
const TRANSITIONS: i64 = 1_000;
/// Which part of a file may be free pages: a sixteenth.
const SPARE: u64 = 16;

/// What a file takes.
pub(super) struct Room {
    page_bytes: u64,
    pages: u64,
    free: u64,
}

impl Room {
    pub(super) fn of(conn: &Connection) -> Result<Room, HistoryError> {
        let number = |name: &str| natural(conn.pragma_query_value(None, name, |row| row.get(0))?);
        Ok(Room {
            page_bytes: number("page_size")?,
            pages: number("page_count")?,
            free: number("freelist_count")?,
        })
    }

    pub(super) fn file_bytes(&self) -> u64 {
        self.pages * self.page_bytes
    }

    fn used_bytes(&self) -> u64 {
        self.pages.saturating_sub(self.free) * self.page_bytes
    }
}

impl Writer {
    pub(super) fn tend(&mut self, now: Timestamp, complete_until: Timestamp) -> Result<Tended, HistoryError> {
        let rolled_until = self.roll_on(complete_until.min(now))?;
        let due = self.roll_again()?;
        self.pack()?;
        self.drop_what_is_over(now)?;
        self.shrink(ROUND)?;
        Ok(Tended { rolled_until: Some(rolled_until), due, dropped: std::mem::take(&mut self.dropped) })
    }

    /// Stays below the size without waiting to be tended. The batch has landed: what fails here is tried again when the file is
    /// tended.
    pub(super) fn shrink_after_writing(&mut self) {
        if let Err(error) = self.shrink(ROUND_AFTER_WRITING) {
            tracing::warn!(%error, "the file of history could not be made smaller");
        }
    }

    fn drop_what_is_over(&mut self, now: Timestamp) -> Result<(), HistoryError> {
        let began = Instant::now();
        let oldest = self.oldest(now)?;
        while began.elapsed() < ROUND && self.drop_hour_before(oldest)? > 0 {}
        for level in Level::ALL {
            let end = now.minus(self.retention.of(level));
            while began.elapsed() < ROUND && self.drop_day_before(level, end)? > 0 {}
        }
        let end = now.minus(self.retention.alarms).as_micros();
        for (table, time) in [
            ("transitions", "source_time"),
            ("risk_levels", "at"),
            ("edge_nodes", "at"),
            ("dead_letters", "hour"),
        ] {
            let text = format!("DELETE FROM {table} WHERE {time} < ?1");
            self.dropped += self.conn.prepare_cached(&text)?.execute([end])? as u64;
        }
        Ok(())
    }

    /// Drops until the file is below its size, a part of the way where that takes long, and gives pages back.
    fn shrink(&mut self, round: Duration) -> Result<(), HistoryError> {
        let began = Instant::now();
        while Room::of(&self.conn)?.used_bytes() > self.bytes_max && began.elapsed() < round {
            if self.drop_oldest()? == 0 {
                break;
            }
        }
        let room = Room::of(&self.conn)?;
        // Some stay: the next batch needs them.
        let spare = room.free.saturating_sub(room.pages / SPARE);
        if spare > 0 {
            self.conn.pragma(None, "incremental_vacuum", spare.min(10_000) as i64, |_| Ok(()))?;
        }
        Ok(())
    }

    /// Drops the oldest of what there is most of and is missed least: readings that are rolled up, buckets from the finest to the
    /// coarsest, readings that are not, and transitions last of all. Gives how many rows.
    fn drop_oldest(&mut self) -> Result<u64, HistoryError> {
        let rolled = mark(&self.conn, ROLLED_UNTIL)?.map(|at| start_of(at, Level::Hour.width()));
        if let Some(rolled) = rolled {
            let dropped = self.drop_hour_before(rolled)?;
            if dropped > 0 {
                return Ok(dropped);
            }
        }
        let end = Timestamp::from_micros(i64::MAX);
        for level in Level::ALL {
            let dropped = self.drop_day_before(level, end)?;
            if dropped > 0 {
                return Ok(dropped);
            }
        }
        let dropped = self.drop_hour_before(end)?;
        if dropped > 0 {
            return Ok(dropped);
        }
        let sql = "DELETE FROM transitions WHERE rowid IN
                   (SELECT rowid FROM transitions ORDER BY recorded_time, site, sequence LIMIT ?1)";
        let dropped = self.conn.prepare_cached(sql)?.execute([TRANSITIONS])? as u64;
        self.dropped += dropped;
        Ok(dropped)
    }

    /// Drops the oldest hour of all readings, if it ends before `end` or there. From then on, nothing of it is taken in.
    fn drop_hour_before(&mut self, end: Timestamp) -> Result<u64, HistoryError> {
        let Some(first) = first_reading(&self.conn)?.filter(|first| *first < end) else { return Ok(0) };
        let hour_end = start_of(first, Level::Hour.width()).plus(Level::Hour.width());
        let dropped = self.drop_before("readings", "time", hour_end.min(end), true)?;
        self.dropped += dropped;
        Ok(dropped)
    }

    /// Drops the oldest day of a level's buckets, as far as they begin before `end`.
    fn drop_day_before(&mut self, level: Level, end: Timestamp) -> Result<u64, HistoryError> {
        let table = format!("readings_{}", level.word());
        let sql = format!("SELECT min((SELECT min(bucket) FROM {table} WHERE series = s.id)) FROM series s");
        let first: Option<i64> = self.conn.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
        let packed = bucket_packs::first_day(&self.conn, level)?;
        let first = first.map(Timestamp::from_micros).into_iter().chain(packed).min();
        let Some(first) = first.filter(|first| *first < end) else { return Ok(0) };
        // A packed day goes as a whole.
        let end = start_of(first, DAY).plus(DAY).min(end);
        let dropped = self.drop_before(&table, "bucket", end, false)?
            + bucket_packs::drop_before(&self.conn, level, end)?;
        self.dropped += dropped;
        Ok(dropped)
    }

    fn drop_before(
        &mut self,
        table: &str,
        time: &str,
        end: Timestamp,
        marked: bool,
    ) -> Result<u64, HistoryError> {
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut dropped = 0;
        let text = format!("DELETE FROM {table} WHERE series = ?1 AND {time} < ?2");
        for series in all_series(&transaction)? {
            dropped += transaction.prepare_cached(&text)?.execute(params![series, end.as_micros()])? as u64;
        }
        if marked {
            dropped += drop_packs(&transaction, end)?;
            put_mark(&transaction, READINGS_FROM, end)?;
        }
        transaction.commit()?;
        Ok(dropped)
    }
}

/// Drops packed hours that begin before `end`, and gives how many readings those were.
fn drop_packs(conn: &Connection, end: Timestamp) -> Result<u64, HistoryError> {
    let mut dropped = 0;
    for series in all_series(conn)? {
        let values = params![series, end.as_micros()];
        let count = "SELECT ifnull(sum(readings), 0) FROM packs WHERE series = ?1 AND hour < ?2";
        dropped += natural(conn.prepare_cached(count)?.query_row(values, |row| row.get(0))?)?;
        conn.prepare_cached("DELETE FROM packs WHERE series = ?1 AND hour < ?2")?.execute(values)?;
    }
    Ok(dropped)
}
