//! Checks a log, and changes nothing.

use std::{path::Path, sync::Arc};

use super::{
    check::Checker,
    checkpoint::Signed,
    key::PublicKey,
    report::AuditReport,
    segment::{self, Segment},
};
use crate::{
    disk::Disk,
    error::{JournalError, Result},
};

/// What the log is checked against.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    /// The keys that are believed. With none, whatever key signed is believed, and a note says so.
    pub keys: Vec<PublicKey>,
    /// Checkpoints that were kept elsewhere, with the names of their files.
    pub off_box: Vec<(String, Signed)>,
}

/// Checks a log in memory.
pub fn check(segments: &[Segment], trusted: &Trusted) -> AuditReport {
    let mut checker = Checker::new(&trusted.keys, &trusted.off_box);
    for (place, segment) in segments.iter().enumerate() {
        checker.segment(segment, place + 1 == segments.len());
    }
    checker.end()
}

/// Checks the log in a folder. With a writer at work, the report is of about that moment.
///
/// # Errors
/// [`JournalError::Misuse`] when there is no log and no checkpoint that says that there was one; [`JournalError::Full`] when
/// a file cannot be read.
pub fn verify(disk: &Arc<dyn Disk>, folder: &Path, trusted: &Trusted) -> Result<AuditReport> {
    let names = segment::list(folder)?;
    if names.is_empty() && trusted.off_box.is_empty() {
        return Err(JournalError::misuse(format!("{}: no audit log is here", folder.display())));
    }
    let mut checker = Checker::new(&trusted.keys, &trusted.off_box);
    for (place, name) in names.iter().enumerate() {
        let bytes = segment::read(disk.as_ref(), &name.path(folder))?;
        checker.segment(&Segment { name: name.file(), bytes }, place + 1 == names.len());
    }
    Ok(checker.end())
}
