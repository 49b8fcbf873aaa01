//! The file of revisions: one SQLite database for all sites. Every change in it is on disk before it is answered.
//!
//! It says which revision of a site is active when that is not the one in its folder, and who agreed to it: a file that
//! cannot be read stops the start, and nothing is guessed.

use std::path::Path;

use davy_journal::{SideFile, SideFileError};
use davy_model::BundleFile;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use super::record::Record;

const FILE: SideFile = SideFile {
    // `Revi`.
    application_id: 0x5265_7669,
    schema_version: 1,
    tables: TABLES,
    holds: "revisions",
    // It is seldom written, and on a full disk it must be read without a byte to spare.
    has_log: false,
};

const TABLES: &str = "
CREATE TABLE texts(hash BLOB PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE revisions(
  number INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, revision TEXT NOT NULL, record TEXT NOT NULL,
  UNIQUE(site, revision)) STRICT;
CREATE TABLE files(
  site TEXT NOT NULL, revision TEXT NOT NULL, path TEXT NOT NULL, hash BLOB NOT NULL REFERENCES texts(hash),
  PRIMARY KEY(site, revision, path)) STRICT, WITHOUT ROWID;
CREATE TABLE standing(site TEXT PRIMARY KEY, active TEXT NOT NULL, folder TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// What a site stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The active revision.
    pub(crate) active: String,
    /// What its folder held when it was last read.
    pub(crate) folder: String,
}

/// The open file.
#[derive(Debug)]
pub(crate) struct Store {
    conn: Connection,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk, or SQLite.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// It is no file of revisions, or one of a newer Davy.
    #[error("{0}")]
    Foreign(String),
    /// What it says cannot be read.
    #[error("revision {revision} of {site} cannot be read: {why}")]
    Record {
        /// Of which site.
        site: String,
        /// Which.
        revision: String,
        /// Why.
        why: String,
    },
}

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// Opens the file, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Store> {
        match FILE.open(path) {
            Ok(conn) => Ok(Store { conn }),
            Err(SideFileError::Sqlite(error)) => Err(error.into()),
            Err(SideFileError::Foreign(what)) => Err(StoreError::Foreign(what)),
            Err(SideFileError::Damaged(what)) => Err(StoreError::Foreign(format!("it is damaged: {what}"))),
        }
    }

    /// What a site stands on; nothing, when it was never seen.
    pub(crate) fn standing(&self, site: &str) -> Result<Option<Standing>> {
        let mut query = self.conn.prepare_cached("SELECT active, folder FROM standing WHERE site = ?1")?;
        let read = |row: &rusqlite::Row<'_>| Ok(Standing { active: row.get(0)?, folder: row.get(1)? });
        Ok(query.query_row([site], read).optional()?)
    }

    /// One revision.
    pub(crate) fn revision(&self, site: &str, revision: &str) -> Result<Option<Record>> {
        let found = self.starting_with(site, revision)?;
        Ok(found.into_iter().find(|record| record.revision == revision))
    }

    /// The revisions whose name begins so.
    pub(crate) fn starting_with(&self, site: &str, digits: &str) -> Result<Vec<Record>> {
        let sql =
            "SELECT revision, record FROM revisions WHERE site = ?1 AND substr(revision, 1, length(?2)) = ?2";
        let mut query = self.conn.prepare_cached(sql)?;
        let rows = query.query_map([site, digits], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.map(|row| {
            row.map_err(StoreError::from).and_then(|(name, text): (String, String)| record(site, name, &text))
        })
        .collect()
    }

    /// The revisions of a site, the newest first, from a number on; each with its own.
    pub(crate) fn revisions(&self, site: &str, before: i64, limit: usize) -> Result<Vec<(i64, Record)>> {
        let sql = "SELECT number, revision, record FROM revisions WHERE site = ?1 AND number < ?2
                   ORDER BY number DESC LIMIT ?3";
        let mut query = self.conn.prepare_cached(sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = query
            .query_map(params![site, before, limit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut found = Vec::new();
        for row in rows {
            let (number, name, text): (i64, String, String) = row?;
            found.push((number, record(site, name, &text)?));
        }
        Ok(found)
    }

    /// The files of a revision, by path.
    pub(crate) fn files(&self, site: &str, revision: &str) -> Result<Vec<BundleFile>> {
        let sql = "SELECT path, text FROM files JOIN texts USING (hash) WHERE site = ?1 AND revision = ?2 ORDER BY path";
        let mut query = self.conn.prepare_cached(sql)?;
        let read = |row: &rusqlite::Row<'_>| Ok(BundleFile { path: row.get(0)?, text: row.get(1)? });
        Ok(query.query_map([site, revision], read)?.collect::<rusqlite::Result<_>>()?)
    }

    /// Keeps what became of revisions, their files where they are new, and what the site stands on now: all of it, or nothing.
    pub(crate) fn keep(
        &mut self,
        records: &[(&Record, Option<&[BundleFile]>)],
        standing: Option<&Standing>,
    ) -> Result<()> {
        let transaction = self.conn.transaction()?;
        for (record, files) in records {
            put(&transaction, record)?;
            if let Some(files) = files {
                put_files(&transaction, record, files)?;
            }
        }
        if let (Some(standing), Some((record, _))) = (standing, records.first()) {
            let sql = "INSERT INTO standing VALUES (?1, ?2, ?3)
                       ON CONFLICT (site) DO UPDATE SET active = excluded.active, folder = excluded.folder";
            transaction.prepare_cached(sql)?.execute(params![
                record.site,
                standing.active,
                standing.folder
            ])?;
        }
        Ok(transaction.commit()?)
    }
}

fn put(transaction: &Transaction<'_>, record: &Record) -> Result<()> {
    let text = serde_json::to_string(record).map_err(|error| unreadable(record, &error))?;
    let sql = "INSERT INTO revisions(site, revision, record) VALUES (?1, ?2, ?3)
               ON CONFLICT (site, revision) DO UPDATE SET record = excluded.record";
    transaction.prepare_cached(sql)?.execute(params![record.site, record.revision, text])?;
    Ok(())
}

fn put_files(transaction: &Transaction<'_>, record: &Record, files: &[BundleFile]) -> Result<()> {
    let mut text = transaction.prepare_cached("INSERT OR IGNORE INTO texts VALUES (?1, ?2)")?;
    let mut place = transaction.prepare_cached("INSERT OR IGNORE INTO files VALUES (?1, ?2, ?3, ?4)")?;
    for file in files {
        let hash = Sha256::digest(file.text.as_bytes());
        text.execute(params![&hash[..], file.text])?;
        place.execute(params![record.site, record.revision, file.path, &hash[..]])?;
    }
    Ok(())
}

fn record(site: &str, revision: String, text: &str) -> Result<Record> {
    serde_json::from_str(text).map_err(|error| StoreError::Record {
        site: site.to_owned(),
        revision,
        why: error.to_string(),
    })
}

fn unreadable(record: &Record, error: &serde_json::Error) -> StoreError {
    StoreError::Record {
        site: record.site.clone(),
        revision: record.revision.clone(),
        why: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use davy_workbench::revision::State;

    use super::*;

    fn record(revision: &str) -> Record {
        Record {
            site: "yard".to_owned(),
            revision: revision.to_owned(),
            base: String::new(),
            state: State::Active,
            changes: Vec::new(),
            needs_second_person: false,
            withdraws: Vec::new(),
            expected: String::new(),
            predicted: None,
            events: Vec::new(),
        }
    }

    fn file(path: &str, text: &str) -> BundleFile {
        BundleFile { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn what_is_kept_is_there_when_the_file_is_opened_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("revisions.db");
        let files = [file("site.yaml", "site: yard"), file("rules/a.yaml", "rules: []")];
        let standing = Standing { active: "aaaa1".to_owned(), folder: "bbbb1".to_owned() };
        let mut store = Store::open(&path).expect("a new file");
        assert_eq!(store.standing("yard").expect("readable"), None);
        store
            .keep(&[(&record("aaaa1"), Some(&files)), (&record("aabb1"), None)], Some(&standing))
            .expect("kept");
        drop(store);
        let store = Store::open(&path).expect("the file");
        assert_eq!(store.standing("yard").expect("readable"), Some(standing));
        let mut found = store.files("yard", "aaaa1").expect("readable");
        found.sort_by(|a, b| b.path.cmp(&a.path));
        assert_eq!(found, files);
        for (digits, count) in [("aaaa1", 1), ("aa", 2), ("", 2), ("ab", 0), ("%", 0)] {
            assert_eq!(store.starting_with("yard", digits).expect("readable").len(), count, "{digits:?}");
        }
        let newest: Vec<String> = store
            .revisions("yard", i64::MAX, 10)
            .expect("readable")
            .into_iter()
            .map(|(_, one)| one.revision)
            .collect();
        assert_eq!(newest, ["aabb1", "aaaa1"]);
    }

    #[test]
    fn a_file_of_something_else_or_of_a_newer_davy_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (foreign, newer) = (folder.path().join("foreign.db"), folder.path().join("newer.db"));
        Connection::open(&foreign)
            .expect("a file")
            .execute_batch("CREATE TABLE notes(text)")
            .expect("a table");
        drop(Store::open(&newer).expect("a new file"));
        Connection::open(&newer)
            .expect("the file")
            .pragma_update(None, "user_version", 2)
            .expect("a version");
        for (path, told) in [(foreign, "no file of Davy's"), (newer, "a newer Davy")] {
            let error = Store::open(&path).expect_err(told).to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
