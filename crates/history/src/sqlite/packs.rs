//! Hours of readings that are rolled up and have come to rest, each packed into one row.
//!
//! An hour of a series is packed or in rows, never both: what comes late into a packed one has it unpacked first.

use std::time::{Duration, Instant};

use davy_model::{Timestamp, Value};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{
    bucket_packs, pack,
    read::{self, PACKED_UNTIL, ROLLED_UNTIL, mark},
    roll_up::{all_series, put_mark},
    value::{of_value, time},
    writer::Writer,
};
use crate::{HistoryError, Level, Page, Sample, start_of};

const HOUR: Duration = Level::Hour.width();
/// How long an hour is left alone before it is packed.
const REST: Duration = Duration::from_secs(2 * 3600);
/// For how long one round packs: batches wait for it.
const ROUND: Duration = Duration::from_millis(500);

impl Writer {
    /// Packs hours that have come to rest, some of them.
    pub(super) fn pack(&mut self) -> Result<(), HistoryError> {
        let Some(rolled) = mark(&self.conn, ROLLED_UNTIL)? else { return Ok(()) };
        let began = Instant::now();
        let end = start_of(rolled.minus(REST), HOUR);
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let until = mark(&transaction, PACKED_UNTIL)?.map_or(end, |until| until.max(end));
        put_mark(&transaction, PACKED_UNTIL, until)?;
        'all: for series in all_series(&transaction)? {
            let mut at = Timestamp::MIN;
            while let Some(hour) = hour_of_rows(&transaction, series, at, end)? {
                pack_hour(&transaction, series, hour)?;
                at = hour.plus(HOUR);
                if began.elapsed() > ROUND {
                    break 'all;
                }
            }
        }
        bucket_packs::pack(&transaction, end, began + ROUND)?;
        Ok(transaction.commit()?)
    }
}

/// The first hour that has rows, of those in `from..until`.
fn hour_of_rows(
    conn: &Connection,
    series: i32,
    from: Timestamp,
    until: Timestamp,
) -> Result<Option<Timestamp>, HistoryError> {
    let sql = "SELECT min(time) FROM readings WHERE series = ?1 AND time >= ?2 AND time < ?3";
    let mut query = conn.prepare_cached(sql)?;
    let first: Option<i64> =
        query.query_row(params![series, from.as_micros(), until.as_micros()], |row| row.get(0))?;
    Ok(first.map(|first| start_of(Timestamp::from_micros(first), HOUR)))
}

fn pack_hour(transaction: &Transaction<'_>, series: i32, hour: Timestamp) -> Result<(), HistoryError> {
    let until = hour.plus(HOUR);
    let page = Page { series, from: hour, until, after: None, limit: pack::READINGS_MAX + 1 };
    let samples = read::rows(transaction, &page)?;
    if samples.len() > pack::READINGS_MAX {
        return Ok(());
    }
    let packed = pack::pack(hour, &samples).map_err(|error| {
        HistoryError::Refused(format!("the readings of an hour were not packed: {error}"))
    })?;
    transaction
        .prepare_cached("INSERT INTO packs(series, hour, readings, data) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![series, hour.as_micros(), samples.len() as i64, packed])?;
    transaction
        .prepare_cached("DELETE FROM readings WHERE series = ?1 AND time >= ?2 AND time < ?3")?
        .execute(params![series, hour.as_micros(), until.as_micros()])?;
    Ok(())
}

/// Makes rows of an hour again, if it is packed.
pub(super) fn unpack_hour(
    transaction: &Transaction<'_>,
    series: i32,
    hour: Timestamp,
) -> Result<(), HistoryError> {
    let at = hour.as_micros();
    let mut query = transaction.prepare_cached("SELECT data FROM packs WHERE series = ?1 AND hour = ?2")?;
    let packed: Option<Vec<u8>> = query.query_row(params![series, at], |row| row.get(0)).optional()?;
    let Some(packed) = packed else { return Ok(()) };
    let mut insert = transaction.prepare_cached("INSERT INTO readings VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for one in pack::unpack(hour, &packed)? {
        let (time, arrival) = (one.time.as_micros(), one.arrival.as_micros());
        insert.execute(params![series, time, of_value(one.value), arrival, one.quality.code()])?;
    }
    let mut delete = transaction.prepare_cached("DELETE FROM packs WHERE series = ?1 AND hour = ?2")?;
    delete.execute(params![series, at])?;
    Ok(())
}

/// The packed readings of a page, in order.
pub(super) fn readings(conn: &Connection, page: &Page) -> Result<Vec<Sample>, HistoryError> {
    let from = page.after.map_or(page.from, |(time, _)| time.max(page.from));
    let mut query = conn.prepare_cached(
        "SELECT hour, data FROM packs WHERE series = ?1 AND hour >= ?2 AND hour < ?3 ORDER BY hour",
    )?;
    let hour = start_of(from, HOUR).as_micros();
    let mut rows = query.query(params![page.series, hour, page.until.as_micros()])?;
    let after = page.after.map(key);
    let mut found = Vec::new();
    while found.len() < page.limit
        && let Some(row) = rows.next()?
    {
        let of_hour = pack::unpack(time(row, 0)?, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
        found.extend(of_hour.into_iter().filter(|one| {
            one.time >= from
                && one.time < page.until
                && after.is_none_or(|after| key((one.time, one.value)) > after)
        }));
    }
    Ok(found)
}

/// What readings of a series are ordered by.
pub(super) fn key((time, value): (Timestamp, Value)) -> (Timestamp, f64) {
    (time, of_value(value))
}
