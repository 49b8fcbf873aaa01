//! Times, values and counts between the model and the tables.

use davy_model::{Quality, Timestamp, Value};
use rusqlite::Row;

use crate::{HistoryError, Sample};

/// What stands in the column of a value.
pub(super) fn of_value(value: Value) -> f64 {
    // A zero has one sign here: the table takes both for the same, and keeps whichever came first.
    value.get().map_or(f64::INFINITY, |value| value + 0.0)
}

/// The time of a column.
pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_micros)
}

/// The quality of a column.
pub(super) fn to_quality(stored: i64) -> Result<Quality, HistoryError> {
    let code = u8::try_from(stored).ok().and_then(Quality::from_code);
    code.ok_or_else(|| HistoryError::Damaged(format!("quality {stored}")))
}

/// A reading from `time, arrival, value, quality`, the first at `column`.
pub(super) fn sample(row: &Row<'_>, column: usize) -> Result<Sample, HistoryError> {
    Ok(Sample {
        time: time(row, column)?,
        arrival: time(row, column + 1)?,
        value: Value::of(row.get(column + 2)?),
        quality: to_quality(row.get(column + 3)?)?,
    })
}

/// A count of the model as the database counts.
pub(super) fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// As many as that, at most.
pub(super) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count of the database.
pub(super) fn natural(stored: i64) -> Result<u64, HistoryError> {
    u64::try_from(stored).map_err(|_| HistoryError::Damaged(format!("a count of {stored}")))
}

/// Words as they stand in one column: a JSON list.
pub(super) fn list<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(AsRef::as_ref).collect::<serde_json::Value>().to_string()
}
