//! Times and values between the model and the database.

use std::{borrow::Cow, error::Error};

use davy_model::{Quality, Timestamp, Value};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, private::BytesMut, to_sql_checked};

use crate::HistoryError;

/// 2000-01-01T00:00Z, which PostgreSQL counts from, µs after 1970.
const EPOCH_US: i64 = 946_684_800_000_000;

/// A time as `timestamptz`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(pub(super) Timestamp);

impl ToSql for Time {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        (self.0.as_micros() - EPOCH_US).to_sql(ty, out)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Time {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Time, Box<dyn Error + Sync + Send>> {
        Ok(Time(Timestamp::from_micros(i64::from_sql(ty, raw)?.saturating_add(EPOCH_US))))
    }

    accepts!(TIMESTAMPTZ);
}

/// What stands in a column of text. People and devices may send the one character that a database has no place for.
pub(super) fn text(given: &str) -> Cow<'_, str> {
    if given.contains('\0') { given.replace('\0', "\u{fffd}").into() } else { given.into() }
}

/// What stands in the column of a value: a number, or NaN where nothing was measured.
pub(super) fn of_value(value: Value) -> f64 {
    // A zero has one sign here: the database takes both for the same, and keeps whichever came first.
    value.get().map_or(f64::NAN, |value| value + 0.0)
}

/// The value of a column.
pub(super) fn to_value(stored: f64) -> Value {
    Value::of(stored)
}

/// What stands in the column of a quality.
pub(super) fn of_quality(quality: Quality) -> i16 {
    i16::from(quality.code())
}

/// The quality of a column.
pub(super) fn to_quality(stored: i16) -> Result<Quality, HistoryError> {
    let code = u8::try_from(stored).ok().and_then(Quality::from_code);
    code.ok_or_else(|| HistoryError::Damaged(format!("quality {stored}")))
}

/// A count of the model as the database counts.
pub(super) fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count of the database.
pub(super) fn natural(stored: i64) -> Result<u64, HistoryError> {
    u64::try_from(stored).map_err(|_| HistoryError::Damaged(format!("a count of {stored}")))
}
