//! A sink that keeps everything, and lines to compare.
#![allow(dead_code, unreachable_pub)] // Each test takes what it needs.

use davy_codec::{Codec, Metric, Native, Rejection, Sink, Summary};
use davy_model::Timestamp;

/// When every payload of the tests arrives: 2026-11-23T08:00:00Z.
pub const ARRIVAL: Timestamp = Timestamp::from_micros(1_795_420_800_000_000);

/// A metric that no longer borrows.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub name: String,
    pub value: Option<f64>,
    pub unit: Option<String>,
    pub time_us: Option<i64>,
    pub quality: String,
    pub historical: bool,
    pub pointer: String,
}

#[derive(Debug, Default)]
pub struct Keep {
    pub metrics: Vec<Kept>,
    pub problems: Vec<Rejection>,
}

impl Sink for Keep {
    fn metric(&mut self, metric: Metric<'_>) {
        self.metrics.push(Kept {
            name: metric.name.to_string(),
            value: metric.value,
            unit: metric.unit.as_deref().map(str::to_owned),
            time_us: metric.time.map(|time| time.as_micros()),
            quality: metric.quality.to_string(),
            historical: metric.historical,
            pointer: metric.pointer("value"),
        });
    }

    fn problem(&mut self, rejection: Rejection) {
        self.problems.push(rejection);
    }
}

/// Decodes with the shipped limits, and checks that the counts add up.
pub fn decode(payload: &[u8]) -> (Keep, Summary) {
    decode_with(&Native::default(), payload)
}

pub fn decode_with(codec: &dyn Codec, payload: &[u8]) -> (Keep, Summary) {
    let mut keep = Keep::default();
    let summary = codec.decode(payload, ARRIVAL, &mut keep);
    assert_eq!(summary.accepted as usize, keep.metrics.len());
    assert_eq!(summary.rejected, keep.problems.iter().map(|problem| problem.readings).sum::<u32>());
    (keep, summary)
}

/// `name=value[unit]@ms!quality` for a metric, in which what is not said is left out.
pub fn line(metric: &Kept) -> String {
    let value = metric.value.map_or_else(|| "none".to_owned(), |value| value.to_string());
    let mut line = format!("{}={value}", metric.name);
    if let Some(unit) = &metric.unit {
        line += &format!("[{unit}]");
    }
    if let Some(time_us) = metric.time_us {
        line += &format!("@{}", time_us as f64 / 1000.0);
    }
    if metric.quality != "good" {
        line += &format!("!{}", metric.quality);
    }
    line
}

/// A file of the shared data: below `DAVY_SHARED`, or beside the workspace. `None`, said aloud, where it is not.
///
/// # Panics
/// In CI, where it must be there.
#[allow(clippy::disallowed_methods)] // A test may look for its data.
pub fn shared(path: &str) -> Option<Vec<u8>> {
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("DAVY_SHARED").map_or(beside, Into::into);
    let file = root.join(path);
    if let Ok(bytes) = std::fs::read(&file) {
        return Some(bytes);
    }
    assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "CI must not skip: {}", file.display());
    println!("skipped: no {}", file.display());
    None
}
