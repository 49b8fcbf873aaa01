//! The file itself: one SQLite database for all exits. What is committed outlives a power cut.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use davy_journal::SideFile;
use davy_model::Timestamp;
use rusqlite::{Connection, ErrorCode, params};

use super::{
    Bounds, Note, StoreError, Trouble,
    write::{self, Trimmed},
};
use crate::{GapReason, exits::Gap};

const FILE: SideFile = SideFile {
    // `Exit`.
    application_id: 0x4578_6974,
    schema_version: 1,
    tables: TABLES,
    holds: "exits",
    has_log: true,
};

const TABLES: &str = "
CREATE TABLE exits(
  exit TEXT PRIMARY KEY, gone_us INTEGER, gone_why TEXT, trouble_us INTEGER, trouble_why TEXT, attempts INTEGER)
  STRICT, WITHOUT ROWID;
CREATE TABLE cursors(
  exit TEXT NOT NULL, site TEXT NOT NULL, sequence INTEGER NOT NULL, at_us INTEGER NOT NULL, PRIMARY KEY(exit, site))
  STRICT, WITHOUT ROWID;
CREATE TABLE ledger(
  number INTEGER PRIMARY KEY AUTOINCREMENT, exit TEXT NOT NULL, site TEXT NOT NULL, sequence INTEGER NOT NULL,
  id TEXT NOT NULL, at_us INTEGER NOT NULL, refused INTEGER NOT NULL, attempts INTEGER NOT NULL, answer TEXT NOT NULL)
  STRICT;
CREATE INDEX ledger_of_exit ON ledger(exit, number);
CREATE TABLE dead_letters(
  number INTEGER PRIMARY KEY AUTOINCREMENT, exit TEXT NOT NULL, site TEXT NOT NULL, sequence INTEGER NOT NULL,
  id TEXT NOT NULL, alert BLOB NOT NULL, refused_us INTEGER NOT NULL, why TEXT NOT NULL, attempts INTEGER NOT NULL,
  asked INTEGER NOT NULL, delivered_us INTEGER, UNIQUE(exit, id)) STRICT;
CREATE INDEX dead_letters_of_exit ON dead_letters(exit, number);
";

/// What was found missing and is not told yet. Files of before have none, and tables of another version would count as damage.
const GAPS: &str = "
CREATE TABLE IF NOT EXISTS gaps(
  exit TEXT NOT NULL, id TEXT NOT NULL, site TEXT NOT NULL, from_sequence INTEGER NOT NULL, to_sequence INTEGER NOT NULL,
  found_us INTEGER NOT NULL, PRIMARY KEY(exit, id)) STRICT, WITHOUT ROWID;
";

/// What is known of an exit from before.
#[derive(Clone, Debug, Default)]
pub(in crate::exits) struct Known {
    pub(in crate::exits) cursors: BTreeMap<Arc<str>, u64>,
    /// In the order they were found.
    pub(in crate::exits) gaps: Vec<Gap>,
    pub(in crate::exits) trouble: Option<Trouble>,
    pub(in crate::exits) gone: Option<(Timestamp, String)>,
    /// When its receiver refused something last that was not about exits, and why.
    pub(in crate::exits) refused: Option<(Timestamp, String)>,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(in crate::exits) struct Content {
    pub(in crate::exits) exits: BTreeMap<Arc<str>, Known>,
    /// What was told before is not known: the file was damaged, and put aside.
    pub(in crate::exits) is_new_after_damage: bool,
}

/// The open file.
#[derive(Debug)]
pub(in crate::exits) struct StoreFile {
    conn: Connection,
}

impl StoreFile {
    /// Opens the file, or makes it; puts one that is damaged aside.
    pub(super) fn open(path: &Path) -> Result<(StoreFile, Content), StoreError> {
        match StoreFile::try_open(path) {
            Err(error) if is_damage(&error) => {
                let aside = SideFile::put_aside(path)?;
                tracing::error!(file = %path.display(), %error, aside = %aside.display(),
                    "the file of exits is damaged and was put aside: receivers are told of a gap");
                let (file, content) = StoreFile::try_open(path)?;
                Ok((file, Content { is_new_after_damage: true, ..content }))
            }
            opened => opened,
        }
    }

    fn try_open(path: &Path) -> Result<(StoreFile, Content), StoreError> {
        let conn = FILE.open(path)?;
        conn.execute_batch(GAPS)?;
        let content = Content { exits: read(&conn)?, is_new_after_damage: false };
        Ok((StoreFile { conn }, content))
    }

    /// All of it, or nothing; and lets go what is past `bounds`.
    pub(super) fn write(
        &mut self,
        notes: &[Note],
        bounds: Option<(Bounds, Timestamp)>,
    ) -> Result<Trimmed, StoreError> {
        let transaction = self.conn.transaction()?;
        for note in notes {
            write::note(&transaction, note)?;
        }
        let trimmed = match bounds {
            Some((bounds, now)) => write::trim(&transaction, &bounds, now)?,
            None => Trimmed::default(),
        };
        transaction.commit()?;
        Ok(trimmed)
    }

    /// Where an exit begins, and what it tells first: a cursor that passes a gap never outlives it.
    pub(in crate::exits) fn begin(
        &mut self,
        exit: &str,
        cursors: &[(Arc<str>, u64)],
        gaps: &[Gap],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.conn.transaction()?;
        for gap in gaps {
            write::gap(&transaction, exit, gap)?;
        }
        for (site, sequence) in cursors {
            write::move_cursor(&transaction, exit, site, *sequence, at)?;
        }
        Ok(transaction.commit()?)
    }

    /// It wants nothing more; or, with nothing, wants things again.
    pub(in crate::exits) fn set_gone(
        &mut self,
        exit: &str,
        gone: Option<(Timestamp, String)>,
    ) -> Result<(), StoreError> {
        let (at, why) = gone.map(|(at, why)| (at.as_micros(), why)).unzip();
        self.conn.execute(
            "INSERT INTO exits(exit, gone_us, gone_why) VALUES(?1, ?2, ?3)
             ON CONFLICT(exit) DO UPDATE SET gone_us = ?2, gone_why = ?3",
            params![exit, at, why],
        )?;
        Ok(())
    }

    /// For whoever looks.
    pub(super) fn conn(&mut self) -> &mut Connection {
        &mut self.conn
    }
}

fn is_damage(error: &StoreError) -> bool {
    match error {
        StoreError::Damaged(_) => true,
        StoreError::Io(_) | StoreError::Stopping => false,
        StoreError::Sqlite(error) => match error.sqlite_error_code() {
            // A table that is not there, a cell of another type: no file of ours.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) | None => true,
            Some(_) => false,
        },
    }
}

fn read(conn: &Connection) -> Result<BTreeMap<Arc<str>, Known>, StoreError> {
    let mut exits: BTreeMap<Arc<str>, Known> = BTreeMap::new();
    let mut select = conn.prepare("SELECT exit, site, sequence FROM cursors")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let known = exits.entry(row.get::<_, String>(0)?.into()).or_default();
        known.cursors.insert(row.get::<_, String>(1)?.into(), row.get::<_, i64>(2)?.unsigned_abs());
    }
    let mut select =
        conn.prepare("SELECT exit, site, from_sequence, to_sequence, found_us FROM gaps ORDER BY found_us")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let known = exits.entry(row.get::<_, String>(0)?.into()).or_default();
        known.gaps.push(Gap {
            site: row.get::<_, String>(1)?.into(),
            from_sequence: row.get::<_, i64>(2)?.unsigned_abs(),
            to_sequence: row.get::<_, i64>(3)?.unsigned_abs(),
            // What else is missing is found again by whoever reads the journal.
            reason: GapReason::UnknownToken,
            found: Timestamp::from_micros(row.get(4)?),
        });
    }
    let mut select =
        conn.prepare("SELECT exit, gone_us, gone_why, trouble_us, trouble_why, attempts FROM exits")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let known = exits.entry(row.get::<_, String>(0)?.into()).or_default();
        let gone: Option<(i64, String)> = row.get::<_, Option<i64>>(1)?.zip(row.get::<_, Option<String>>(2)?);
        known.gone = gone.map(|(at, why)| (Timestamp::from_micros(at), why));
        let trouble = row.get::<_, Option<i64>>(3)?.zip(row.get::<_, Option<String>>(4)?);
        let attempts = row.get::<_, Option<u32>>(5)?.unwrap_or_default();
        known.trouble =
            trouble.map(|(since, why)| Trouble { since: Timestamp::from_micros(since), why, attempts });
    }
    let mut select = conn.prepare(LAST_REFUSED)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let known = exits.entry(row.get::<_, String>(0)?.into()).or_default();
        known.refused = Some((Timestamp::from_micros(row.get(1)?), row.get(2)?));
    }
    Ok(exits)
}

/// Of one exit, SQLite takes the reason from the row that has the greatest time.
const LAST_REFUSED: &str = "SELECT exit, max(refused_us), why FROM dead_letters WHERE id NOT LIKE '%:davy-fault:exit-%' GROUP BY exit";
