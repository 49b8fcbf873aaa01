//! The files that make up one site's journal.

use std::{
    ffi::OsString,
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use crate::error::{JournalError, Result};

/// Their paths.
#[derive(Clone, Debug)]
pub(crate) struct Files {
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
    pub(crate) fn of(database: &Path) -> Files {
        let with = |suffix: &str| {
            let mut name = OsString::from(database);
            name.push(suffix);
            PathBuf::from(name)
        };
        Files {
            database: database.to_owned(),
            wal: with("-wal"),
            shm: with("-shm"),
            sums: with(".sums"),
            lock: with(".lock"),
            fresh: with(".new"),
        }
    }

    /// Becomes the one writer, until the file is dropped.
    pub(crate) fn lock(&self) -> Result<File> {
        let file = File::options().create(true).truncate(false).write(true).open(&self.lock)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => {
                Err(JournalError::Busy(format!("{} has a writer already", self.database.display())))
            }
            Err(fs::TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// The length of a file; 0 when it is not there.
pub(crate) fn len(path: &Path) -> Result<u64> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Removes a file that may not be there.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Bytes written again at a time.
const AGAIN_LEN: usize = 1 << 20;

/// Writes what a file holds from `at` on over itself, and flushes it; a file that is not there is left alone.
///
/// A process that died of a failing disk may have left bytes that the system still shows, though their flush failed: it
/// takes them for clean, so that a later flush says yes without writing them. Written again, they are on disk or the
/// disk says no.
pub(crate) fn write_again(path: &Path, mut at: u64) -> Result<()> {
    let file = match File::options().read(true).write(true).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    if file.metadata()?.len() <= at {
        return Ok(());
    }
    let mut bytes = vec![0; AGAIN_LEN];
    loop {
        let len = file.read_at(&mut bytes, at)?;
        if len == 0 {
            return Ok(file.sync_data()?);
        }
        file.write_all_at(&bytes[..len], at)?;
        at += len as u64;
    }
}

/// Makes a rename in the folder of `path` outlive a power cut.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}
