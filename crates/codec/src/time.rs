//! Source times: RFC 3339 text, or milliseconds since 1970. Nothing is guessed.

use davy_model::Timestamp;

/// What a source time should be.
pub(crate) const EXPECTED: &str =
    "RFC 3339 with an offset (2026-11-23T08:00:00.000Z) or milliseconds since 1970";

/// 9999-12-30, as far as a time can be written, ms.
const LATEST_MS: i64 = Timestamp::MAX.as_micros() / 1000;
/// 0001-01-02, ms.
const EARLIEST_MS: i64 = Timestamp::MIN.as_micros() / 1000;
/// 1990 and 2100, s: a number of another unit that falls between them was surely meant in that unit. Read as
/// milliseconds, seconds of these years would lie in January and February 1970, where no plant was.
const PLAUSIBLE_S: std::ops::Range<i64> = 631_152_000..4_102_444_800;

/// The moment that many milliseconds after 1970, or what to do about it.
pub(crate) fn from_millis(millis: i64) -> Result<Timestamp, &'static str> {
    if let Some(fix) = looks_like(millis) {
        return Err(fix);
    }
    if (EARLIEST_MS..=LATEST_MS).contains(&millis) {
        Ok(Timestamp::from_millis(millis))
    } else {
        Err("send milliseconds since 1970 between the years 1 and 9999")
    }
}

/// The same of a number with a fraction.
pub(crate) fn from_millis_f64(millis: f64) -> Result<Timestamp, &'static str> {
    #[allow(clippy::cast_possible_truncation)] // The cast saturates, and what saturates is out of range.
    let whole = millis.trunc() as i64;
    let start = from_millis(whole)?;
    #[allow(clippy::cast_possible_truncation)] // Less than a thousand.
    let micros = (millis.fract() * 1000.0).trunc() as i64;
    Ok(start.offset_micros(micros))
}

/// The moment that a text names, or what to do about it.
pub(crate) fn from_text(text: &str) -> Result<Timestamp, &'static str> {
    text.parse().map_err(|_| {
        if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
            "send the number without quotation marks"
        } else if text.len() >= 10 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit) {
            "write it as 2026-11-23T08:00:00.000Z, with Z or an offset such as +08:00 at the end"
        } else {
            "send RFC 3339 text or milliseconds since 1970, or leave ts out to be stamped on arrival"
        }
    })
}

fn looks_like(millis: i64) -> Option<&'static str> {
    if PLAUSIBLE_S.contains(&millis) {
        Some("this looks like seconds: multiply by 1000")
    } else if PLAUSIBLE_S.contains(&(millis / 1_000_000)) && millis > LATEST_MS {
        Some("this looks like microseconds: divide by 1000")
    } else if PLAUSIBLE_S.contains(&(millis / 1_000_000_000)) && millis > LATEST_MS {
        Some("this looks like nanoseconds: divide by 1,000,000")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_taken_and_other_units_are_named_not_guessed() {
        let noon = Timestamp::from_millis(1_795_420_800_000);
        assert_eq!(from_millis(1_795_420_800_000), Ok(noon));
        assert_eq!(from_millis_f64(1_795_420_800_000.5), Ok(noon.offset_micros(500)));
        assert_eq!(from_millis(12_345), Ok(Timestamp::from_millis(12_345)), "a clock that was reset");
        for (number, unit) in [
            (1_795_420_800, " seconds"),
            (1_795_420_800_000_000, "microseconds"),
            (1_795_420_800_000_000_000, "nanoseconds"),
        ] {
            assert!(from_millis(number).expect_err(unit).contains(unit), "{number}");
        }
        for number in [i64::MAX, i64::MIN, LATEST_MS + 1] {
            assert!(from_millis(number).is_err(), "{number}");
        }
        for number in [1e300, -1e300] {
            assert!(from_millis_f64(number).is_err(), "{number}");
        }
    }

    #[test]
    fn a_text_that_is_no_time_says_what_to_change() {
        assert!(from_text("2026-11-23T16:00:00+08:00").is_ok());
        for (text, hint) in [
            ("2026-11-23T08:00:00", "Z or an offset"),
            ("2026-11-23 08:00:00", "Z or an offset"),
            ("1795420800000", "quotation marks"),
            ("", "leave ts out"),
            ("yesterday", "leave ts out"),
            ("07:16:17 06/16/2021 UTC", "leave ts out"),
        ] {
            assert!(from_text(text).expect_err(text).contains(hint), "{text}");
        }
    }
}
