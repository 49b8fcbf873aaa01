//! The file itself: one SQLite database for all inboxes, apart from every journal.
//!
//! It writes ahead without a flush for each transaction: what is committed outlives the process however it ends, and a power
//! cut costs the last half minute at most, never the file. It is this process's alone (`locking_mode=EXCLUSIVE`).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use bytes::Bytes;
use davy_model::{Reason, Timestamp};
use rusqlite::{Connection, ErrorCode, Row, Transaction, params};

use super::findings;
use crate::DeadLetter;
use crate::dead_letters::{Saved, Unsaved};
use crate::letter_groups::Group;

/// `Dead`, in the file's header.
const APPLICATION_ID: i32 = 0x4465_6164;
/// Of the tables below.
const SCHEMA_VERSION: i32 = 2;
/// What a file of layout 1 lacks. Whoever sent what was refused for its topic then is not known, so it is nobody who may.
const SINCE_1: &str = "
ALTER TABLE letters ADD COLUMN sender TEXT;
UPDATE letters SET sender = '' WHERE findings LIKE '%\"TOPIC_NOT_ALLOWED\"%';
PRAGMA user_version = 2;
";
/// Numbers that may have been given when a process ends without a word: more than come in the time between two writes.
const AHEAD: u64 = 10_000;

const TABLES: &str = "
CREATE TABLE inboxes(inbox TEXT PRIMARY KEY, last_number INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE letters(
  inbox TEXT NOT NULL, number INTEGER NOT NULL, arrival INTEGER NOT NULL, site TEXT NOT NULL, edge_node TEXT NOT NULL,
  topic TEXT NOT NULL, rejected INTEGER NOT NULL, omitted INTEGER NOT NULL, replayed INTEGER, findings TEXT NOT NULL,
  payload BLOB NOT NULL, sender TEXT, UNIQUE(inbox, number)) STRICT;
CREATE TABLE kinds(
  inbox TEXT NOT NULL, edge_node TEXT NOT NULL, code TEXT NOT NULL, pointer TEXT NOT NULL, messages INTEGER NOT NULL,
  readings INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, example INTEGER NOT NULL,
  PRIMARY KEY(inbox, edge_node, code, pointer)) STRICT, WITHOUT ROWID;
";

/// What a file holds, by inbox.
pub(super) type Content = BTreeMap<String, Saved>;

/// The open file.
#[derive(Debug)]
pub(super) struct LetterFile {
    conn: Connection,
}

/// Why the file is of no use.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// It does not say what such a file says.
    #[error("{0}")]
    Damaged(String),
    /// The disk, or SQLite.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// It could not be put aside.
    #[error("it could not be put aside: {0}")]
    Aside(#[from] io::Error),
}

impl FileError {
    /// Whether another try on the same file would meet the same.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            FileError::Damaged(_) => true,
            FileError::Aside(_) => false,
            FileError::Sqlite(error) => match error.sqlite_error_code() {
                // A table that is not there, a cell of another type: no file of ours.
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) | None => {
                    true
                }
                Some(_) => false,
            },
        }
    }
}

impl LetterFile {
    /// Opens the file, or makes it, and reads it whole.
    pub(super) fn open(path: &Path) -> Result<(LetterFile, Content), FileError> {
        let mut conn = Connection::open(path)?;
        conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        conn.pragma_update(None, "synchronous", "NORMAL")?;
        let tables: u32 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables == 0 {
            create(&mut conn)?;
        }
        bring_up(&mut conn)?;
        check(&conn)?;
        let content = read(&conn)?;
        Ok((LetterFile { conn }, content))
    }

    /// Says which numbers may be given from now on, so that none is given again after an end without a word.
    pub(super) fn begin<'a>(
        &mut self,
        last_numbers: impl Iterator<Item = (&'a str, u64)>,
    ) -> Result<(), FileError> {
        let transaction = self.conn.transaction()?;
        for (inbox, last) in last_numbers {
            note_number(&transaction, inbox, last + AHEAD)?;
        }
        Ok(transaction.commit()?)
    }

    /// Writes what an inbox has and the file has not: all of it, or nothing.
    pub(super) fn write(&mut self, inbox: &str, unsaved: &Unsaved) -> Result<(), FileError> {
        let transaction = self.conn.transaction()?;
        note_number(&transaction, inbox, unsaved.last_number + AHEAD)?;
        // Room is made first: a disk that is full takes the new ones in place of the old.
        transaction
            .prepare_cached("DELETE FROM letters WHERE inbox = ?1 AND number < ?2")?
            .execute(params![inbox, int(unsaved.oldest)])?;
        for letter in &unsaved.letters {
            insert(&transaction, inbox, letter)?;
        }
        for (number, at) in &unsaved.replayed {
            transaction
                .prepare_cached("UPDATE letters SET replayed = ?3 WHERE inbox = ?1 AND number = ?2")?
                .execute(params![inbox, int(*number), at.as_micros()])?;
        }
        for group in &unsaved.groups {
            note_kind(&transaction, inbox, group)?;
        }
        Ok(transaction.commit()?)
    }

    /// Ends with a word: numbers go on without a leap.
    pub(super) fn close<'a>(
        mut self,
        last_numbers: impl Iterator<Item = (&'a str, u64)>,
    ) -> Result<(), FileError> {
        let transaction = self.conn.transaction()?;
        for (inbox, last) in last_numbers {
            note_number(&transaction, inbox, last)?;
        }
        transaction.commit()?;
        Ok(self.conn.close().map_err(|(_, error)| error)?)
    }

    /// Leaves the file no room to grow, as a full disk does; or all room again.
    #[cfg(test)]
    pub(super) fn limit_pages(&self, pages: u32) {
        self.conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).expect("a limit");
    }
}

/// Gives a file that is of no use, and what belongs to it, other names. The last one put aside goes.
pub(super) fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let with = |suffix: &str| {
        let mut name = OsString::from(path);
        name.push(suffix);
        PathBuf::from(name)
    };
    // The log first: it must not be taken for that of a new file.
    for (from, to) in [("-wal", ".damaged-wal"), ("", ".damaged")] {
        match fs::rename(with(from), with(to)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            renamed => renamed?,
        }
    }
    Ok(with(".damaged"))
}

fn create(conn: &mut Connection) -> Result<(), FileError> {
    let transaction = conn.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    Ok(transaction.commit()?)
}

/// Gives a file of a layout before this one what it lacks.
fn bring_up(conn: &mut Connection) -> Result<(), FileError> {
    let application: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i32 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if (application, version) == (APPLICATION_ID, 1) {
        let transaction = conn.transaction()?;
        transaction.execute_batch(SINCE_1)?;
        transaction.commit()?;
    }
    Ok(())
}

fn check(conn: &Connection) -> Result<(), FileError> {
    let application: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i32 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if application != APPLICATION_ID || version != SCHEMA_VERSION {
        let what = format!("it is no file of dead letters of this release (layout {version})");
        return Err(FileError::Damaged(what));
    }
    let said: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(FileError::Damaged(said)) }
}

fn read(conn: &Connection) -> Result<Content, FileError> {
    let mut content = Content::new();
    let mut inboxes = conn.prepare("SELECT inbox, last_number FROM inboxes")?;
    let mut rows = inboxes.query([])?;
    while let Some(row) = rows.next()? {
        content.entry(row.get(0)?).or_default().last_number = natural(row, 1)?;
    }
    let mut letters = conn.prepare(
        "SELECT inbox, number, arrival, site, edge_node, topic, rejected, omitted, replayed, findings, payload,
         sender
         FROM letters ORDER BY inbox, number",
    )?;
    let mut rows = letters.query([])?;
    while let Some(row) = rows.next()? {
        let saved = content.entry(row.get(0)?).or_default();
        let letter = letter(row)?;
        saved.last_number = saved.last_number.max(letter.number);
        saved.letters.push(letter);
    }
    let mut kinds = conn.prepare(
        "SELECT inbox, edge_node, code, pointer, messages, readings, first, last, example FROM kinds",
    )?;
    let mut rows = kinds.query([])?;
    while let Some(row) = rows.next()? {
        content.entry(row.get(0)?).or_default().groups.extend(kind(row)?);
    }
    Ok(content)
}

fn letter(row: &Row<'_>) -> Result<DeadLetter, FileError> {
    let text: String = row.get(9)?;
    let (findings, unknown) =
        findings::of_cell(&text).map_err(|error| FileError::Damaged(error.to_string()))?;
    let omitted: u32 = row.get(7)?;
    Ok(DeadLetter {
        number: natural(row, 1)?,
        arrival: time(row, 2)?,
        site: row.get(3)?,
        edge_node: row.get(4)?,
        topic: row.get(5)?,
        rejected: row.get(6)?,
        findings_omitted: omitted.saturating_add(unknown),
        replayed: row.get::<_, Option<i64>>(8)?.map(Timestamp::from_micros),
        findings,
        payload: Bytes::from(row.get::<_, Vec<u8>>(10)?),
        sender: row.get(11)?,
    })
}

/// Nothing for a code that this release does not know.
fn kind(row: &Row<'_>) -> Result<Option<Group>, FileError> {
    let Some(reason) = Reason::from_word(&row.get::<_, String>(2)?) else { return Ok(None) };
    Ok(Some(Group {
        edge_node: row.get(1)?,
        reason,
        pointer: row.get(3)?,
        messages: natural(row, 4)?,
        readings: natural(row, 5)?,
        first: time(row, 6)?,
        last: time(row, 7)?,
        example: natural(row, 8)?,
    }))
}

fn insert(transaction: &Transaction<'_>, inbox: &str, letter: &DeadLetter) -> Result<(), FileError> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO letters VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    insert.execute(params![
        inbox,
        int(letter.number),
        letter.arrival.as_micros(),
        letter.site,
        letter.edge_node,
        letter.topic,
        letter.rejected,
        letter.findings_omitted,
        letter.replayed.map(Timestamp::as_micros),
        findings::to_cell(&letter.findings),
        &letter.payload[..],
        letter.sender,
    ])?;
    Ok(())
}

fn note_kind(transaction: &Transaction<'_>, inbox: &str, group: &Group) -> Result<(), FileError> {
    let mut insert = transaction
        .prepare_cached("INSERT OR REPLACE INTO kinds VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    insert.execute(params![
        inbox,
        group.edge_node,
        group.reason.word(),
        group.pointer,
        int(group.messages),
        int(group.readings),
        group.first.as_micros(),
        group.last.as_micros(),
        int(group.example),
    ])?;
    Ok(())
}

fn note_number(transaction: &Transaction<'_>, inbox: &str, last: u64) -> Result<(), FileError> {
    let mut insert = transaction.prepare_cached("INSERT OR REPLACE INTO inboxes VALUES(?1, ?2)")?;
    insert.execute(params![inbox, int(last)])?;
    Ok(())
}

fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn natural(row: &Row<'_>, column: usize) -> Result<u64, FileError> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| FileError::Damaged(format!("{number} is no count")))
}

fn time(row: &Row<'_>, column: usize) -> Result<Timestamp, FileError> {
    Ok(Timestamp::from_micros(row.get(column)?))
}
