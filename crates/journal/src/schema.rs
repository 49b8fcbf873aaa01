//! The tables, how a database file comes into being, and how it is told from any other file.

use std::{collections::BTreeMap, time::Duration};

use davy_model::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, config::DbConfig, params};
use sha2::{Digest, Sha256};

use crate::{
    Head, base,
    error::{JournalError, Result},
    files::Files,
    numbers::{int, natural},
    sums::{Sums, SumsLog, page_sum},
};

/// `Davy`, in the file's header.
const APPLICATION_ID: i32 = 0x4461_7679;
/// Of the tables below. A release reads every schema up to its own.
const SCHEMA_VERSION: u32 = 2;
/// How long a statement waits for a foreign reader or writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Columns are in the order they are looked for: what lies behind a long value is slow to reach. The one index is on
/// whole numbers, and holds only the commits that decided something.
const TABLES: &str = "
CREATE TABLE site(
  id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL,
  base_number INTEGER NOT NULL, base_at INTEGER NOT NULL, base_sequence INTEGER NOT NULL,
  base_hash BLOB NOT NULL, checksum BLOB NOT NULL) STRICT;
CREATE TABLE commits(
  number INTEGER PRIMARY KEY, at INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL, transition_count INTEGER NOT NULL,
  hash BLOB NOT NULL, transitions BLOB NOT NULL, inputs BLOB NOT NULL) STRICT;
CREATE INDEX commits_that_decided ON commits(first_sequence) WHERE transition_count > 0;
CREATE TABLE snapshots(
  number INTEGER PRIMARY KEY, at INTEGER NOT NULL, schema INTEGER NOT NULL,
  checksum BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE cursors(
  name TEXT PRIMARY KEY, sequence INTEGER NOT NULL, at INTEGER NOT NULL,
  checksum BLOB NOT NULL) STRICT, WITHOUT ROWID;
";

/// Makes the files of a new journal, or none: the database takes its name last.
pub(crate) fn create(files: &Files, site: &str, page_size: u32) -> Result<()> {
    if files.len(&files.wal)? > 0 || has_history(files)? {
        let what = "the database file is gone, and the files beside it say that it held something";
        return Err(JournalError::damaged(files.database.display().to_string(), what));
    }
    files.remove(&files.fresh)?;
    let conn = files.connect(&files.fresh, OpenFlags::default())?;
    conn.pragma_update(None, "page_size", page_size)?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "application_id", APPLICATION_ID)?;
    conn.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    conn.execute_batch(&format!("BEGIN; {TABLES} {} COMMIT", base::TABLES))?;
    write_base(&conn, site, &Head::of_nothing(site))?;
    conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    conn.close().map_err(|(_, error)| error)?;
    files.open(&files.fresh)?.sync()?;
    let pages: BTreeMap<_, _> = files
        .read(&files.fresh)?
        .chunks(page_size as usize)
        .zip(1..)
        .map(|(page, number)| (number, page_sum(number, page)))
        .collect();
    SumsLog::create(files, page_size, pages)?;
    files.disk.rename(&files.fresh, &files.database)?;
    Ok(files.disk.sync_folder_of(&files.database)?)
}

/// Whether the sums beside a missing database are those of one that was used, not of a creation cut short.
fn has_history(files: &Files) -> Result<bool> {
    Ok(files.len(&files.sums)? > 0 && Sums::read(files)?.generation > 0)
}

/// A connection that writes.
pub(crate) fn open_writing(files: &Files) -> Result<Connection> {
    if files.len(&files.database)? == 0 {
        // SQLite would throw the write-ahead log of an empty database away.
        return Err(JournalError::damaged(files.database.display().to_string(), "the file is empty"));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = configured(files.connect(&files.database, flags)?)?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    // A restarted log keeps no frames of its former use behind the new ones.
    conn.pragma_update_and_check(None, "journal_size_limit", 0, |_| Ok(()))?;
    // Frames are written when a transaction commits, not before.
    conn.pragma_update(None, "cache_spill", false)?;
    Ok(conn)
}

/// A connection that only reads, beside a writer or alone.
pub(crate) fn open_reading(files: &Files) -> Result<Connection> {
    if files.len(&files.database)? == 0 {
        return Err(JournalError::misuse(format!("{} is not there, or empty", files.database.display())));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    configured(files.connect(&files.database, flags)?)
}

/// No connection of ours ever checkpoints by itself: the sums are written first.
pub(crate) fn configured(conn: Connection) -> Result<Connection> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    conn.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    Ok(conn)
}

/// A checkpoint does not wait for readers: it is tried again later.
pub(crate) fn without_waiting<T>(conn: &Connection, act: impl FnOnce() -> Result<T>) -> Result<T> {
    conn.busy_timeout(Duration::ZERO)?;
    let done = act();
    conn.busy_timeout(BUSY_TIMEOUT)?;
    done
}

/// Checks that the file is a journal this release knows. Gives its site, and what it begins after.
pub(crate) fn identify(conn: &Connection) -> Result<(String, Head)> {
    let place = "the header of the database file";
    let application: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(JournalError::damaged(place, "it is not a journal of Davy"));
    }
    let found = version(conn)?;
    if found > SCHEMA_VERSION {
        return Err(JournalError::Newer { found, known: SCHEMA_VERSION });
    }
    let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if found == 0 || !matches!(mode.as_str(), "wal" | "off" | "delete") {
        return Err(JournalError::damaged(place, format!("schema {found}, journal mode {mode}")));
    }
    read_base(conn)
}

/// The schema of the file.
pub(crate) fn version(conn: &Connection) -> Result<u32> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Brings a file of an earlier schema to this one, in the transaction of the caller.
pub(crate) fn migrate(conn: &Connection) -> Result<()> {
    if version(conn)? < 2 {
        conn.execute_batch(base::TABLES)?;
    }
    Ok(conn.pragma_update(None, "user_version", SCHEMA_VERSION)?)
}

/// Whether a file has still to be brought to this schema.
pub(crate) fn is_earlier(conn: &Connection) -> Result<bool> {
    Ok(version(conn)? < SCHEMA_VERSION)
}

/// Refuses a database that would not write ahead.
pub(crate) fn check_mode(conn: &Connection) -> Result<()> {
    let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode == "wal" { Ok(()) } else { Err(JournalError::damaged("the header of the database file", mode)) }
}

/// Notes what the journal begins after.
pub(crate) fn write_base(conn: &Connection, site: &str, base: &Head) -> Result<()> {
    conn.execute(
        "INSERT OR REPLACE INTO site VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            site,
            int(base.number)?,
            base.at.as_micros(),
            int(base.sequence)?,
            base.hash,
            base_checksum(site, base)
        ],
    )?;
    Ok(())
}

/// The site, and what the journal begins after.
pub(crate) fn read_base(conn: &Connection) -> Result<(String, Head)> {
    type Row = (String, i64, i64, i64, [u8; 32], [u8; 32]);
    let row: Option<Row> = conn
        .query_row("SELECT * FROM site", [], |row| {
            Ok((row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
        })
        .optional()?;
    let missing = || JournalError::damaged("the site's row", "it is not there");
    let (site, number, at, sequence, hash, checksum) = row.ok_or_else(missing)?;
    let at = Timestamp::from_micros(at);
    let base = Head { number: natural(number)?, at, sequence: natural(sequence)?, hash };
    if checksum != base_checksum(&site, &base) {
        return Err(JournalError::damaged("the site's row", "its checksum does not hold"));
    }
    Ok((site, base))
}

fn base_checksum(site: &str, base: &Head) -> [u8; 32] {
    Sha256::new()
        .chain_update(base.number.to_le_bytes())
        .chain_update(base.at.as_micros().to_le_bytes())
        .chain_update(base.sequence.to_le_bytes())
        .chain_update(base.hash)
        .chain_update(site)
        .finalize()
        .into()
}
