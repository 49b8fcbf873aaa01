//! The files of the log: one a month, or more when there is much.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use davy_model::Timestamp;

use super::line::NUMBER_MAX;
use crate::{
    disk::{Disk, Mode},
    error::Result,
};

const ENDING: &str = "jsonl";
/// Longest file that is read, bytes: four times what one may come to.
const READ_LEN_MAX: u64 = 256 << 20;

/// A file of the log in memory, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// `000000000001-2026-11.jsonl`: the number of its first entry, and the month of that.
    pub name: String,
    /// Lines.
    pub bytes: Vec<u8>,
}

/// What a file is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// The number of its first entry.
    pub(super) first: u64,
    /// Its month, `2026-11`.
    pub(super) month: String,
}

impl Name {
    pub(super) fn of(first: u64, time: Timestamp) -> Name {
        Name { first, month: month(&time.to_string()).to_owned() }
    }

    /// The name in a file's name; nothing when it is another file.
    pub(super) fn parse(text: &str) -> Option<Name> {
        let (number, month) = text.strip_suffix(ENDING)?.strip_suffix('.')?.split_once('-')?;
        let name = Name { first: number.parse().ok()?, month: month.to_owned() };
        (name.file() == text && name.first <= NUMBER_MAX).then_some(name)
    }

    pub(super) fn file(&self) -> String {
        format!("{:012}-{}.{ENDING}", self.first, self.month)
    }

    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(self.file())
    }
}

/// The month of a time as it stands in an entry.
pub(super) fn month(time: &str) -> &str {
    time.get(..7).unwrap_or(time)
}

/// The files in a folder, in their order; none when the folder is not there.
pub(super) fn list(folder: &Path) -> Result<Vec<Name>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().to_str().and_then(Name::parse));
    }
    names.sort();
    Ok(names)
}

/// All of a file, to the length that one may have.
pub(super) fn read(disk: &dyn Disk, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(disk.open(path, Mode::Read)?, READ_LEN_MAX), &mut bytes)?;
    Ok(bytes)
}

/// The lines of a file without their ends, and what stands after the last end.
pub(super) fn lines(bytes: &[u8]) -> (impl DoubleEndedIterator<Item = &[u8]>, &[u8]) {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
    let (whole, tail) = bytes.split_at(whole);
    let lines = whole.strip_suffix(b"\n").map(|whole| whole.split(|byte| *byte == b'\n'));
    (lines.into_iter().flatten(), tail)
}
