//! The files that make up one site's journal.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{Connection, OpenFlags};

use crate::{
    disk::{Disk, DiskFile, Held, Mode, Place},
    error::{JournalError, Result},
};

/// Bytes written again at a time.
const AGAIN_LEN: usize = 1 << 20;

/// Their paths, and the disk they are on.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) disk: Arc<dyn Disk>,
    /// The database.
    pub(crate) database: PathBuf,
    /// What is committed and not yet in the database; SQLite names it.
    pub(crate) wal: PathBuf,
    /// SQLite's index of the former, in memory shared between processes. Derived, so never checked.
    pub(crate) shm: PathBuf,
    /// One sum a page of the database.
    pub(crate) sums: PathBuf,
    /// Held by the one writer.
    pub(crate) lock: PathBuf,
    /// A database on its way into being.
    pub(crate) fresh: PathBuf,
}

impl Files {
    pub(crate) fn of(place: &Place) -> Files {
        let with = |suffix: &str| {
            let mut name = OsString::from(&place.path);
            name.push(suffix);
            PathBuf::from(name)
        };
        Files {
            disk: Arc::clone(&place.disk),
            database: place.path.clone(),
            wal: with("-wal"),
            shm: with("-shm"),
            sums: with(".sums"),
            lock: with(".lock"),
            fresh: with(".new"),
        }
    }

    /// Becomes the one writer, until what is given is dropped.
    pub(crate) fn lock(&self) -> Result<Box<dyn Held>> {
        let held = self.disk.lock(&self.lock)?;
        let busy = || JournalError::Busy(format!("{} has a writer already", self.database.display()));
        held.ok_or_else(busy)
    }

    /// Opens one of them as a database.
    pub(crate) fn connect(&self, path: &Path, flags: OpenFlags) -> Result<Connection> {
        Ok(match self.disk.vfs() {
            Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs)?,
            None => Connection::open_with_flags(path, flags)?,
        })
    }

    /// The length of one of them; 0 when it is not there.
    pub(crate) fn len(&self, path: &Path) -> Result<u64> {
        match self.disk.len(path) {
            Ok(len) => Ok(len),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes one of them that may not be there.
    pub(crate) fn remove(&self, path: &Path) -> Result<()> {
        match self.disk.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Opens one of them for reading.
    pub(crate) fn open(&self, path: &Path) -> Result<Box<dyn DiskFile>> {
        Ok(self.disk.open(path, Mode::Read)?)
    }

    /// Writes what one of them holds from `at` on over itself, and flushes it; one that is not there is left alone.
    ///
    /// A process that died of a failing disk may have left bytes that the system still shows, though their flush failed:
    /// it takes them for clean, so that a later flush says yes without writing them. Written again, they are on disk or the
    /// disk says no.
    pub(crate) fn write_again(&self, path: &Path, mut at: u64) -> Result<()> {
        let file = match self.disk.open(path, Mode::Change) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        if self.len(path)? <= at {
            return Ok(());
        }
        let mut bytes = vec![0; AGAIN_LEN];
        loop {
            let len = file.read_at(&mut bytes, at)?;
            if len == 0 {
                return Ok(file.sync()?);
            }
            file.write_all_at(&bytes[..len], at)?;
            at += len as u64;
        }
    }

    /// All of one of them.
    pub(crate) fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut self.open(path)?, &mut bytes)?;
        Ok(bytes)
    }
}
