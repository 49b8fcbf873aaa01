//! Takes up a log where it was left.

use std::path::Path;

use serde_json::json;

use super::{
    check::Checker,
    entry::Entry,
    key::PublicKey,
    line::Tip,
    segment::{self, Name, Segment},
    what::What,
};
use crate::{
    disk::{Disk, Mode},
    error::Result,
};

/// What was found when a log was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// When the last entry was noted, RFC 3339; nothing in an empty log.
    pub last_time: Option<String>,
    /// The bytes cut off of an entry that was being written at a crash; nobody had been told that it is there.
    pub torn: usize,
    /// What is wrong with the newest part of the log, the first thing of it. The files are left as they are.
    pub damaged: Option<String>,
    /// The public half of the key, when it was made just now.
    pub made_key: Option<PublicKey>,
}

/// Where a log was left.
pub(super) struct Left {
    pub(super) tip: Tip,
    pub(super) base: Tip,
    /// Entries since the last checkpoint.
    pub(super) since: u64,
    /// The file to write on, and its length.
    pub(super) current: Option<(Name, u64)>,
    pub(super) opened: Opened,
}

impl Opened {
    /// What of it is worth an entry.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        if let Some(key) = &self.made_key {
            entries
                .push(Entry::of_davy(What::Key, "audit.key").with_after(json!({ "key": key.to_string() })));
        }
        if self.torn > 0 {
            entries.push(Entry::of_davy(What::Torn, "audit").with_after(json!({ "bytes": self.torn })));
        }
        if let Some(what) = &self.damaged {
            entries.push(Entry::of_davy(What::Damaged, "audit").with_after(json!({ "first": what })));
        }
        entries
    }
}

/// Looks at the newest files, as many as it takes to meet a checkpoint, and at least two.
pub(super) fn left(disk: &dyn Disk, folder: &Path, key: PublicKey) -> Result<Left> {
    let names = segment::list(folder)?;
    let mut begin = names.len().saturating_sub(2);
    let keys = [key];
    loop {
        let mut checker = Checker::new(&keys, &[]);
        let mut newest = Vec::new();
        for (place, name) in names.iter().enumerate().skip(begin) {
            let bytes = segment::read(disk, &name.path(folder))?;
            let file = Segment { name: name.file(), bytes };
            checker.segment(&file, place + 1 == names.len());
            newest = file.bytes;
        }
        if checker.report.checkpoints > 0 || begin == 0 {
            return take_up(disk, folder, &names, &newest, &checker);
        }
        begin -= 1;
    }
}

fn take_up(
    disk: &dyn Disk,
    folder: &Path,
    names: &[Name],
    newest: &[u8],
    checker: &Checker<'_>,
) -> Result<Left> {
    let (tip, base, since) = checker.left();
    let report = &checker.report;
    let mut opened = Opened {
        last_time: (report.entries > 0).then(|| report.last_time.clone()),
        damaged: report.findings.first().map(ToString::to_string),
        ..Opened::default()
    };
    let mut current = None;
    if let Some(name) = names.last() {
        let is_damaged = report.findings.iter().any(|finding| finding.place.starts_with(&name.file()));
        let tail = segment::lines(newest).1.len();
        let len = (newest.len() - tail) as u64;
        if !is_damaged && tail > 0 {
            let file = disk.open(&name.path(folder), Mode::Change)?;
            file.set_len(len)?;
            file.sync()?;
            opened.torn = tail;
        }
        if !is_damaged && len == 0 {
            disk.remove(&name.path(folder))?;
            disk.sync_folder_of(&name.path(folder))?;
        } else if !is_damaged {
            current = Some((name.clone(), len));
        }
    }
    Ok(Left { tip, base, since, current, opened })
}
