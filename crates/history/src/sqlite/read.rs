//! What is asked of the tables.

use davy_model::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    alarms, bucket_packs, packs, room,
    value::{limit as at_most, list, natural, of_value, sample, time},
};
use crate::{
    Bucket, Found, HistoryError, Hole, Level, OfSite, Page, Position, Sample, Series, Standing, State,
    Values, files,
};

/// The mark up to which readings are rolled up.
pub(super) const ROLLED_UNTIL: &str = "rolled_until";
/// The mark before which there are no readings any more, and none is taken in.
pub(super) const READINGS_FROM: &str = "readings_from";

/// The mark before which hours may be packed.
pub(super) const PACKED_UNTIL: &str = "packed_until";

/// A moment that the store remembers.
pub(super) fn mark(conn: &Connection, name: &str) -> Result<Option<Timestamp>, HistoryError> {
    let mut query = conn.prepare_cached("SELECT time FROM marks WHERE name = ?1")?;
    Ok(query.query_row([name], |row| time(row, 0)).optional()?)
}

pub(super) fn standing(conn: &Connection, site: &str) -> Result<Option<Standing>, HistoryError> {
    let mut query = conn.prepare_cached(
        "SELECT p.number, p.hash, p.sequence, p.at, p.revision, r.files
         FROM positions p LEFT JOIN revisions r USING (site, revision) WHERE p.site = ?1",
    )?;
    let mut rows = query.query([site])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let revision: String = row.get(4)?;
    let text: Option<String> = row.get(5)?;
    let files = text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| {
        HistoryError::Damaged(format!("the files of revision {revision} of {site}: {error}"))
    })?;
    let position = Position {
        number: natural(row.get(0)?)?,
        hash: row.get(1)?,
        sequence: natural(row.get(2)?)?,
        at: time(row, 3)?,
        revision: revision.as_str().into(),
    };
    let bundle = files::from_json(site, &revision, files)?;
    let active = alarms::active(conn, site)?;
    Ok(Some(Standing { position, bundle, active }))
}

pub(super) fn series(conn: &Connection, site: &str, tags: &[String]) -> Result<Vec<Found>, HistoryError> {
    let mut query = conn.prepare_cached(
        "SELECT id, tag, unit, quantity, title_en, title_zh, area FROM series
         WHERE site = ?1 AND (?2 = '[]' OR tag IN (SELECT value FROM json_each(?2))) ORDER BY tag, id",
    )?;
    let found = |row: &Row<'_>| {
        let text = |column: usize| row.get::<_, std::sync::Arc<str>>(column);
        let series = Series {
            tag: text(1)?,
            unit: text(2)?,
            quantity: text(3)?,
            title_en: text(4)?,
            title_zh: text(5)?,
            area: row.get(6)?,
        };
        Ok(Found { id: row.get(0)?, series })
    };
    let rows = query.query_map(params![site, list(tags)], found)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Readings of one series, packed and in rows. What two statements see has to be the same: within a transaction.
pub(super) fn readings(conn: &Connection, page: &Page) -> Result<Vec<Sample>, HistoryError> {
    let mut found = packs::readings(conn, page)?;
    found.extend(rows(conn, page)?);
    // Packed hours and those in rows may lie between each other.
    found.sort_by(|a, b| {
        let ((time_a, value_a), (time_b, value_b)) =
            (packs::key((a.time, a.value)), packs::key((b.time, b.value)));
        time_a.cmp(&time_b).then(value_a.total_cmp(&value_b))
    });
    found.truncate(page.limit);
    Ok(found)
}

/// Readings of one series that are in rows.
pub(super) fn rows(conn: &Connection, page: &Page) -> Result<Vec<Sample>, HistoryError> {
    let (from, until, limit) = (page.from.as_micros(), page.until.as_micros(), at_most(page.limit));
    let mut found = Vec::new();
    let mut query;
    let mut rows = match page.after {
        None => {
            query = conn.prepare_cached(
                "SELECT time, arrival, value, quality FROM readings
                 WHERE series = ?1 AND time >= ?2 AND time < ?3 ORDER BY time, value LIMIT ?4",
            )?;
            query.query(params![page.series, from, until, limit])?
        }
        Some((time, value)) => {
            query = conn.prepare_cached(
                "SELECT time, arrival, value, quality FROM readings
                 WHERE series = ?1 AND time >= ?2 AND time < ?3 AND (time, value) > (?5, ?6)
                 ORDER BY time, value LIMIT ?4",
            )?;
            let time = time.as_micros();
            query.query(params![page.series, from.max(time), until, limit, time, of_value(value)])?
        }
    };
    while let Some(row) = rows.next()? {
        found.push(sample(row, 0)?);
    }
    Ok(found)
}

pub(super) fn readings_of_site(
    conn: &Connection,
    site: &str,
    from: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<OfSite>, HistoryError> {
    let asked = || HistoryError::Asked(format!("more than {limit} readings: ask for a shorter time"));
    let mut query = conn.prepare_cached("SELECT id FROM series WHERE site = ?1 ORDER BY id")?;
    let all = query.query_map([site], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i32>>>()?;
    let mut found = Vec::new();
    for series in all {
        let page = Page { series, from, until, after: None, limit: limit.saturating_add(1) };
        found.extend(readings(conn, &page)?.into_iter().map(|sample| OfSite { series, sample }));
        if found.len() > limit {
            return Err(asked());
        }
    }
    // Stable: they are by series, time and value already.
    found.sort_by_key(|one| one.sample.arrival);
    Ok(found)
}

/// Buckets that begin in `from..until`, in order, packed or not; at most `limit`.
pub(super) fn buckets(
    conn: &Connection,
    level: Level,
    series: i32,
    from: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Bucket>, HistoryError> {
    let mut found = bucket_packs::buckets(conn, level, series, from, until, limit)?;
    found.extend(bucket_rows(conn, level, series, from, until, limit)?);
    found.sort_by_key(|bucket| bucket.start);
    found.truncate(limit);
    Ok(found)
}

/// Those of them that are in rows.
pub(super) fn bucket_rows(
    conn: &Connection,
    level: Level,
    series: i32,
    from: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Bucket>, HistoryError> {
    let mut query = conn.prepare_cached(&format!(
        "SELECT bucket, value_min, value_max, value_sum, value_first, value_last, readings, valued, good
         FROM readings_{} WHERE series = ?1 AND bucket >= ?2 AND bucket < ?3 ORDER BY bucket LIMIT ?4",
        level.word()
    ))?;
    let mut rows = query.query(params![series, from.as_micros(), until.as_micros(), at_most(limit)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(bucket(row)?);
    }
    Ok(found)
}

fn bucket(row: &Row<'_>) -> Result<Bucket, HistoryError> {
    let number = |column: usize| row.get::<_, Option<f64>>(column);
    let values = match (number(1)?, number(2)?, number(3)?, number(4)?, number(5)?) {
        (Some(min), Some(max), Some(sum), Some(first), Some(last)) => {
            Some(Values { min, max, sum, first, last })
        }
        _ => None,
    };
    Ok(Bucket {
        start: time(row, 0)?,
        values,
        readings: natural(row.get(6)?)?,
        valued: natural(row.get(7)?)?,
        good: natural(row.get(8)?)?,
    })
}

pub(super) fn state(conn: &Connection) -> Result<State, HistoryError> {
    let series = conn.query_row("SELECT count(*) FROM series", [], |row| row.get(0))?;
    let mut query = conn.prepare_cached(
        "SELECT site, noticed, first_commit, last_commit FROM holes ORDER BY noticed, site",
    )?;
    let mut rows = query.query([])?;
    let mut holes = Vec::new();
    while let Some(row) = rows.next()? {
        holes.push(Hole {
            site: row.get(0)?,
            noticed: time(row, 1)?,
            first_commit: natural(row.get(2)?)?,
            last_commit: natural(row.get(3)?)?,
        });
    }
    Ok(State {
        kind: "sqlite",
        bytes: room::Room::of(conn)?.file_bytes(),
        series: natural(series)?,
        rolled_until: mark(conn, ROLLED_UNTIL)?,
        holes,
    })
}
