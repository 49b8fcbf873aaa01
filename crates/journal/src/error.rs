//! What can go wrong with a journal, sorted by what the caller can do about it.

use rusqlite::ErrorCode;

use crate::FirstKept;

/// Why a journal could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk is full or failing. Nothing was written; the same call may succeed later.
    #[error("the disk is full or failing, nothing was written: {0}")]
    Full(String),
    /// Somebody else holds the journal. The same call may succeed later.
    #[error("the journal is held by another writer or reader: {0}")]
    Busy(String),
    /// The record is not what was written. Nothing is guessed: look at `verify`, then restore a copy.
    #[error("the journal is damaged at {place}: {what}")]
    Damaged {
        /// Where: a file, a page, a commit.
        place: String,
        /// What is wrong there.
        what: String,
    },
    /// A later release wrote this journal.
    #[error("the journal has schema {found}, this release knows up to {known}: run the newer release")]
    Newer {
        /// In the file.
        found: u32,
        /// The latest this release reads.
        known: u32,
    },
    /// It was let go to keep the journal within its bounds.
    #[error(
        "{what} is no longer kept: the journal begins with commit {} and transition {}", first.number, first.sequence
    )]
    NoLongerKept {
        /// A commit or a transition.
        what: String,
        /// Where the journal begins.
        first: FirstKept,
    },
    /// The caller asked for what may not be: a hole in the numbers, time that goes back, a missing file.
    #[error("{0}")]
    Misuse(String),
    /// Anything else the database says.
    #[error("the database: {0}")]
    Sqlite(rusqlite::Error),
}

/// Shorthand for what this crate returns.
pub(crate) type Result<T> = std::result::Result<T, JournalError>;

impl JournalError {
    /// Whether the same call may succeed later without anybody repairing the journal.
    pub const fn is_retryable(&self) -> bool {
        match self {
            JournalError::Full(_) | JournalError::Busy(_) => true,
            JournalError::Damaged { .. }
            | JournalError::Newer { .. }
            | JournalError::NoLongerKept { .. }
            | JournalError::Misuse(_)
            | JournalError::Sqlite(_) => false,
        }
    }

    pub(crate) fn damaged(place: impl Into<String>, what: impl Into<String>) -> JournalError {
        JournalError::Damaged { place: place.into(), what: what.into() }
    }

    pub(crate) fn misuse(what: impl Into<String>) -> JournalError {
        JournalError::Misuse(what.into())
    }
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> JournalError {
        use rusqlite::Error as E;
        let text = error.to_string();
        match &error {
            E::SqliteFailure(failure, _) => match failure.code {
                // A file system that turned read-only did so because its disk fails.
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen => JournalError::Full(text),
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => JournalError::Busy(text),
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                    JournalError::damaged("the database file", text)
                }
                _ => JournalError::Sqlite(error),
            },
            // The tables are STRICT and written here alone: another type than asked for is damage.
            E::InvalidColumnType(..) | E::IntegralValueOutOfRange(..) | E::FromSqlConversionFailure(..) => {
                JournalError::damaged("a row", text)
            }
            _ => JournalError::Sqlite(error),
        }
    }
}

impl From<std::io::Error> for JournalError {
    fn from(error: std::io::Error) -> JournalError {
        match error.kind() {
            std::io::ErrorKind::NotFound => JournalError::Misuse(format!("no such file: {error}")),
            _ => JournalError::Full(error.to_string()),
        }
    }
}
