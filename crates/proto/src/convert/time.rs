//! Moments and spans.

use std::time::Duration;

use davy_model::Timestamp;

use crate::WireError;

/// The moment on the wire, to the microsecond.
pub fn time_to_wire(time: Timestamp) -> prost_types::Timestamp {
    let micros = time.as_micros();
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1000).expect("less than a second");
    prost_types::Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

/// The moment in the model; digits past the microsecond are cut off, moments outside years 0001-9999 clamped.
///
/// # Errors
/// [`WireError::Unknown`] when `nanos` is not between 0 and 999,999,999, as protobuf asks.
pub fn time_from_wire(time: &prost_types::Timestamp) -> Result<Timestamp, WireError> {
    if !(0..1_000_000_000).contains(&time.nanos) {
        return Err(WireError::unknown("nanos of a time", &time.nanos));
    }
    let micros = time.seconds.saturating_mul(1_000_000).saturating_add(i64::from(time.nanos / 1000));
    Ok(Timestamp::from_micros(micros))
}

/// The span on the wire; at most 315,576,000,000 s (protobuf's bound, 10,000 years).
pub fn duration_to_wire(span: Duration) -> prost_types::Duration {
    const LONGEST_S: u64 = 315_576_000_000;
    let seconds = i64::try_from(span.as_secs().min(LONGEST_S)).expect("bounded above");
    prost_types::Duration { seconds, nanos: i32::try_from(span.subsec_nanos()).expect("less than a second") }
}

/// The span in the model.
///
/// # Errors
/// [`WireError::Unknown`] when it is negative, or its nanoseconds make a second or more.
pub fn duration_from_wire(span: &prost_types::Duration) -> Result<Duration, WireError> {
    // Not by prost's own conversion: that of the least of all numbers overflows.
    let seconds = u64::try_from(span.seconds).ok();
    let nanos = u32::try_from(span.nanos).ok().filter(|nanos| *nanos < 1_000_000_000);
    let span_of = |seconds| Some(Duration::new(seconds, nanos?));
    seconds.and_then(span_of).ok_or_else(|| WireError::unknown("duration", &span.seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_microsecond_comes_back_the_same_before_and_after_1970() {
        for micros in [0, 1, -1, 999_999, -999_999, -1_000_001, 1_795_420_800_123_456] {
            let time = Timestamp::from_micros(micros);
            let wire = time_to_wire(time);
            assert!((0..1_000_000_000).contains(&wire.nanos), "{micros}");
            assert_eq!(time_from_wire(&wire), Ok(time), "{micros}");
        }
        for time in [Timestamp::MIN, Timestamp::MAX] {
            assert_eq!(time_from_wire(&time_to_wire(time)), Ok(time));
        }
    }

    #[test]
    fn a_time_that_protobuf_forbids_is_refused_and_one_too_far_is_clamped() {
        for nanos in [-1, 1_000_000_000] {
            assert!(time_from_wire(&prost_types::Timestamp { seconds: 5, nanos }).is_err(), "{nanos}");
        }
        let far = prost_types::Timestamp { seconds: i64::MAX, nanos: 999_999_999 };
        assert_eq!(time_from_wire(&far), Ok(Timestamp::MAX));
    }

    #[test]
    fn spans_come_back_the_same_and_none_is_negative() {
        for span in [Duration::ZERO, Duration::from_micros(1), Duration::from_secs(43_200)] {
            assert_eq!(duration_from_wire(&duration_to_wire(span)), Ok(span));
        }
        for (seconds, nanos) in [(-1, 0), (i64::MIN, 0), (i64::MIN, i32::MIN), (0, -1), (1, 1_000_000_000)] {
            let span = prost_types::Duration { seconds, nanos };
            assert!(duration_from_wire(&span).is_err(), "{span:?}");
        }
        let longest = prost_types::Duration { seconds: i64::MAX, nanos: 999_999_999 };
        assert_eq!(duration_from_wire(&longest).map(|span| span.as_secs()), Ok(i64::MAX as u64));
        assert_eq!(duration_to_wire(Duration::MAX).seconds, 315_576_000_000);
    }
}
