//! The file: what it is known by, its tables, and the way from those of an earlier release to today's.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::error::at;
use crate::HistoryError;

/// `Hist`, in the file's header.
const APPLICATION_ID: i32 = 0x4869_7374;
/// How long a call waits for another process that has the file.
const BUSY: Duration = Duration::from_secs(5);
/// What the log beside the file shrinks to, bytes.
const LOG_BYTES_MAX: i64 = 4 << 20;

/// How tables came to be, in order. The file's `user_version` says how many of these steps it has.
pub(super) const STEPS: [&str; 4] = [EVENTS, READINGS, PACKS, BUCKET_PACKS];

/// Where sites stand, and what befell them.
const EVENTS: &str = "
CREATE TABLE series(
  id INTEGER PRIMARY KEY, site TEXT NOT NULL, tag TEXT NOT NULL, unit TEXT NOT NULL, quantity TEXT NOT NULL,
  title_en TEXT NOT NULL, title_zh TEXT NOT NULL, area TEXT, UNIQUE(site, tag, unit)) STRICT;
CREATE TABLE positions(
  site TEXT PRIMARY KEY, era INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, sequence INTEGER NOT NULL,
  at INTEGER NOT NULL, revision TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE revisions(site TEXT NOT NULL, revision TEXT NOT NULL, files TEXT NOT NULL, PRIMARY KEY(site, revision)) STRICT;
CREATE TABLE activations(
  site TEXT NOT NULL, at INTEGER NOT NULL, revision TEXT NOT NULL, PRIMARY KEY(site, at, revision)) STRICT, WITHOUT ROWID;
CREATE TABLE holes(
  site TEXT NOT NULL, noticed INTEGER NOT NULL, first_commit INTEGER NOT NULL, last_commit INTEGER NOT NULL,
  PRIMARY KEY(site, noticed)) STRICT, WITHOUT ROWID;
CREATE TABLE transitions(
  site TEXT NOT NULL, era INTEGER NOT NULL, sequence INTEGER NOT NULL, source_time INTEGER NOT NULL,
  recorded_time INTEGER NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, kind TEXT NOT NULL,
  tier_rank INTEGER NOT NULL, scopes TEXT NOT NULL, record BLOB NOT NULL,
  UNIQUE(site, era, sequence, source_time)) STRICT;
CREATE INDEX transitions_by_time ON transitions(recorded_time, site, sequence);
CREATE INDEX transitions_by_source_time ON transitions(source_time);
CREATE TABLE alarms(
  site TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, era INTEGER NOT NULL, sequence INTEGER NOT NULL,
  state TEXT NOT NULL, condition TEXT NOT NULL, tier_rank INTEGER NOT NULL, scopes TEXT NOT NULL,
  PRIMARY KEY(site, rule, subject)) STRICT, WITHOUT ROWID;
CREATE TABLE risk_levels(
  site TEXT NOT NULL, scope TEXT NOT NULL, at INTEGER NOT NULL, tier TEXT, PRIMARY KEY(site, scope, at)) STRICT, WITHOUT ROWID;
CREATE TABLE edge_nodes(
  site TEXT NOT NULL, edge_node TEXT NOT NULL, at INTEGER NOT NULL, change TEXT NOT NULL,
  PRIMARY KEY(site, edge_node, at, change)) STRICT, WITHOUT ROWID;
CREATE TABLE dead_letters(
  site TEXT NOT NULL, hour INTEGER NOT NULL, run INTEGER NOT NULL, code TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(site, hour, run, code)) STRICT, WITHOUT ROWID;
";

/// Readings, what is rolled up of them, and how far. Times are µs since 1970. No value was measured: infinity, which is no
/// value of a reading and, as in PostgreSQL, comes after all of them.
const READINGS: &str = "
CREATE TABLE readings(
  series INTEGER NOT NULL, time INTEGER NOT NULL, value REAL NOT NULL, arrival INTEGER NOT NULL, quality INTEGER NOT NULL,
  PRIMARY KEY(series, time, value)) STRICT, WITHOUT ROWID;
CREATE TABLE readings_1m(
  series INTEGER NOT NULL, bucket INTEGER NOT NULL, value_min REAL, value_max REAL, value_sum REAL, value_first REAL,
  value_last REAL, readings INTEGER NOT NULL, valued INTEGER NOT NULL, good INTEGER NOT NULL,
  PRIMARY KEY(series, bucket)) STRICT, WITHOUT ROWID;
CREATE TABLE readings_5m(
  series INTEGER NOT NULL, bucket INTEGER NOT NULL, value_min REAL, value_max REAL, value_sum REAL, value_first REAL,
  value_last REAL, readings INTEGER NOT NULL, valued INTEGER NOT NULL, good INTEGER NOT NULL,
  PRIMARY KEY(series, bucket)) STRICT, WITHOUT ROWID;
CREATE TABLE readings_1h(
  series INTEGER NOT NULL, bucket INTEGER NOT NULL, value_min REAL, value_max REAL, value_sum REAL, value_first REAL,
  value_last REAL, readings INTEGER NOT NULL, valued INTEGER NOT NULL, good INTEGER NOT NULL,
  PRIMARY KEY(series, bucket)) STRICT, WITHOUT ROWID;
CREATE TABLE marks(name TEXT PRIMARY KEY, time INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE roll_up_due(
  hour INTEGER NOT NULL, series INTEGER NOT NULL, PRIMARY KEY(hour, series)) STRICT, WITHOUT ROWID;
";

/// Hours of readings, packed. With a row number: a row of some kilobytes then lies in its page whole.
const PACKS: &str = "
CREATE TABLE packs(
  series INTEGER NOT NULL, hour INTEGER NOT NULL, readings INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE(series, hour)) STRICT;
";

/// Days of buckets, packed.
const BUCKET_PACKS: &str = "
CREATE TABLE bucket_packs(
  series INTEGER NOT NULL, level_s INTEGER NOT NULL, day INTEGER NOT NULL, buckets INTEGER NOT NULL, data BLOB NOT NULL,
  UNIQUE(series, level_s, day)) STRICT;
";

/// Opens the file for writing, or makes it, and brings its tables up to today's.
pub(super) fn open(path: &Path) -> Result<Connection, HistoryError> {
    let mut conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    prepare(&mut conn, path, STEPS.len())?;
    Ok(conn)
}

/// Opens the file to read from it.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, HistoryError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, HistoryError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(|error| at(path, &error))?;
    conn.busy_timeout(BUSY).map_err(|error| at(path, &error))?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

/// Makes the first `steps` steps that the file does not have.
pub(super) fn prepare(conn: &mut Connection, path: &Path, steps: usize) -> Result<(), HistoryError> {
    let has = check(conn, path)?;
    settle(conn, has == 0).map_err(|error| at(path, &error))?;
    let mut made = || -> rusqlite::Result<()> {
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have made them since.
        let has: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        for (number, step) in STEPS.iter().enumerate().take(steps).skip(has as usize) {
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "user_version", (number + 1) as i64)?;
        }
        if has == 0 {
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
        transaction.commit()
    };
    made().map_err(|error| at(path, &error))
}

fn settle(conn: &Connection, new: bool) -> rusqlite::Result<()> {
    if new {
        // Only a file without tables takes it.
        conn.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES_MAX, |_| Ok(()))
}

/// How many steps the file has; none when it is new.
fn check(conn: &Connection, path: &Path) -> Result<usize, HistoryError> {
    let number =
        |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| at(path, &error));
    let place = path.display();
    if number("SELECT count(*) FROM sqlite_schema")? == 0 {
        return Ok(0);
    }
    if number("PRAGMA application_id")? != i64::from(APPLICATION_ID) {
        return Err(HistoryError::Configuration(format!(
            "{place} is a database of something else: name another file for history"
        )));
    }
    let has = number("PRAGMA user_version")?;
    usize::try_from(has).ok().filter(|has| *has <= STEPS.len()).ok_or_else(|| {
        HistoryError::Schema(format!(
            "{place} has tables of version {has}, and this Davy knows {}: a newer Davy wrote it, use that one or name another file",
            STEPS.len()
        ))
    })
}
