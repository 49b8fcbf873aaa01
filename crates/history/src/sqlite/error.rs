//! What SQLite says, as what it means to whoever asked.

use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::HistoryError;

impl From<Error> for HistoryError {
    fn from(error: Error) -> HistoryError {
        at(Path::new("the file of history"), &error)
    }
}

/// What went wrong with the file at `path`.
pub(super) fn at(path: &Path, error: &Error) -> HistoryError {
    let place = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            HistoryError::Refused(format!("{place}: the disk is full: make room on it"))
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            HistoryError::Refused(format!("{place} is locked by another process: end that"))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => HistoryError::Refused(format!(
            "{place} may not be written: give Davy's user the right to ({error})"
        )),
        Some(ErrorCode::DatabaseCorrupt) => {
            HistoryError::Damaged(format!("{place}: {error}: put it aside, and history begins anew"))
        }
        Some(ErrorCode::NotADatabase) => HistoryError::Configuration(format!(
            "{place} is no SQLite database: put it aside, or name another file for history"
        )),
        Some(ErrorCode::CannotOpen) => HistoryError::Configuration(format!(
            "{place} cannot be opened: is its folder there, and may Davy's user write in it? ({error})"
        )),
        Some(_) => HistoryError::Refused(format!("{place}: {error}")),
        // Not from SQLite: a column that holds what it should not.
        None => HistoryError::Damaged(format!("{place}: {error}")),
    }
}
