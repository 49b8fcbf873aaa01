//! The one connection that writes, and what it remembers.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use davy_model::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::{
    SqliteConfig,
    read::{READINGS_FROM, mark},
    roll_up::STEP_MIN,
    schema,
};
use crate::{HistoryError, Retention, Series, start_of};

const DAY: Duration = Duration::from_secs(86_400);

/// The one connection that writes.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) conn: Connection,
    pub(super) retention: Retention,
    /// What the file may take, bytes.
    pub(super) bytes_max: u64,
    /// Of series that were seen.
    pub(super) ids: Ids,
    /// What a transaction rolls up.
    pub(super) step: Duration,
    /// Rows that were dropped, and of which nobody was told yet.
    pub(super) dropped: u64,
}

/// The numbers of series, by site.
pub(super) type Ids = HashMap<Box<str>, HashMap<Series, i32>>;

impl Writer {
    pub(super) fn open(config: &SqliteConfig, retention: Retention) -> Result<Writer, HistoryError> {
        let conn = schema::open(&config.path)?;
        Ok(Writer {
            conn,
            retention,
            bytes_max: config.bytes_max,
            ids: Ids::new(),
            step: STEP_MIN,
            dropped: 0,
        })
    }

    /// The first moment of which readings are kept: by age whole days, by size whole hours.
    pub(super) fn oldest(&self, now: Timestamp) -> Result<Timestamp, HistoryError> {
        let oldest = start_of(now.minus(self.retention.readings), DAY);
        Ok(mark(&self.conn, READINGS_FROM)?.map_or(oldest, |from| from.max(oldest)))
    }
}

/// The numbers of series, made where there are none.
pub(super) fn intern(
    transaction: &Transaction<'_>,
    ids: &mut Ids,
    site: &str,
    series: &[Series],
) -> Result<Vec<i32>, HistoryError> {
    let known = ids.entry(site.into()).or_default();
    let mut unknown: BTreeMap<(&str, &str), &Series> = BTreeMap::new();
    for one in series.iter().filter(|one| !known.contains_key(*one)) {
        unknown.insert((&one.tag, &one.unit), one);
    }
    let mut made = BTreeMap::new();
    for (key, one) in unknown {
        made.insert(key, make(transaction, site, one)?);
    }
    for one in series {
        if let Some(id) = made.get(&(&*one.tag, &*one.unit)) {
            known.insert(one.clone(), *id);
        }
    }
    Ok(series.iter().map(|one| known[one]).collect())
}

fn make(transaction: &Transaction<'_>, site: &str, one: &Series) -> Result<i32, HistoryError> {
    // What people call a tag may change; what it is stays.
    let mut statement = transaction.prepare_cached(
        "INSERT INTO series(site, tag, unit, quantity, title_en, title_zh, area) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (site, tag, unit) DO UPDATE SET quantity = excluded.quantity, title_en = excluded.title_en,
           title_zh = excluded.title_zh, area = excluded.area RETURNING id",
    )?;
    let values = params![
        site,
        &*one.tag,
        &*one.unit,
        &*one.quantity,
        &*one.title_en,
        &*one.title_zh,
        one.area.as_deref()
    ];
    Ok(statement.query_row(values, |row| row.get(0))?)
}
