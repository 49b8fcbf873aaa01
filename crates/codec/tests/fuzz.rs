//! Whatever bytes come, the codec returns, and its counts add up (`decode` checks them).

mod support;

use davy_codec::{Limits, Native, decode_status, is_json};
use proptest::prelude::*;
use support::{decode, decode_with};

const GOOD: [&[u8]; 6] = [
    br#"{"seq":41207,"readings":[{"tag":"AT-0412/h2s","value":12.4,"unit":"ppm","ts":"2026-11-23T08:00:00.000Z","quality":"good"},{"tag":"b","value":NaN}]}"#,
    br#"{"ts":1795420800000,"values":{"AT-0412/h2s":12.4,"\u6d4b":1e400,"c":true}}"#,
    br#"[{"values":{"a":1,"b":-Infinity},"ts":1795420800000.5},{"tag":"x","value":-0.0,"quality":"manual"}]"#,
    "{\"values\":{\"测点/1\":7.31e-2,\"b\":null}}".as_bytes(),
    b"{\"readings\":[{\"tag\":\"\xb2\xe2\",\"value\":1},{\"tag\":\"b\",\"unit\":\"\xb0C\",\"value\":2}]}",
    b"\x08\x2a\x12\x0c\x0a\x01a\x11\x00\x00\x00\x00\x00\x00\xf0?\x12\x14\x0a\x01b\x11\x00\x00\x00\x00\x00\x00\x00@\x22\x02\x08\x05\x2a\x02\x08\x03",
];

/// Pieces that JSON is made of, and some that it is not.
const PIECES: [&str; 30] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\"tag\":",
    "\"value\":",
    "\"ts\":",
    "\"values\":",
    "\"readings\":",
    "\"seq\":",
    "\"quality\":",
    "\"unit\":",
    "\"a\"",
    "12.4",
    "-1",
    "1e400",
    "NaN",
    "-Infinity",
    "true",
    "null",
    " ",
    "\n",
    "\u{7f}",
    "气",
    "\"\\ud800\"",
    "1795420800",
];

const STARTS: [&str; 4] =
    ["{", "[", r#"{"ts":5,"values":{"a":1"#, r#"{"readings":[{"tag":"a","value":1},{"tag":"b","value":2"#];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        decode(&bytes);
        let _ = decode_status(&bytes);
        let _ = is_json(&bytes);
    }

    #[test]
    fn random_pieces_of_json(pieces in proptest::collection::vec(0..PIECES.len(), 0..60), open in 0..2_usize) {
        let mut text = String::from(["{", "["][open]);
        text.extend(pieces.iter().map(|piece| PIECES[*piece]));
        let (kept, _) = decode(text.as_bytes());
        prop_assert!(kept.metrics.iter().all(|metric| metric.value.is_none_or(f64::is_finite) && !metric.name.is_empty()));
    }

    /// What a payload gives when it is cut off is the beginning of what the whole of it gives.
    #[test]
    fn random_pieces_of_json_cut_off(
        pieces in proptest::collection::vec((0..PIECES.len()).prop_filter("the mark", |at| PIECES[*at] != "\u{7f}"), 0..30),
        start in 0..STARTS.len(),
    ) {
        let mut text = String::from(STARTS[start]);
        text.extend(pieces.iter().map(|piece| PIECES[*piece]));
        let (whole, _) = decode(text.as_bytes());
        for end in 0..text.len() {
            let (kept, _) = decode(&text.as_bytes()[..end]);
            let first = whole.metrics.get(..kept.metrics.len());
            prop_assert_eq!(Some(kept.metrics.as_slice()), first, "cut at {}: {}", end, &text);
        }
    }

    #[test]
    fn good_payloads_with_a_few_bytes_changed(
        which in 0..GOOD.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let mut payload = GOOD[which].to_vec();
        for (at, byte, how) in changes {
            let at = at.index(payload.len());
            match how {
                0 => payload[at] = byte,
                1 => payload.insert(at, byte),
                _ => { if payload.len() > 1 { payload.remove(at); } }
            }
        }
        let (kept, _) = decode(&payload);
        prop_assert!(kept.metrics.iter().all(|metric| metric.value.is_none_or(f64::is_finite)));
        for problem in &kept.problems {
            prop_assert!(problem.got.chars().count() <= 80, "{problem:?}");
            prop_assert!(problem.pointer.is_empty() || problem.pointer.starts_with('/'), "{problem:?}");
            prop_assert!(problem.position.is_none_or(|position| position.offset <= payload.len()), "{problem:?}");
        }
    }

    /// What is kept and told is bounded by the payload, and by the limits.
    #[test]
    fn nothing_comes_of_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..200), max in 1..5_u32) {
        let native = Native { limits: Limits { readings_max: max, payload_len_max: 150 } };
        let (kept, summary) = decode_with(&native, &bytes);
        prop_assert!(summary.accepted <= max);
        prop_assert!(kept.problems.len() <= bytes.len() + 2);
    }
}
