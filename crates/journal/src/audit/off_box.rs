//! Checkpoints in files of their own, in a folder that is best somewhere else.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use super::{checkpoint::Signed, verify::Trusted};
use crate::error::{JournalError, Result};

/// Longest file that is taken for a checkpoint, bytes.
const FILE_LEN_MAX: u64 = 64 << 10;

/// Writes a checkpoint as a file; one that is there already is left as it is.
pub(super) fn write(folder: &Path, signed: &Signed) -> io::Result<()> {
    let key = signed.key.get(..8).unwrap_or_default();
    let path = folder.join(format!("checkpoint-{key}-{:012}.json", signed.number));
    if path.exists() {
        return Ok(());
    }
    let fresh = path.with_extension("new");
    let mut text = serde_json::to_vec(signed)?;
    text.push(b'\n');
    let mut file = fs::File::create(&fresh)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&fresh, &path)?;
    fs::File::open(folder)?.sync_all()
}

impl Trusted {
    /// With the checkpoints of a folder besides.
    ///
    /// # Errors
    /// [`JournalError::Misuse`] when there is no such folder; [`JournalError::Damaged`] when a `checkpoint-….json` in it holds
    /// none; [`JournalError::Full`] when it cannot be read.
    pub fn with_checkpoints_of(mut self, folder: &Path) -> Result<Trusted> {
        let entries = fs::read_dir(folder).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => JournalError::misuse(format!("{}: no such folder", folder.display())),
            _ => error.into(),
        })?;
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if name.starts_with("checkpoint-") && name.ends_with(".json") {
                paths.push((name, path));
            }
        }
        paths.sort();
        for (name, path) in paths {
            let none = || JournalError::damaged(path.display().to_string(), "no checkpoint of an audit log");
            if fs::metadata(&path)?.len() > FILE_LEN_MAX {
                return Err(none());
            }
            let signed = serde_json::from_slice(&fs::read(&path)?).map_err(|_| none())?;
            self.off_box.push((name, signed));
        }
        Ok(self)
    }
}
