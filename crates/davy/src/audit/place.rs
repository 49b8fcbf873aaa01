//! Where the log and its key are.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use davy_journal::{
    Disk, OwnDisk,
    audit::{Key, PublicKey},
};

use crate::exit::Misuse;

/// The folder of a log, and the key that may lie beside it.
pub(crate) struct Place {
    pub(super) folder: PathBuf,
    key: Option<PathBuf>,
}

impl Place {
    /// The log of a data folder, or the folder of a log itself; nothing when there is none.
    pub(crate) fn find(path: &Path) -> Option<Place> {
        let inside = path.join("audit");
        if inside.is_dir() {
            return Some(Place { folder: inside, key: Some(path.join("audit.key")) });
        }
        let has_log = path
            .read_dir()
            .ok()?
            .flatten()
            .any(|file| file.path().extension().is_some_and(|end| end == "jsonl"));
        has_log
            .then(|| Place { folder: path.to_owned(), key: path.parent().map(|data| data.join("audit.key")) })
    }

    /// The same, or what to name.
    pub(super) fn of(path: &Path) -> anyhow::Result<Place> {
        let none = || Misuse(format!("{}: no audit log is here; name a data folder", path.display()));
        Ok(Place::find(path).ok_or_else(none)?)
    }

    /// A log that is not there any more, for whoever has checkpoints of it.
    pub(super) fn gone(path: &Path) -> Place {
        Place { folder: path.join("audit"), key: Some(path.join("audit.key")) }
    }

    /// The public half of the key that lies beside the log; nothing when none can be read there.
    pub(super) fn own_key(&self) -> Option<PublicKey> {
        let path = self.key.as_ref().filter(|path| path.is_file())?;
        Key::load(path).ok().map(|key| key.public())
    }
}

/// A public key in a file, in PEM or as 64 digits.
pub(super) fn read_key(path: &Path) -> anyhow::Result<PublicKey> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let none = || Misuse(format!("{}: no public key; davy audit key prints one", path.display()));
    Ok(PublicKey::parse(&text).ok_or_else(none)?)
}

/// The machine's own disk.
pub(super) fn disk() -> Arc<dyn Disk> {
    Arc::new(OwnDisk)
}
