//! Days of buckets that have come to rest, each packed into one row.
//!
//! A day of a series' level is packed or in rows, never both: where something comes late into a packed one, it is unpacked first.

use std::time::{Duration, Instant};

use davy_model::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{
    bucket_pack, read,
    roll_up::{all_series, put},
    value::{int, limit as at_most, natural, time},
};
use crate::{Bucket, HistoryError, Level, start_of};

/// What a row holds the buckets of.
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// Packs days that ended before `end`, until that took long enough.
pub(super) fn pack(
    transaction: &Transaction<'_>,
    end: Timestamp,
    until: Instant,
) -> Result<(), HistoryError> {
    let end = start_of(end, DAY);
    for series in all_series(transaction)? {
        for level in Level::ALL {
            let mut at = Timestamp::MIN;
            while let Some(day) = day_of_rows(transaction, level, series, at, end)? {
                pack_day(transaction, level, series, day)?;
                at = day.plus(DAY);
                if Instant::now() > until {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// The first day that has rows, of those in `from..until`.
fn day_of_rows(
    conn: &Connection,
    level: Level,
    series: i32,
    from: Timestamp,
    until: Timestamp,
) -> Result<Option<Timestamp>, HistoryError> {
    let sql = format!(
        "SELECT min(bucket) FROM readings_{} WHERE series = ?1 AND bucket >= ?2 AND bucket < ?3",
        level.word()
    );
    let mut query = conn.prepare_cached(&sql)?;
    let first: Option<i64> =
        query.query_row(params![series, from.as_micros(), until.as_micros()], |row| row.get(0))?;
    Ok(first.map(|first| start_of(Timestamp::from_micros(first), DAY)))
}

fn pack_day(
    transaction: &Transaction<'_>,
    level: Level,
    series: i32,
    day: Timestamp,
) -> Result<(), HistoryError> {
    let until = day.plus(DAY);
    let buckets = read::bucket_rows(transaction, level, series, day, until, usize::MAX)?;
    let packed = bucket_pack::pack(day, level.width(), &buckets)
        .map_err(|error| HistoryError::Refused(format!("the buckets of a day were not packed: {error}")))?;
    let Some(packed) = packed else { return Ok(()) };
    transaction
        .prepare_cached(
            "INSERT INTO bucket_packs(series, level_s, day, buckets, data) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![series, seconds(level), day.as_micros(), int(buckets.len() as u64), packed])?;
    let sql =
        format!("DELETE FROM readings_{} WHERE series = ?1 AND bucket >= ?2 AND bucket < ?3", level.word());
    transaction.prepare_cached(&sql)?.execute(params![series, day.as_micros(), until.as_micros()])?;
    Ok(())
}

/// Makes rows of the day again that a moment lies in, if it is packed.
pub(super) fn unpack_day(
    transaction: &Transaction<'_>,
    level: Level,
    series: i32,
    moment: Timestamp,
) -> Result<(), HistoryError> {
    let day = start_of(moment, DAY);
    let place = params![series, seconds(level), day.as_micros()];
    let mut query = transaction
        .prepare_cached("SELECT data FROM bucket_packs WHERE series = ?1 AND level_s = ?2 AND day = ?3")?;
    let packed: Option<Vec<u8>> = query.query_row(place, |row| row.get(0)).optional()?;
    let Some(packed) = packed else { return Ok(()) };
    transaction
        .prepare_cached("DELETE FROM bucket_packs WHERE series = ?1 AND level_s = ?2 AND day = ?3")?
        .execute(place)?;
    put(transaction, level, series, &bucket_pack::unpack(day, level.width(), &packed)?)
}

/// The packed buckets that begin in `from..until`, in order; `limit` of them and what else their last day has.
pub(super) fn buckets(
    conn: &Connection,
    level: Level,
    series: i32,
    from: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Bucket>, HistoryError> {
    let mut query = conn.prepare_cached(
        "SELECT day, data FROM bucket_packs WHERE series = ?1 AND level_s = ?2 AND day >= ?3 AND day < ?4
         ORDER BY day LIMIT ?5",
    )?;
    let first = start_of(from, DAY).as_micros();
    let mut rows = query.query(params![series, seconds(level), first, until.as_micros(), at_most(limit)])?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        let data = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        let of_day = bucket_pack::unpack(time(row, 0)?, level.width(), data)?;
        found.extend(of_day.into_iter().filter(|bucket| bucket.start >= from && bucket.start < until));
    }
    Ok(found)
}

/// The first day that is packed, of any series.
pub(super) fn first_day(conn: &Connection, level: Level) -> Result<Option<Timestamp>, HistoryError> {
    let sql =
        "SELECT min((SELECT min(day) FROM bucket_packs WHERE series = s.id AND level_s = ?1)) FROM series s";
    let first: Option<i64> = conn.prepare_cached(sql)?.query_row([seconds(level)], |row| row.get(0))?;
    Ok(first.map(Timestamp::from_micros))
}

/// Drops packed days that end before `end` or there, and gives how many buckets those were.
pub(super) fn drop_before(conn: &Connection, level: Level, end: Timestamp) -> Result<u64, HistoryError> {
    let mut dropped = 0;
    let last = start_of(end, DAY).as_micros();
    for series in all_series(conn)? {
        let place = params![series, seconds(level), last];
        let count = "SELECT ifnull(sum(buckets), 0) FROM bucket_packs WHERE series = ?1 AND level_s = ?2 AND day < ?3";
        dropped += natural(conn.prepare_cached(count)?.query_row(place, |row| row.get(0))?)?;
        let drop = "DELETE FROM bucket_packs WHERE series = ?1 AND level_s = ?2 AND day < ?3";
        conn.prepare_cached(drop)?.execute(place)?;
    }
    Ok(dropped)
}

fn seconds(level: Level) -> i64 {
    int(level.width().as_secs())
}
