//! Time since a test began.

use std::{fmt, time::Duration};

use davy_model::{Timestamp, micros};
use davy_rules::reader::show_duration;

/// Time since a test began; before it, with a minus. Prints as it would be written: `1m50s`, `-3s`, `1s250ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offset(i64);

impl Offset {
    /// From the beginning to a moment.
    pub fn of(moment: Timestamp, start: Timestamp) -> Offset {
        Offset(moment.micros_since(start))
    }

    /// Microseconds.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whether it is so far from `other` at most.
    pub(crate) fn is_within(self, span: Duration, other: Offset) -> bool {
        self.0.abs_diff(other.0) <= micros(span).unsigned_abs()
    }
}

impl From<Duration> for Offset {
    fn from(span: Duration) -> Offset {
        Offset(micros(span))
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let whole = show_duration(Duration::from_micros(self.0.unsigned_abs()));
        let rest = self.0.unsigned_abs() % 1000;
        let text = match (rest, whole.as_str()) {
            (0, _) => format!("{sign}{whole}"),
            (rest, "0s") => format!("{sign}{rest}us"),
            (rest, whole) => format!("{sign}{whole}{rest}us"),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_prints_as_it_would_be_written() {
        for (us, want) in [
            (0, "0s"),
            (110_000_000, "1m50s"),
            (1_250_000, "1s250ms"),
            (-3_000_000, "-3s"),
            (7, "7us"),
            (1_000_007, "1s7us"),
        ] {
            assert_eq!(Offset(us).to_string(), want);
        }
    }
}
