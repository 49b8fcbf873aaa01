//! What the checks cost, beside a bare typed decode that checks nothing. Prints; judges nothing.
//! `cargo test --release -p davy-codec --test speed -- --ignored --nocapture`

use std::{hint::black_box, time::Instant};

use davy_codec::{Codec, Metric, Native, Rejection, Sink};
use davy_model::Timestamp;
use davy_proto::v1;
use prost::Message;
use serde::Deserialize;

const READINGS: usize = 100;
const ROUNDS: usize = 2_000;

struct Sum(f64);

impl Sink for Sum {
    fn metric(&mut self, metric: Metric<'_>) {
        self.0 += metric.value.unwrap_or_default() + metric.name.len() as f64;
    }

    fn problem(&mut self, rejection: Rejection) {
        panic!("{rejection:?}");
    }
}

#[derive(Deserialize)]
#[allow(dead_code)] // Read only to be paid for.
struct BareReading<'a> {
    tag: &'a str,
    value: f64,
    unit: Option<&'a str>,
    ts: Option<&'a str>,
    quality: Option<&'a str>,
}

#[derive(Deserialize)]
struct BareBatch<'a> {
    #[serde(borrow)]
    readings: Vec<BareReading<'a>>,
}

/// Median of seven, ns a reading.
fn measure(name: &str, mut run: impl FnMut() -> f64) {
    let mut times: Vec<f64> = (0..7)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..ROUNDS {
                black_box(run());
            }
            start.elapsed().as_nanos() as f64 / (ROUNDS * READINGS) as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{name:24} {:7.1} ns a reading", times[3]);
}

#[test]
#[ignore = "a measurement, for a quiet machine and a release build"]
fn nanoseconds_a_reading() {
    let value = |at: usize| (at * 37 % 1000) as f64 / 10.0;
    let readings: Vec<String> = (0..READINGS)
        .map(|at| format!(r#"{{"tag":"AT-{at:04}/h2s","value":{},"unit":"ppm","ts":"2026-11-23T08:00:00.000Z","quality":"good"}}"#, value(at)))
        .collect();
    let json = format!(r#"{{"seq":1,"readings":[{}]}}"#, readings.join(","));
    let values: Vec<String> = (0..READINGS).map(|at| format!(r#""AT-{at:04}/h2s":{}"#, value(at))).collect();
    let values = format!(r#"{{"ts":1795420800000,"values":{{{}}}}}"#, values.join(","));
    let readings = (0..READINGS).map(|at| v1::Reading {
        tag: format!("AT-{at:04}/h2s"),
        value: Some(value(at)),
        unit: "ppm".into(),
        source_time: Some(prost_types::Timestamp { seconds: 1_795_420_800, nanos: 0 }),
        quality: None,
    });
    let protobuf = v1::ReadingBatch { seq: Some(1), readings: readings.collect() }.encode_to_vec();
    let native = Native::default();
    let decode = |payload: &[u8]| {
        let mut sum = Sum(0.0);
        native.decode(payload, Timestamp::from_millis(1_795_420_800_000), &mut sum);
        sum.0
    };
    measure("JSON readings", || decode(json.as_bytes()));
    measure("  bare serde_json", || {
        let batch: BareBatch<'_> = serde_json::from_str(&json).expect("our own");
        batch.readings.iter().map(|reading| reading.value).sum()
    });
    measure("JSON values", || decode(values.as_bytes()));
    measure("protobuf", || decode(&protobuf));
    measure("  bare prost", || {
        let batch = v1::ReadingBatch::decode(protobuf.as_slice()).expect("our own");
        batch.readings.iter().filter_map(|reading| reading.value).sum()
    });
}
