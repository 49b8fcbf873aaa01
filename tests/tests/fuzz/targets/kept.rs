//! What a codec gives a sink, kept to be compared, and what must hold of it whatever the payload.

use davy_codec::{Codec, Limits, Metric, Rejection, Sink, Summary};
use davy_model::{Quality, Timestamp};

use crate::harness::Gauge;

/// When payloads arrive.
pub(super) const ARRIVAL: Timestamp = Timestamp::from_micros(1_795_420_800_000_000);

/// A metric that no longer borrows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) value: Option<f64>,
    pub(super) unit: Option<String>,
    pub(super) time: Option<Timestamp>,
    pub(super) quality: Quality,
    pub(super) historical: bool,
    pub(super) pointer: String,
}

/// Keeps everything.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Keep {
    pub(super) metrics: Vec<Kept>,
    pub(super) problems: Vec<Rejection>,
}

impl Sink for Keep {
    fn metric(&mut self, metric: Metric<'_>) {
        self.metrics.push(Kept {
            name: metric.name.to_string(),
            value: metric.value,
            unit: metric.unit.as_deref().map(str::to_owned),
            time: metric.time,
            quality: metric.quality,
            historical: metric.historical,
            pointer: metric.pointer("value"),
        });
    }

    fn problem(&mut self, rejection: Rejection) {
        self.problems.push(rejection);
    }
}

/// Keeps nothing: what is measured is the codec.
struct Drain;

impl Sink for Drain {
    fn metric(&mut self, _metric: Metric<'_>) {}

    fn problem(&mut self, _rejection: Rejection) {}
}

/// Decodes, and checks what must hold of any payload's answer.
pub(super) fn decode(gauge: &mut Gauge, codec: &dyn Codec, payload: &[u8]) -> (Keep, Summary) {
    let measured = gauge.measure(payload.len(), || codec.decode(payload, ARRIVAL, &mut Drain));
    let mut keep = Keep::default();
    let summary = codec.decode(payload, ARRIVAL, &mut keep);
    assert_eq!(measured, summary, "the same bytes, another answer");
    accounts(&keep, &summary, payload.len());
    note(gauge, &keep);
    (keep, summary)
}

/// The counts are of what the sink was given; nothing is good that cannot be; a refusal is short, and says where.
pub(super) fn accounts(keep: &Keep, summary: &Summary, len: usize) {
    let max = Limits::default().readings_max;
    assert_eq!(summary.accepted as usize, keep.metrics.len());
    assert!(summary.accepted <= max);
    assert_eq!(summary.rejected, keep.problems.iter().map(|problem| problem.readings).sum::<u32>());
    for metric in &keep.metrics {
        assert!(metric.value.is_none_or(f64::is_finite), "{metric:?}");
        assert!(metric.value.is_some() || !metric.quality.is_evidence(), "{metric:?}");
        assert!((1..=Limits::TAG_LEN_MAX).contains(&metric.name.len()), "{metric:?}");
        assert!(
            metric.time.is_none_or(|time| (Timestamp::MIN..=Timestamp::MAX).contains(&time)),
            "{metric:?}"
        );
    }
    assert!(keep.problems.len() <= len + 2, "{} problems of {len} bytes", keep.problems.len());
    for problem in &keep.problems {
        assert!(problem.got.chars().count() <= 80, "{problem:?}");
        assert!(problem.expected.len() <= 400 && problem.fix.len() <= 400, "{problem:?}");
        assert!(problem.pointer.is_empty() || problem.pointer.starts_with('/'), "{problem:?}");
        assert!(problem.pointer.len() <= 1024, "a pointer of {} bytes", problem.pointer.len());
        assert!(problem.position.is_none_or(|position| position.offset <= len), "{problem:?}");
    }
}

/// What the payload came to, in a few words: so that another of the kind need not be kept.
fn note(gauge: &mut Gauge, keep: &Keep) {
    for problem in keep.problems.iter().take(3) {
        let depth = problem.pointer.matches('/').count();
        gauge.saw((
            problem.reason.word(),
            problem.expected.len(),
            problem.fix.len(),
            depth,
            problem.position.is_some(),
        ));
    }
    for metric in keep.metrics.iter().take(2) {
        let parts = (metric.unit.is_some(), metric.time.is_some(), metric.quality.code());
        gauge.saw((
            parts,
            metric.pointer.matches('/').count(),
            metric.value.map(|value| value.fract() == 0.0),
        ));
    }
    gauge.saw((keep.problems.len().min(4), keep.metrics.len().min(4)));
}

/// The same bytes whatever the machine: a number to choose by that an input brings itself.
pub(super) fn choice(input: &[u8]) -> usize {
    input.iter().fold(7, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte))) >> 3
}
