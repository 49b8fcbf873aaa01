//! The authority's folder: what lies where, and how it is written.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// Who may read a key: its owner.
const SECRET: u32 = 0o600;
/// Who may read all else.
const PUBLIC: u32 = 0o644;

/// The authority's certificate.
pub(super) const CA: &str = "ca.pem";
/// Its key.
pub(super) const CA_KEY: &str = "ca.key";
/// The list of what was revoked.
pub(super) const LIST: &str = "crl.pem";
/// What was signed.
pub(super) const LEDGER: &str = "issued.csv";

/// A folder with an authority in it, held for one who changes it.
pub(super) struct Folder {
    dir: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder where it is not there.
    pub(super) fn make(dir: &Path) -> anyhow::Result<Folder> {
        fs::create_dir_all(dir).with_context(|| format!("--dir {}", dir.display()))?;
        Folder::hold(dir)
    }

    /// The folder of an authority that is there.
    pub(super) fn open(dir: &Path) -> anyhow::Result<Folder> {
        if !dir.join(CA_KEY).is_file() {
            bail!("--dir {}: there is no authority in it; davy pki init makes one", dir.display());
        }
        Folder::hold(dir)
    }

    fn hold(dir: &Path) -> anyhow::Result<Folder> {
        let path = dir.join(".lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(SECRET).open(&path);
        let lock = lock.with_context(|| path.display().to_string())?;
        lock.lock().with_context(|| path.display().to_string())?;
        Ok(Folder { dir: dir.to_owned(), _lock: lock })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(super) fn read(&self, name: &str) -> anyhow::Result<String> {
        let path = self.path(name);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }

    /// Refuses names of files that are there already: what was signed is not written over.
    pub(super) fn refuse_taken(&self, names: &[&str]) -> anyhow::Result<()> {
        match names.iter().map(|name| self.path(name)).find(|path| path.exists()) {
            Some(path) => {
                bail!("{} is there already: move it away first, nothing is written over", path.display())
            }
            None => Ok(()),
        }
    }

    /// A new file that only its owner may read.
    pub(super) fn write_secret(&self, name: &str, text: &str) -> anyhow::Result<()> {
        self.create(name, text, SECRET)
    }

    /// A new file.
    pub(super) fn write_new(&self, name: &str, text: &str) -> anyhow::Result<()> {
        self.create(name, text, PUBLIC)
    }

    fn create(&self, name: &str, text: &str, mode: u32) -> anyhow::Result<()> {
        let path = self.path(name);
        let file = OpenOptions::new().create_new(true).write(true).mode(mode).open(&path);
        let written =
            file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
        written.with_context(|| path.display().to_string())
    }

    /// Puts a file in place of the one that is there, as a whole.
    pub(super) fn replace(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let beside = format!("{name}.new");
        match fs::remove_file(self.path(&beside)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).context(beside),
            Ok(()) | Err(_) => {}
        }
        self.write_new(&beside, text)?;
        let path = self.path(name);
        fs::rename(self.path(&beside), &path).with_context(|| path.display().to_string())
    }
}
