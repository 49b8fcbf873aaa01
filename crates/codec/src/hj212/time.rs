//! `DataTime`: local time without an offset, 14 digits; one maker adds milliseconds.

use davy_model::Timestamp;

/// The moment that `digits` name on a clock that is `offset_min` minutes ahead of UTC; `None` when they name none.
pub(super) fn data_time(digits: &[u8], offset_min: i16) -> Option<Timestamp> {
    if !matches!(digits.len(), 14 | 17)
        || !digits.iter().all(u8::is_ascii_digit)
        || offset_min.abs() > 24 * 60
    {
        return None;
    }
    let mut text = *b"0000-00-00T00:00:00.000+00:00";
    let places: [usize; 17] = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20, 21, 22];
    for (digit, place) in digits.iter().zip(places) {
        text[place] = *digit;
    }
    let sign = if offset_min < 0 { b'-' } else { b'+' };
    let offset = offset_min.unsigned_abs();
    let two = |number: u16| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
    text[23] = sign;
    text[24..26].copy_from_slice(&two(offset / 60));
    text[27..29].copy_from_slice(&two(offset % 60));
    std::str::from_utf8(&text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_on_the_clock_of_the_box() {
        for (digits, offset_min, want) in [
            ("20261123160000", 480, Some("2026-11-23T08:00:00.000000Z")),
            ("20261123160000123", 480, Some("2026-11-23T08:00:00.123000Z")),
            ("20261123160000", 0, Some("2026-11-23T16:00:00.000000Z")),
            ("20261123160000", -210, Some("2026-11-23T19:30:00.000000Z")),
            ("20260230160000", 480, None),
            ("20261123250000", 480, None),
            ("2026112316000", 480, None),
            ("2026112316000a", 480, None),
            ("", 480, None),
        ] {
            let time = data_time(digits.as_bytes(), offset_min).map(|time| time.to_string());
            assert_eq!(time.as_deref(), want, "{digits}");
        }
    }
}
