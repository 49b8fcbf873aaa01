//! The ledger's file. What is committed in it outlives a power cut.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use davy_journal::SideFile;
use davy_model::{Tier, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::{Value, json};

use super::{LedgerBounds, LedgerError};
use crate::consumers::{
    consumer::{Filters, News, Position, Standing},
    runs::{RUN_SPAN_MAX, Run},
};

const TABLES: &str = "
CREATE TABLE consumers(
  consumer TEXT PRIMARY KEY, since_us INTEGER NOT NULL, is_connected INTEGER NOT NULL, heard_us INTEGER,
  filters TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE deliveries(
  number INTEGER PRIMARY KEY AUTOINCREMENT, consumer TEXT NOT NULL, site TEXT NOT NULL, from_sequence INTEGER NOT NULL,
  to_sequence INTEGER NOT NULL, first_sent_us INTEGER NOT NULL, last_sent_us INTEGER NOT NULL, confirmed_us INTEGER)
  STRICT;
CREATE INDEX deliveries_of_consumer ON deliveries(consumer, number);
CREATE INDEX deliveries_unconfirmed ON deliveries(consumer, site, to_sequence) WHERE confirmed_us IS NULL;
";

const FILE: SideFile = SideFile {
    // `Cons`.
    application_id: 0x436f_6e73,
    schema_version: 1,
    tables: TABLES,
    holds: "consumers",
    has_log: true,
};

/// The open file.
#[derive(Debug)]
pub(in crate::consumers) struct LedgerFile {
    pub(super) conn: Connection,
}

impl LedgerFile {
    pub(super) fn open(path: &Path) -> Result<LedgerFile, LedgerError> {
        Ok(LedgerFile { conn: FILE.open(path)? })
    }

    /// How consumers stood. One that was connected when the process died is not any more, from `now` on.
    pub(super) fn standing(&self, now: Timestamp) -> Result<BTreeMap<Arc<str>, Standing>, LedgerError> {
        let mut select =
            self.conn.prepare("SELECT consumer, since_us, is_connected, heard_us, filters FROM consumers")?;
        let mut rows = select.query([])?;
        let mut found = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let since = if row.get(2)? { now } else { Timestamp::from_micros(row.get(1)?) };
            let standing = Standing {
                heard: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_micros),
                filters: filters_of(&row.get::<_, String>(4)?),
                ..Standing::since(since)
            };
            found.insert(row.get::<_, String>(0)?.into(), standing);
        }
        Ok(found)
    }

    /// All of it, or nothing; and lets go what is past `bounds`. Gives how many runs went.
    pub(super) fn write(
        &mut self,
        news: &[(Arc<str>, News)],
        bounds: &LedgerBounds,
    ) -> Result<u64, LedgerError> {
        let transaction = self.conn.transaction()?;
        let mut evicted = 0;
        for (consumer, news) in news {
            for run in &news.runs {
                write_run(&transaction, consumer, run)?;
            }
            for (site, position) in &news.confirmed {
                write_confirmed(&transaction, consumer, site, *position)?;
            }
            if let Some(standing) = &news.standing {
                write_standing(&transaction, consumer, standing)?;
            }
            if let Some(run) = news.runs.last() {
                evicted += trim(&transaction, consumer, bounds, run.last_sent)?;
            }
        }
        transaction.commit()?;
        Ok(evicted)
    }

    /// Lets a consumer go; what was sent to it stays.
    pub(in crate::consumers) fn forget(&mut self, consumer: &str) -> Result<(), LedgerError> {
        self.conn.execute("DELETE FROM consumers WHERE consumer = ?1", [consumer])?;
        Ok(())
    }
}

/// Adds a run, or lengthens the last one where it goes on from it.
fn write_run(transaction: &Transaction<'_>, consumer: &str, run: &Run) -> Result<(), LedgerError> {
    let last: Option<(i64, i64, i64, Option<i64>)> = transaction
        .prepare_cached(
            "SELECT number, to_sequence, first_sent_us, confirmed_us FROM deliveries
             WHERE consumer = ?1 AND site = ?2 ORDER BY number DESC LIMIT 1",
        )?
        .query_row(params![consumer, run.site], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    if let Some((number, to_sequence, first_sent, None)) = last
        && to_sequence + 1 == int(run.from_sequence)
        && run.last_sent.since(Timestamp::from_micros(first_sent)) <= RUN_SPAN_MAX
    {
        transaction
            .prepare_cached("UPDATE deliveries SET to_sequence = ?2, last_sent_us = ?3 WHERE number = ?1")?
            .execute(params![number, int(run.to_sequence), run.last_sent.as_micros()])?;
        return Ok(());
    }
    transaction
        .prepare_cached(
            "INSERT INTO deliveries(consumer, site, from_sequence, to_sequence, first_sent_us, last_sent_us)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            consumer,
            run.site,
            int(run.from_sequence),
            int(run.to_sequence),
            run.first_sent.as_micros(),
            run.last_sent.as_micros()
        ])?;
    Ok(())
}

/// Notes that everything up to a position is confirmed. A run that is confirmed in part becomes two. Nothing is confirmed before
/// it was sent: what was sent again after it, a later confirmation covers.
fn write_confirmed(
    transaction: &Transaction<'_>,
    consumer: &str,
    site: &str,
    position: Position,
) -> Result<(), LedgerError> {
    let (sequence, at) = (int(position.sequence), position.at.as_micros());
    transaction
        .prepare_cached(
            "INSERT INTO deliveries(consumer, site, from_sequence, to_sequence, first_sent_us, last_sent_us)
             SELECT consumer, site, ?3 + 1, to_sequence, first_sent_us, last_sent_us FROM deliveries
             WHERE consumer = ?1 AND site = ?2 AND confirmed_us IS NULL AND from_sequence <= ?3 AND to_sequence > ?3
               AND first_sent_us <= ?4",
        )?
        .execute(params![consumer, site, sequence, at])?;
    transaction
        .prepare_cached(
            "UPDATE deliveries SET confirmed_us = ?4, to_sequence = min(to_sequence, ?3), last_sent_us = min(last_sent_us, ?4)
             WHERE consumer = ?1 AND site = ?2 AND confirmed_us IS NULL AND from_sequence <= ?3
               AND first_sent_us <= ?4",
        )?
        .execute(params![consumer, site, sequence, at])?;
    Ok(())
}

fn write_standing(
    transaction: &Transaction<'_>,
    consumer: &str,
    standing: &Standing,
) -> Result<(), LedgerError> {
    transaction.prepare_cached("INSERT OR REPLACE INTO consumers VALUES(?1, ?2, ?3, ?4, ?5)")?.execute(
        params![
            consumer,
            standing.since.as_micros(),
            standing.streams > 0,
            standing.heard.map(Timestamp::as_micros),
            filters_text(&standing.filters)
        ],
    )?;
    Ok(())
}

fn trim(
    transaction: &Transaction<'_>,
    consumer: &str,
    bounds: &LedgerBounds,
    now: Timestamp,
) -> Result<u64, LedgerError> {
    let oldest = now.minus(bounds.keep).as_micros();
    let mut gone = transaction
        .prepare_cached("DELETE FROM deliveries WHERE consumer = ?1 AND last_sent_us < ?2")?
        .execute(params![consumer, oldest])?;
    gone += transaction
        .prepare_cached(
            "DELETE FROM deliveries WHERE consumer = ?1 AND number <= coalesce(
               (SELECT number FROM deliveries WHERE consumer = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2), 0)",
        )?
        .execute(params![consumer, int(bounds.of_one_max)])?;
    gone += transaction
        .prepare_cached("DELETE FROM deliveries WHERE number <= (SELECT max(number) FROM deliveries) - ?1")?
        .execute([int(bounds.of_all_max)])?;
    Ok(gone as u64)
}

fn filters_text(filters: &Filters) -> String {
    let tier = filters.tier.map(Tier::word);
    json!({ "sites": filters.sites, "scopes": filters.scopes, "tier": tier }).to_string()
}

/// What cannot be read filters nothing: it is only shown.
fn filters_of(text: &str) -> Filters {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let list = |key: &str| {
        let items = value[key].as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Filters {
        sites: list("sites"),
        scopes: list("scopes"),
        tier: value["tier"].as_str().and_then(Tier::from_word),
    }
}

pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
