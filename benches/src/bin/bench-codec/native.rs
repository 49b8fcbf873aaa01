//! Davy's own forms: JSON and protobuf.

use davy_codec::Native;
use davy_proto::v1;
use prost::Message;
use serde::Deserialize;

use crate::case::{Case, READINGS, TYPED, by, value};

#[derive(Deserialize)]
#[allow(dead_code, reason = "read only to be paid for")]
struct Reading<'a> {
    tag: &'a str,
    value: f64,
    unit: Option<&'a str>,
    ts: Option<&'a str>,
    quality: Option<&'a str>,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    readings: Vec<Reading<'a>>,
}

pub(crate) fn json() -> Case {
    let reading = |at| {
        format!(
            r#"{{"tag":"AT-{at:04}/h2s","value":{},"unit":"ppm","ts":"2026-11-23T08:00:00.000Z","quality":"good"}}"#,
            value(at)
        )
    };
    let readings: Vec<String> = (0..READINGS).map(reading).collect();
    Case {
        name: "native JSON / serde_json, typed",
        decode: by(Native::default()),
        payloads: vec![format!(r#"{{"seq":1,"readings":[{}]}}"#, readings.join(",")).into()],
        floor: Box::new(|payload| {
            let batch: Batch<'_> = serde_json::from_slice(payload).ok()?;
            Some(batch.readings.iter().map(|reading| reading.value).sum())
        }),
        budget: TYPED,
    }
}

pub(crate) fn protobuf() -> Case {
    let readings = (0..READINGS).map(|at| v1::Reading {
        tag: format!("AT-{at:04}/h2s"),
        value: Some(value(at)),
        unit: "ppm".into(),
        source_time: Some(prost_types::Timestamp { seconds: 1_795_420_800, nanos: 0 }),
        quality: None,
    });
    Case {
        name: "protobuf / prost",
        decode: by(Native::default()),
        payloads: vec![v1::ReadingBatch { seq: Some(1), readings: readings.collect() }.encode_to_vec()],
        floor: Box::new(|payload| {
            let batch = v1::ReadingBatch::decode(payload).ok()?;
            Some(batch.readings.iter().filter_map(|reading| reading.value).sum())
        }),
        budget: TYPED,
    }
}
