//! From when to when there are readings of a site.

use davy_model::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{pack, read, value::time};
use crate::{Extent, HistoryError};

/// Two questions, for of one alone the index knows the answer.
const ENDS: &str = "SELECT (SELECT min(time) FROM readings WHERE series = ?1), (SELECT max(time) FROM readings WHERE series = ?1)";

pub(super) fn extent(conn: &Connection, site: &str) -> Result<Option<Extent>, HistoryError> {
    let mut query = conn.prepare_cached("SELECT id FROM series WHERE site = ?1")?;
    let all = query.query_map([site], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i32>>>()?;
    let mut times = Vec::new();
    for series in all {
        let rows: [Option<i64>; 2] =
            conn.prepare_cached(ENDS)?.query_row([series], |row| Ok([row.get(0)?, row.get(1)?]))?;
        times.extend(rows.into_iter().flatten().map(Timestamp::from_micros));
        for order in ["ASC", "DESC"] {
            times.extend(packed(conn, series, order)?);
        }
    }
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return Ok(None) };
    let active = read::standing(conn, site)?.and_then(|standing| standing.bundle);
    Ok(Some(Extent { first: *first, last: *last, active }))
}

/// The times of the first or the last packed hour of a series.
fn packed(conn: &Connection, series: i32, order: &str) -> Result<Vec<Timestamp>, HistoryError> {
    let mut query = conn.prepare_cached(&format!(
        "SELECT hour, data FROM packs WHERE series = ?1 ORDER BY hour {order} LIMIT 1"
    ))?;
    let hour = query.query_row(params![series], |row| Ok((time(row, 0)?, row.get::<_, Vec<u8>>(1)?)));
    let Some((hour, data)) = hour.optional()? else { return Ok(Vec::new()) };
    Ok(pack::unpack(hour, &data)?.into_iter().map(|sample| sample.time).collect())
}
