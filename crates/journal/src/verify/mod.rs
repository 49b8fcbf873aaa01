//! Checks everything that can be checked, and changes nothing.
//!
//! Every byte is covered by something: a page of the database by its sum, the pages in the write-ahead log by that
//! log's running checksums, the sums by their own. What the bytes mean is then checked through SQLite: its own integrity
//! check, the whole chain decoded, the checksums of snapshots and cursors.

mod meaning;
mod open;
mod pages;

use davy_model::Timestamp;

pub(crate) use open::open_untouched;

use crate::{
    disk::Place,
    error::{JournalError, Result},
    files::Files,
};

/// Findings listed; more are only counted.
const FINDINGS_MAX: usize = 1000;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The site, once its row could be read.
    pub site: Option<String>,
    /// The number of the first commit kept: 1, unless older ones were let go.
    pub first: u64,
    /// Commits that hold.
    pub commits: u64,
    /// Transitions in them.
    pub transitions: u64,
    /// When the last of them was decided.
    pub last_at: Option<Timestamp>,
    /// Snapshots that hold.
    pub snapshots: u64,
    /// Cursors that hold.
    pub cursors: u64,
    /// The hash of the last commit that holds, in hex.
    pub head_hash: String,
    /// What is wrong: none, in a journal that is whole. At most 1,000.
    pub findings: Vec<Finding>,
    /// Findings past those listed.
    pub findings_left_off: u64,
    /// What is worth knowing, and harmless.
    pub notes: Vec<Finding>,
}

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: a file, a page, a commit.
    pub place: String,
    /// What is there.
    pub what: String,
}

/// Checks the journal at a path, or a [`Place`]. The report may hold findings; an error means that it could not be checked at all.
///
/// Changes none of its files. With a writer at work it looks as any reader does: the writer goes on, puts off emptying its
/// write-ahead log while the pages are compared, and the report is of about that moment. When the writer is in this very
/// process, know that reading a file SQLite has open drops this process's POSIX locks on it: other processes of ours take
/// no harm from that, a foreign one that empties the log could do some. Run it in a process of its own where it matters.
///
/// # Errors
/// [`JournalError::Misuse`] when there is no such file, [`JournalError::Full`] when it cannot be read.
pub fn verify(place: impl Into<Place>) -> Result<Report> {
    let files = Files::of(&place.into());
    if !files.disk.exists(&files.database) {
        return Err(JournalError::misuse(format!("{} is not there", files.database.display())));
    }
    let mut report = Report::default();
    let conn = pages::header(&files, &mut report)?
        .then(|| open_untouched(&files))
        .and_then(|opened| opened.map_err(|error| report.find_error("the database file", &error)).ok());
    // Held while the pages are compared: meanwhile a writer can neither empty nor reuse the log that explains them.
    let held = conn.as_ref().map(|conn| conn.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema"));
    pages::compare(&files, &mut report)?;
    if let (Some(conn), Some(held)) = (conn, held) {
        match held.and_then(|()| conn.execute_batch("COMMIT")) {
            Ok(()) => meaning::check(conn, &mut report),
            Err(error) => report.find_error("the database file", &error.into()),
        }
    }
    Ok(report)
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, place: impl Into<String>, what: impl Into<String>) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { place: place.into(), what: what.into() });
        } else {
            self.findings_left_off += 1;
        }
    }

    fn find_error(&mut self, place: &str, error: &JournalError) {
        match error {
            JournalError::Damaged { place, what } => self.find(place.clone(), what.clone()),
            JournalError::Full(_)
            | JournalError::Busy(_)
            | JournalError::Newer { .. }
            | JournalError::NoLongerKept { .. }
            | JournalError::Misuse(_)
            | JournalError::Sqlite(_) => self.find(place, error.to_string()),
        }
    }

    fn note(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.notes.push(Finding { place: place.into(), what: what.into() });
    }
}
