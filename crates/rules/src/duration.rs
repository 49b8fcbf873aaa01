//! Durations as people write them: `500ms`, `30s`, `5m`, `12h`, `366d`, `1m30s`.

use std::time::Duration;

/// The longest that is read: about 27 years. Longer ones are mistakes, and microseconds must fit.
pub(crate) const LONGEST: Duration = Duration::from_secs(10_000 * 86_400);
/// What a duration looks like, for people.
pub const FORM: &str = "a duration such as 500ms, 30s, 5m, 12h, 366d or 1m30s";

/// Reads a duration: whole numbers with `ms`, `s`, `m`, `h` or `d`, the larger units first, each at most once.
/// `None` when the text is none, or longer than [`LONGEST`].
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total_ms: u64 = 0;
    let mut largest_ms = u64::MAX;
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit_ms = unit_ms(&rest[..letters])?;
        rest = &rest[letters..];
        if unit_ms >= largest_ms {
            return None;
        }
        largest_ms = unit_ms;
        total_ms = total_ms.checked_add(count.checked_mul(unit_ms)?)?;
    }
    let span = Duration::from_millis(total_ms);
    (span <= LONGEST).then_some(span)
}

/// A duration as it would be written.
pub fn show(span: Duration) -> String {
    let mut left = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (word, unit_ms) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if left >= unit_ms {
            text.push_str(&format!("{}{word}", left / unit_ms));
            left %= unit_ms;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

fn unit_ms(word: &str) -> Option<u64> {
    Some(match word {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, want_ms) in [
            ("0", 0),
            ("0s", 0),
            ("500ms", 500),
            ("30s", 30_000),
            ("5m", 300_000),
            ("12h", 43_200_000),
            ("366d", 31_622_400_000),
            ("1m30s", 90_000),
            ("1h0m1s250ms", 3_601_250),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(want_ms)), "{text}");
        }
        for text in [
            "",
            "s",
            "5",
            "5 s",
            "-5s",
            "1.5s",
            "30s1m",
            "1m1m",
            "5min",
            "10001d",
            "99999999999999999999s",
            "5气",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for text in ["0s", "500ms", "1m30s", "366d", "2d3h4m5s6ms"] {
            assert_eq!(show(parse(text).expect(text)), text);
        }
    }
}
