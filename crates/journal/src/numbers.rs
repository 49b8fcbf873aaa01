//! SQLite's whole numbers are signed; ours are not.

use crate::error::{JournalError, Result};

pub(crate) fn int(value: u64) -> Result<i64> {
    i64::try_from(value).map_err(|_| JournalError::misuse(format!("{value} is past the largest number kept")))
}

pub(crate) fn natural(value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| JournalError::damaged("a row", format!("{value} where none is below 0")))
}
