//! Native protobuf, against prost, and a batch that gRPC has decoded already.

use davy_codec::{Form, Limits, Protobuf, decode_batch};
use davy_proto::v1;
use prost::Message;

use super::{
    json::reads_back,
    kept::{Keep, accounts, decode},
};
use crate::harness::{Dice, Gauge, Growth, Target};

pub(crate) const PROTOBUF: Target = Target {
    name: "protobuf",
    runs: 100_000,
    check,
    seeds,
    words: &["\x08\x01", "\x12\x00", "\x0a\x01a", "\x11\0\0\0\0\0\0\u{40}@", "\x1a\x03ppm", "\x22\x02\x08\x05", "\x2a\x02\x08\x03", "\x0b", "\x0c", "\x7d\0\0\0\0"],
    make: Some(make),
    growth: &[
        Growth { what: "readings", make: |len| b"\x12\x0c\x0a\x01a\x11\0\0\0\0\0\0\xf0?".repeat(len / 14) },
        Growth { what: "empty readings", make: |len| b"\x12\x00".repeat(len / 2) },
        Growth { what: "broken readings", make: |len| b"\x12\x01\x0b".repeat(len / 3) },
        Growth { what: "a long tag", make: |len| message(2, &message(1, &vec![b'x'; len])) },
        Growth { what: "a tag again and again", make: |len| message(2, &b"\x0a\x01a".repeat(len / 3)) },
        Growth { what: "unknown fields", make: |len| b"\x78\x01".repeat(len / 2) },
        Growth { what: "depth", make: |len| nested(len / 8) },
    ],
    ..Target::PLAIN
};

pub(crate) const BATCH: Target = Target {
    name: "batch",
    runs: 60_000,
    check: check_batch,
    seeds,
    words: PROTOBUF.words,
    make: Some(make),
    ..Target::PLAIN
};

/// A field with a length.
fn message(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    prost::encoding::encode_varint(bytes.len() as u64, &mut out);
    out.extend_from_slice(bytes);
    out
}

fn nested(depth: usize) -> Vec<u8> {
    // Each level names the rest as its own: no need to make it from inside, nor right to the end.
    (0..depth).flat_map(|_| [0x12, 0x80, 0x80, 0x10]).collect()
}

fn seeds() -> Vec<Vec<u8>> {
    let whole = v1::ReadingBatch {
        seq: Some(300),
        readings: vec![
            v1::Reading {
                tag: "AT-0412/h2s".into(),
                value: Some(12.4),
                unit: "ppm".into(),
                source_time: Some(prost_types::Timestamp { seconds: 1_795_420_800, nanos: 123_456_000 }),
                quality: Some(v1::Quality { grade: 2, reason: 6 }),
            },
            v1::Reading { tag: "测点".into(), value: Some(-1e9), ..v1::Reading::default() },
        ],
    };
    let two = b"\x08\x2a\x12\x0c\x0a\x01a\x11\0\0\0\0\0\0\xf0?\x12\x14\x0a\x01b\x11\0\0\0\0\0\0\0@\x22\x02\x08\x05\x2a\x02\x08\x03".to_vec();
    vec![whole.encode_to_vec(), two, b"\x08\x01".to_vec()]
}

fn check(gauge: &mut Gauge, input: &[u8]) {
    let (keep, summary) = decode(gauge, &Protobuf::default(), input);
    if input.is_empty() {
        // To prost a batch of nothing; a sender that sends nothing wants to know.
        assert_eq!(summary.rejected, 1);
        return;
    }
    match v1::ReadingBatch::decode(input) {
        Ok(batch) if input.len() <= Limits::default().payload_len_max => same(&keep, summary.seq, &batch, input),
        Ok(_) => {}
        Err(error) => assert!(!keep.problems.is_empty(), "prost says {error}, and we nothing"),
    }
    reads_back(&keep.metrics);
}

/// What prost reads without a complaint is what we read, reading by reading.
fn same(keep: &Keep, seq: Option<u64>, batch: &v1::ReadingBatch, input: &[u8]) {
    let broken = keep.problems.iter().any(|problem| problem.reason == davy_model::Reason::ProtobufDecode);
    if broken {
        // prost takes groups and a message of no known field; we do not.
        return;
    }
    let mut other = Keep::default();
    decode_batch(batch, Limits::default(), &mut other);
    // Of fields that nobody knows, prost says nothing.
    let known = |keep: &Keep| {
        let problems = keep.problems.iter().filter(|problem| problem.reason != davy_model::Reason::FieldUnknown);
        problems.cloned().collect::<Vec<_>>()
    };
    assert_eq!((&keep.metrics, seq), (&other.metrics, batch.seq), "{input:02x?}");
    assert_eq!(known(keep), known(&other));
}

fn check_batch(gauge: &mut Gauge, input: &[u8]) {
    let Ok(batch) = v1::ReadingBatch::decode(input) else { return };
    let mut keep = Keep::default();
    let summary = decode_batch(&batch, Limits::default(), &mut keep);
    accounts(&keep, &summary, input.len());
    assert_eq!((summary.form, summary.seq), (Form::Protobuf, batch.seq));
    // Every reading is in the account.
    assert_eq!(u64::from(summary.accepted) + u64::from(summary.rejected), batch.readings.len() as u64);
    // And what we write of it ourselves is read from bytes as it was from the message.
    let bytes = batch.encode_to_vec();
    if !bytes.is_empty() {
        let (again, _) = decode(gauge, &Protobuf::default(), &bytes);
        assert_eq!(again, keep);
    }
}

/// A batch of readings in which anything may be odd.
fn make(dice: &mut Dice) -> Vec<u8> {
    let text = |dice: &mut Dice, all: &[&str]| dice.word(all).to_owned();
    let reading = |dice: &mut Dice| v1::Reading {
        tag: text(dice, &["", "a", "AT-0412/h2s", "气体", "\0"]),
        value: [None, Some(1.0), Some(-0.0), Some(f64::NAN), Some(f64::from_bits(dice.number()))][dice.below(5)],
        unit: text(dice, &["", "", "ppm", "mg/m3", "?"]),
        source_time: (!dice.once_in(3)).then(|| prost_types::Timestamp {
            seconds: if dice.once_in(3) { dice.number().cast_signed() } else { 1_795_420_800 },
            nanos: if dice.once_in(3) { dice.number() as i32 } else { 5000 },
        }),
        quality: (!dice.once_in(3)).then(|| v1::Quality { grade: dice.below(5) as i32, reason: dice.below(15) as i32 - 1 }),
    };
    let readings = (0..dice.below(5)).map(|_| reading(dice)).collect();
    v1::ReadingBatch { seq: dice.once_in(2).then(|| dice.number()), readings }.encode_to_vec()
}
