//! A batch in protobuf says the same as in JSON, and one bad reading costs that reading only.

mod support;

use davy_codec::{Form, Limits, Sink, decode_batch};
use davy_proto::v1;
use proptest::prelude::*;
use prost::Message;
use support::{Keep, decode, line};

fn reading(tag: &str, value: f64) -> v1::Reading {
    v1::Reading { tag: tag.into(), value: Some(value), ..v1::Reading::default() }
}

fn batch(readings: Vec<v1::Reading>) -> v1::ReadingBatch {
    v1::ReadingBatch { seq: Some(41_207), readings }
}

fn told(kept: &Keep) -> Vec<String> {
    kept.problems.iter().map(|problem| format!("{} {}", problem.reason, problem.pointer)).collect()
}

#[test]
fn json_and_protobuf_of_the_same_batch_give_the_same_metrics() {
    let json = br#"{"seq": 41207, "readings": [
        {"tag": "AT-0412/h2s", "value": 12.4, "unit": "ppm", "ts": "2026-11-23T08:00:00.123456Z", "quality": "good"},
        {"tag": "b", "value": 0, "quality": "uncertain:over_range"}, {"tag": "c", "value": -1e-3, "ts": 0}]}"#;
    let mut first = reading("AT-0412/h2s", 12.4);
    first.unit = "ppm".into();
    first.source_time = Some(prost_types::Timestamp { seconds: 1_795_420_800, nanos: 123_456_789 });
    let mut second = reading("b", 0.0);
    second.quality = Some(v1::Quality {
        grade: v1::QualityGrade::Uncertain.into(),
        reason: v1::QualityReason::OverRange.into(),
    });
    let mut third = reading("c", -1e-3);
    third.source_time = Some(prost_types::Timestamp::default());
    let (from_json, json_summary) = decode(json);
    let (from_protobuf, protobuf_summary) = decode(&batch(vec![first, second, third]).encode_to_vec());
    assert_eq!(from_json.metrics, from_protobuf.metrics);
    assert!(from_json.problems.is_empty() && from_protobuf.problems.is_empty());
    assert_eq!(json_summary.seq, protobuf_summary.seq);
    assert_eq!((json_summary.form, protobuf_summary.form), (Form::Json, Form::Protobuf));
}

#[test]
fn one_bad_reading_costs_that_reading_only() {
    let mut no_value = reading("x", 1.0);
    no_value.value = None;
    let mut error = reading("e", 1.0);
    error.value = None;
    error.quality = Some(v1::Quality {
        grade: v1::QualityGrade::Bad.into(),
        reason: v1::QualityReason::SensorFailure.into(),
    });
    let mut bad_time = reading("x", 1.0);
    bad_time.source_time = Some(prost_types::Timestamp { seconds: 0, nanos: -1 });
    let mut far_time = reading("x", 1.0);
    far_time.source_time = Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 });
    let mut odd_quality = reading("q", 2.0);
    odd_quality.quality = Some(v1::Quality { grade: 9, reason: 0 });
    let readings = vec![
        reading("a", 1.0),
        reading("x", f64::NAN),
        no_value,
        reading("", 1.0),
        bad_time,
        far_time,
        odd_quality,
        reading(&"y".repeat(129), 1.0),
        reading("z", f64::INFINITY),
        reading("b", 2.0),
        error,
    ];
    let batch = batch(readings);
    let (kept, summary) = decode(&batch.encode_to_vec());
    assert_eq!(
        kept.metrics.iter().map(line).collect::<Vec<_>>(),
        ["a=1", "q=2!bad:unspecified", "b=2", "e=none!bad:sensor_failure"]
    );
    assert_eq!(
        told(&kept),
        [
            "NUMBER_NOT_FINITE /readings/1/value",
            "FIELD_MISSING /readings/2/value",
            "FIELD_MISSING /readings/3/tag",
            "TIMESTAMP_FORMAT /readings/4/ts",
            "TIMESTAMP_FORMAT /readings/5/ts",
            "QUALITY_UNKNOWN /readings/6/quality",
            "SCHEMA_VIOLATION /readings/7/tag",
            "NUMBER_NOT_FINITE /readings/8/value",
        ]
    );
    assert_eq!((summary.accepted, summary.rejected, summary.seq), (4, 7, Some(41_207)));
}

#[test]
fn a_reading_broken_inside_costs_that_reading_only() {
    let good = batch(vec![reading("a", 1.0)]).encode_to_vec();
    for (inside, want) in [
        (&b"\x0a\x02\xff\xfe"[..], "ENCODING_INVALID /readings/0/tag"),
        (b"\x0a\x7fx", "PROTOBUF_DECODE /readings/0/tag"),
        (b"\x08\x01", "PROTOBUF_DECODE /readings/0/tag"),
        (b"\x11\x00\x00", "PROTOBUF_DECODE /readings/0/value"),
        (b"\x22\x02\x0a\x01", "PROTOBUF_DECODE /readings/0/ts"),
        (b"\x2a\x01\x08", "PROTOBUF_DECODE /readings/0/quality"),
        (b"\x0b", "PROTOBUF_DECODE /readings/0"),
    ] {
        let mut payload = vec![0x12, u8::try_from(inside.len()).expect("short")];
        payload.extend_from_slice(inside);
        payload.extend_from_slice(&good);
        let (kept, _) = decode(&payload);
        assert_eq!(told(&kept), [want], "{inside:02x?}");
        assert_eq!(kept.metrics.iter().map(line).collect::<Vec<_>>(), ["a=1"], "{inside:02x?}");
        assert_eq!(kept.metrics[0].pointer, "/readings/1/value");
    }
}

#[test]
fn what_is_neither_form_says_so_and_never_passes_in_silence() {
    for (payload, code) in [
        (&b"temperature=22.5"[..], "PROTOBUF_DECODE"),
        (b"12.4", "PROTOBUF_DECODE"),
        (b"\x1a\x01x", "FIELD_UNKNOWN"),
        (b"\x08\xff", "PROTOBUF_DECODE"),
        (b"\x12\x05x", "PROTOBUF_DECODE"),
        (b"\x0a\x01x", "PROTOBUF_DECODE"),
        (b" ", "PROTOBUF_DECODE"),
    ] {
        let (kept, summary) = decode(payload);
        assert_eq!(kept.problems[0].reason.word(), code, "{payload:02x?}");
        assert_eq!((summary.accepted, summary.rejected), (0, 1), "{payload:02x?}");
    }
    let (kept, _) = decode(b"temperature=22.5");
    assert!(kept.problems[0].fix.contains("JSON that begins with {"));
}

fn any_reading() -> impl Strategy<Value = v1::Reading> {
    let value = prop_oneof![4 => any::<f64>().prop_map(Some), 1 => Just(None), 1 => Just(Some(f64::NAN))];
    let time = proptest::option::of(
        (any::<i64>(), any::<i32>())
            .prop_map(|(seconds, nanos)| prost_types::Timestamp { seconds: seconds >> 28, nanos }),
    );
    let quality = proptest::option::of(
        (-1..5_i32, -1..15_i32).prop_map(|(grade, reason)| v1::Quality { grade, reason }),
    );
    ("\\PC{0,12}", value, "[a-z%/]{0,4}", time, quality).prop_map(
        |(tag, value, unit, source_time, quality)| v1::Reading { tag, value, unit, source_time, quality },
    )
}

proptest! {
    /// The borrowed reading of the bytes and prost's own agree, in every metric and every problem.
    #[test]
    fn bytes_and_the_generated_type_agree(readings in proptest::collection::vec(any_reading(), 1..20), seq: Option<u64>) {
        let batch = v1::ReadingBatch { seq, readings };
        let (from_bytes, summary) = decode(&batch.encode_to_vec());
        let mut from_type = Keep::default();
        let type_summary = decode_batch(&batch, Limits::default(), &mut from_type as &mut dyn Sink);
        prop_assert_eq!(from_bytes.metrics, from_type.metrics);
        prop_assert_eq!(from_bytes.problems, from_type.problems);
        prop_assert_eq!(summary, type_summary);
    }
}
