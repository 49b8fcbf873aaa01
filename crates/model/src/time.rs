//! A moment, as microseconds. Nobody below `server` asks what time it is.

use std::{fmt, str::FromStr, time::Duration};

/// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX time).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 time with an offset, or lies outside years 0001-9999.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time with an offset: {0:?}")]
pub struct TimestampError(pub String);

/// 9999-12-30, the last day every formatter here can print.
const LATEST_US: i64 = 253_402_207_200_000_000;
/// 0001-01-02.
const EARLIEST_US: i64 = -62_135_510_400_000_000;

impl Timestamp {
    /// The earliest moment that can be written.
    pub const MIN: Timestamp = Timestamp(EARLIEST_US);
    /// The latest moment that can be written.
    pub const MAX: Timestamp = Timestamp(LATEST_US);

    /// From microseconds since 1970 (UTC); a moment outside years 0001-9999 is clamped to them.
    pub const fn from_micros(micros: i64) -> Timestamp {
        if micros > LATEST_US {
            Timestamp(LATEST_US)
        } else if micros < EARLIEST_US {
            Timestamp(EARLIEST_US)
        } else {
            Timestamp(micros)
        }
    }

    /// From milliseconds since 1970 (UTC), clamped as [`Timestamp::from_micros`] is.
    pub const fn from_millis(millis: i64) -> Timestamp {
        Timestamp::from_micros(millis.saturating_mul(1000))
    }

    /// Microseconds since 1970 (UTC).
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Microseconds from `earlier` to here; negative when `earlier` is in fact later.
    pub const fn micros_since(self, earlier: Timestamp) -> i64 {
        self.0 - earlier.0
    }

    /// Time elapsed since `earlier`, or zero when the clock stepped back.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_micros(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// This moment and `span` later, clamped.
    pub fn plus(self, span: Duration) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_add(micros(span)))
    }

    /// This moment and `span` earlier, clamped.
    pub fn minus(self, span: Duration) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_sub(micros(span)))
    }

    /// This moment moved by signed microseconds, clamped.
    pub const fn offset_micros(self, by: i64) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_add(by))
    }
}

/// A duration in whole microseconds, at most `i64::MAX`.
pub fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// RFC 3339 in UTC with microseconds: `2026-11-23T08:00:00.000000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_microsecond(self.0).expect("the range is checked when it is made");
        write!(f, "{moment:.6}")
    }
}

/// Any RFC 3339 time with an offset; digits past the microsecond are cut off.
impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Timestamp, TimestampError> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| TimestampError(text.to_owned()))?;
        Ok(Timestamp::from_micros(moment.as_microsecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_and_prints_rfc_3339() {
        for (text, micros, printed) in [
            ("2026-11-23T08:00:00Z", 1_795_420_800_000_000, "2026-11-23T08:00:00.000000Z"),
            ("2026-11-23T16:00:00.5+08:00", 1_795_420_800_500_000, "2026-11-23T08:00:00.500000Z"),
            ("1969-12-31T23:59:59.999999Z", -1, "1969-12-31T23:59:59.999999Z"),
        ] {
            let moment: Timestamp = text.parse().expect(text);
            assert_eq!(moment.as_micros(), micros, "{text}");
            assert_eq!(moment.to_string(), printed);
        }
    }

    #[test]
    fn a_time_without_a_zone_is_refused() {
        for text in ["2026-11-23T08:00:00", "2026-11-23", "yesterday", "", "2026-13-01T00:00:00Z"] {
            assert_eq!(text.parse::<Timestamp>(), Err(TimestampError(text.to_owned())));
        }
    }

    #[test]
    fn the_ends_can_be_printed_and_sums_stop_there() {
        assert_eq!(Timestamp::MAX.plus(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.minus(Duration::MAX), Timestamp::MIN);
        assert!(Timestamp::MAX.to_string().starts_with("9999-12-3"));
        assert!(Timestamp::MIN.to_string().starts_with("0001-01-0"));
        assert_eq!(Timestamp::from_micros(5).since(Timestamp::from_micros(9)), Duration::ZERO);
    }
}
