//! The disk a journal is on: the machine's own, or one that a test makes fail.
//!
//! SQLite does its own reading and writing, through the file system of its own that [`Disk::vfs`] names; what the journal
//! keeps beside the database goes through here. Both see the same files.

use std::{
    fmt,
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where a journal is: a file, and the disk it is on.
#[derive(Clone, Debug)]
pub struct Place {
    /// Which disk.
    pub disk: Arc<dyn Disk>,
    /// The database file.
    pub path: PathBuf,
}

/// A disk with files. Every method that changes something may fail, and says so.
pub trait Disk: fmt::Debug + Send + Sync {
    /// The name of SQLite's file system on this disk; nothing for SQLite's own.
    fn vfs(&self) -> Option<&str>;

    /// As [`Disk::vfs`], for reading files that nobody has open, without taking a lock.
    fn vfs_without_locks(&self) -> &str;

    /// Whether the file is there.
    fn exists(&self, path: &Path) -> bool;

    /// Its length, bytes.
    fn len(&self, path: &Path) -> io::Result<u64>;

    /// Opens a file.
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Box<dyn DiskFile>>;

    /// Holds the file for this process and nobody else, until what is given is dropped; nothing when somebody holds it.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Held>>>;

    /// Gives a file another name, in the place of whatever had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes what was renamed in the folder of `path` outlive a power cut.
    fn sync_folder_of(&self, path: &Path) -> io::Result<()>;
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To be read.
    Read,
    /// To be written on at its end.
    Append,
    /// To be read, and written over in places.
    Change,
    /// To be written anew; made when it is not there.
    Fresh,
}

/// An open file.
pub trait DiskFile: io::Read + io::Write + fmt::Debug + Send {
    /// Reads from `offset` on, as much as there is and fits; says how much.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Reads so many bytes from `offset` on.
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes over what is there from `offset` on.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts the file off, or fills it up with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Returns once the disk has all that was written.
    fn sync(&self) -> io::Result<()>;
}

/// A lock, until it is dropped.
pub trait Held: fmt::Debug + Send {}

/// The machine's own disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnDisk;

impl From<&Path> for Place {
    fn from(path: &Path) -> Place {
        Place { disk: Arc::new(OwnDisk), path: path.to_owned() }
    }
}

impl From<&PathBuf> for Place {
    fn from(path: &PathBuf) -> Place {
        Place::from(path.as_path())
    }
}

impl From<&Place> for Place {
    fn from(place: &Place) -> Place {
        place.clone()
    }
}

impl Disk for OwnDisk {
    fn vfs(&self) -> Option<&str> {
        None
    }

    fn vfs_without_locks(&self) -> &str {
        "unix-none"
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        Ok(fs::metadata(path)?.len())
    }

    fn open(&self, path: &Path, mode: Mode) -> io::Result<Box<dyn DiskFile>> {
        let file = match mode {
            Mode::Read => File::open(path)?,
            Mode::Append => File::options().append(true).open(path)?,
            Mode::Change => File::options().read(true).write(true).open(path)?,
            Mode::Fresh => File::options().create(true).write(true).truncate(true).open(path)?,
        };
        Ok(Box::new(file))
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Held>>> {
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder_of(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl DiskFile for File {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, bytes, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }

    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        FileExt::read_exact_at(self, bytes, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }
}

impl Held for File {}
