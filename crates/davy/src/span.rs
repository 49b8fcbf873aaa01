//! Spans of time as people type and read them: `30m`, `1h 30m`, `90s`.

use std::time::Duration;

use davy_model::Timestamp;

/// The time here, which spans are counted back from.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
}

/// Reads a span.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("expected a span such as 30s, 30m or 1h30m, found {text:?}");
    let span: jiff::SignedDuration = text.trim().parse().map_err(|_| wrong())?;
    let span = Duration::try_from(span).map_err(|_| wrong())?;
    if span.is_zero() { Err("expected more than no time at all".to_owned()) } else { Ok(span) }
}

/// A span in the two units that say most about it: `2 h 05 min`, `3 min 20 s`, `10.0 s`, `250 ms`.
pub(crate) fn words(span: Duration) -> String {
    let whole_s = span.as_secs();
    match whole_s {
        86_400.. => format!("{} d {:02} h", whole_s / 86_400, whole_s % 86_400 / 3600),
        3600.. => format!("{} h {:02} min", whole_s / 3600, whole_s % 3600 / 60),
        60.. => format!("{} min {:02} s", whole_s / 60, whole_s % 60),
        1.. => format!("{:.1} s", span.as_secs_f64()),
        0 => format!("{} ms", span.as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_understood() {
        for (text, seconds) in
            [("60s", 60.0), ("30m", 1800.0), ("1h30m", 5400.0), ("1h 30m", 5400.0), ("0.5s", 0.5)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_span_is_refused_with_an_example() {
        for text in ["", "30", "soon", "-5m", "1 fortnight", "0s"] {
            let told = parse(text).expect_err(text);
            assert!(told.starts_with("expected "), "{text}: {told}");
        }
    }

    #[test]
    fn spans_read_well_at_every_size() {
        for (millis, told) in [
            (0, "0 ms"),
            (250, "250 ms"),
            (10_000, "10.0 s"),
            (200_000, "3 min 20 s"),
            (7_500_000, "2 h 05 min"),
            (90_000_000, "1 d 01 h"),
        ] {
            assert_eq!(words(Duration::from_millis(millis)), told);
        }
    }
}
