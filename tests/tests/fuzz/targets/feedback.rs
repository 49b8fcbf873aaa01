//! What a sender is told of any payload: JSON that others read, and not more than a packet holds.

use davy_codec::{Codec, Feedback, Metric, Native, Rejection, Sink, Summary};
use serde_json::Value;

use super::{json::JSON, kept::ARRIVAL};
use crate::harness::{Gauge, Growth, Target};

pub(crate) const FEEDBACK: Target = Target {
    name: "feedback",
    runs: 20_000,
    check,
    seeds: JSON.seeds,
    words: JSON.words,
    make: JSON.make,
    growth: &[
        Growth { what: "problems", make: |len| super::json::around("[", "{\"value\":1}", len, "]") },
        Growth { what: "problems of a long name", make: |len| format!("[{{\"values\":{{\"{}\":null}}}}]", "\\u0001".repeat(len / 6)).into_bytes() },
    ],
    ..Target::PLAIN
};

/// The longest feedback, bytes: 20 problems of a pointer, three texts and two messages each.
const LEN_MAX: usize = 64 * 1024;

struct Told(Vec<Rejection>);

impl Sink for Told {
    fn metric(&mut self, _metric: Metric<'_>) {}

    fn problem(&mut self, rejection: Rejection) {
        self.0.push(rejection);
    }
}

fn check(gauge: &mut Gauge, input: &[u8]) {
    let mut told = Told(Vec::new());
    let summary: Summary = Native::default().decode(input, ARRIVAL, &mut told);
    let problems = told.0.len();
    let mut feedback = Feedback::of(&summary);
    told.0.into_iter().for_each(|rejection| feedback.add(rejection));
    let json = gauge.measure(input.len().max(LEN_MAX), || feedback.to_json());
    assert!(json.len() <= LEN_MAX, "feedback of {} bytes", json.len());
    let read: Value = serde_json::from_slice(&json).expect("feedback is JSON");
    assert_eq!(read["accepted"], summary.accepted);
    assert_eq!(read["rejected"], summary.rejected);
    assert_eq!(read.get("seq").and_then(Value::as_u64), summary.seq);
    let listed = read["problems"].as_array().expect("a list");
    assert_eq!(listed.len() + read["problems_omitted"].as_u64().unwrap_or(0) as usize, problems);
    for (problem, rejection) in listed.iter().zip(&feedback.problems) {
        for (field, text) in [("pointer", &rejection.pointer), ("got", &rejection.got), ("fix", &rejection.fix)] {
            assert_eq!(problem[field], **text);
        }
        gauge.saw(rejection.reason.word());
    }
}
