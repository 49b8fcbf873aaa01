//! Databases beside the journals: how one comes into being, is told from any other file, and is put aside when it is damaged.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

/// A kind of database beside the journals.
#[derive(Clone, Copy, Debug)]
pub struct SideFile {
    /// In the file's header.
    pub application_id: i32,
    /// Of the tables.
    pub schema_version: i32,
    /// What makes them.
    pub tables: &'static str,
    /// What it holds, for people: `revisions`.
    pub holds: &'static str,
    /// With a log beside it, for files that are often written. Without, it can be read on a full disk.
    pub has_log: bool,
}

/// Why a database beside the journals cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SideFileError {
    /// The disk, or SQLite.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// It is another file, or of a newer Davy.
    #[error("{0}")]
    Foreign(String),
    /// It does not hold together.
    #[error("{0}")]
    Damaged(String),
}

impl SideFile {
    /// Opens the file for this process alone, or makes it. What is committed in it outlives a power cut.
    ///
    /// # Errors
    /// [`SideFileError`].
    pub fn open(&self, path: &Path) -> Result<Connection, SideFileError> {
        let mut conn = Connection::open(path)?;
        let (mode, synchronous) = if self.has_log { ("wal", "FULL") } else { ("delete", "EXTRA") };
        conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        conn.pragma_update_and_check(None, "journal_mode", mode, |_| Ok(()))?;
        conn.pragma_update(None, "synchronous", synchronous)?;
        let tables: u32 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables == 0 {
            let transaction = conn.transaction()?;
            transaction.execute_batch(self.tables)?;
            transaction.pragma_update(None, "application_id", self.application_id)?;
            transaction.pragma_update(None, "user_version", self.schema_version)?;
            transaction.commit()?;
        }
        self.check(&conn)?;
        Ok(conn)
    }

    fn check(&self, conn: &Connection) -> Result<(), SideFileError> {
        let pragma = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        if pragma("application_id")? != self.application_id {
            return Err(SideFileError::Foreign(format!("it is no file of Davy's {}", self.holds)));
        }
        let version = pragma("user_version")?;
        if version != self.schema_version {
            return Err(SideFileError::Foreign(format!(
                "its tables are of version {version}, and this Davy knows {}: a newer Davy wrote it",
                self.schema_version
            )));
        }
        let found: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found == "ok" { Ok(()) } else { Err(SideFileError::Damaged(found)) }
    }

    /// Gives a file another name, the first that is free, so that a new one can be begun; and the name.
    ///
    /// # Errors
    /// When the system does not rename it.
    pub fn put_aside(path: &Path) -> io::Result<PathBuf> {
        let with = |suffix: &str| {
            let mut name = OsString::from(path);
            name.push(suffix);
            PathBuf::from(name)
        };
        let free = (1..).map(|number| with(&format!(".damaged-{number}"))).find(|aside| !aside.exists());
        let aside = free.unwrap_or_else(|| with(".damaged"));
        fs::rename(path, &aside)?;
        for suffix in ["-wal", "-shm"] {
            match fs::remove_file(with(suffix)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Err(_) | Ok(()) => {}
            }
        }
        Ok(aside)
    }
}
