//! A payload may end anywhere: what is then taken from it is what the whole of it holds, in its order.

mod support;

use davy_proto::v1;
use prost::Message;
use support::{Kept, decode};

const SAMPLES: [&str; 12] = [
    r#"{"seq": 41207, "readings": [{"tag": "AT-0412/h2s", "value": 12.4, "unit": "ppm", "ts": "2026-11-23T08:00:00.000Z", "quality": "bad:calibration"}, {"tag": "b", "value": -7.31e2}]}"#,
    r#"{"ts": 1795420800000, "values": {"AT-0412/h2s": 12.4, "TK-101/level": 7.31, "on": true}}"#,
    r#"{"values": {"AT-0412/h2s": 12.4, "b": 7.31}, "ts": 1795420800000}"#,
    r#"[{"ts": 1795420800000, "values": {"a": 12.4}}, {"values": {"a": 13.5}, "ts": 1795420801000}]"#,
    r#"[{"tag": "a", "value": 12.4}, {"value": 2.25, "tag": "b", "ts": 1795420800000}]"#,
    r#"{"tag": "a", "value": 12.4, "unit": "mg/m3", "ts": 1795420800000}"#,
    r#"{"readings": [{"tag": "a", "value": NaN}, {"tag": "b", "value": 12.4}, {"tag": "c", "value": "x"}]}"#,
    r#"{"ts": 5, "values": {"a": 1e400, "b": -Infinity, "c": 12.4, "d": 1e30}}"#,
    r#"{"values": {"a": 1e400, "b": 12.4, "\u6d4b": 100}, "ts": 1795420800000.5}"#,
    r#"{"readings": [{"tag": "测点", "value": 12.4, "value": 9}, {"tag": "\"q\"", "value": 0.001, "x": [1, {"y": 2}]}]}"#,
    r#"{"ts": 1, "values": {"a": 12.4}, "ts": 2, "values": {"b": 1}}"#,
    r#"{"readings": [{"tag": "a", "value": 1, "quality": "fine"}, 5, {"tag": "b", "value": 22}], "seq": 12}"#,
];

/// The metrics of every prefix are the first metrics of the whole.
fn check(whole: &[u8]) {
    let (all, _) = decode(whole);
    for end in 0..whole.len() {
        let (kept, summary) = decode(&whole[..end]);
        let first: &[Kept] = all.metrics.get(..kept.metrics.len()).unwrap_or(&[]);
        let shown = String::from_utf8_lossy(&whole[..end]);
        assert_eq!(kept.metrics, first, "cut at {end}: {shown}");
        assert!(summary.seq.is_none() || summary.seq == decode(whole).1.seq, "cut at {end}: {shown}");
    }
}

#[test]
fn json_cut_off_anywhere_never_gives_a_wrong_value() {
    for sample in SAMPLES {
        check(sample.as_bytes());
    }
}

#[test]
fn json_that_is_not_utf_8_cut_off_anywhere_never_gives_a_wrong_value() {
    check(b"{\"readings\":[{\"tag\":\"\xb2\xe2\",\"value\":1},{\"tag\":\"b\",\"value\":23}]}");
    check(b"{\"ts\":5,\"values\":{\"\xb2\xe2\":1,\"b\":NaN,\"c\":23,\"d\":\"\xff\"}}");
}

#[test]
fn protobuf_cut_off_anywhere_never_gives_a_wrong_value() {
    let reading = |tag: &str, value: f64| v1::Reading {
        tag: tag.into(),
        value: Some(value),
        unit: "ppm".into(),
        source_time: Some(prost_types::Timestamp { seconds: 1_795_420_800, nanos: 123_456_000 }),
        quality: Some(v1::Quality { grade: 2, reason: 6 }),
    };
    let readings = vec![reading("AT-0412/h2s", 12.4), reading("b", 0.0), reading("测点", -1e9)];
    check(&v1::ReadingBatch { seq: Some(300), readings }.encode_to_vec());
}

#[test]
fn every_complete_reading_before_the_cut_is_kept() {
    let whole = br#"{"readings":[{"tag":"a","value":1},{"tag":"b","value":2},{"tag":"c","value":3}]}"#;
    for (end, want) in [(33, 0), (34, 1), (54, 1), (55, 1), (56, 2), (whole.len() - 2, 3)] {
        let (kept, _) = decode(&whole[..end]);
        assert_eq!(kept.metrics.len(), want, "cut at {end}: {}", String::from_utf8_lossy(&whole[..end]));
    }
}
