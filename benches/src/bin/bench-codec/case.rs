//! One codec beside the bare library, and how the two are measured.

use std::{hint::black_box, time::Duration};

use anyhow::{Result, anyhow};
use davy_benches::table::{line, median};
use davy_codec::{Codec, Metric, Rejection, Sink};
use davy_model::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// Pairs of measurements, floor and codec by turns.
const ROUNDS: usize = 31;
/// Payloads a measurement.
const REPEATS: usize = 128;
/// Readings a payload.
pub(crate) const READINGS: usize = 100;
/// When payloads arrive: 2026-11-23, 08:00 UTC.
pub(crate) const ARRIVAL: Timestamp = Timestamp::from_micros(1_795_420_800_000_000);

/// What a codec is to reach of the bare typed decode.
pub(crate) const TYPED: f64 = 0.7;
/// The same of mapped JSON.
pub(crate) const MAPPED: f64 = 0.35;

/// Uses every metric, and counts what should not be there.
#[derive(Default)]
pub(crate) struct Sum {
    pub(crate) sum: f64,
    pub(crate) metrics: usize,
    pub(crate) problems: usize,
}

impl Sink for Sum {
    fn metric(&mut self, metric: Metric<'_>) {
        self.sum += metric.value.unwrap_or_default() + metric.name.len() as f64;
        self.metrics += 1;
    }

    fn problem(&mut self, _rejection: Rejection) {
        self.problems += 1;
    }
}

type Decode = Box<dyn FnMut(&[u8], &mut Sum)>;
type Floor = Box<dyn Fn(&[u8]) -> Option<f64>>;

/// One codec, payloads of it in the order in which they come, and the bare library.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) decode: Decode,
    pub(crate) payloads: Vec<Vec<u8>>,
    pub(crate) floor: Floor,
    pub(crate) budget: f64,
}

/// The value of the reading at that place.
pub(crate) fn value(at: usize) -> f64 {
    (at * 37 % 1000) as f64 / 10.0
}

/// Decodes by a codec that knows nothing of the payload before.
pub(crate) fn by(codec: impl Codec + 'static) -> Decode {
    by_any(Box::new(codec))
}

/// The same.
pub(crate) fn by_any(codec: Box<dyn Codec>) -> Decode {
    Box::new(move |payload, sum| {
        codec.decode(payload, ARRIVAL, sum);
    })
}

/// How long this thread has worked: what others do on the machine does not count.
fn worked() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("less than a second"))
}

fn ns<'p>(payloads: impl Iterator<Item = &'p [u8]>, mut run: impl FnMut(&[u8])) -> f64 {
    let start = worked();
    payloads.take(REPEATS).for_each(|payload| run(black_box(payload)));
    (worked() - start).as_nanos() as f64 / REPEATS as f64
}

impl Case {
    /// Prints the line of this case.
    ///
    /// # Errors
    /// A payload that is not read whole, by the codec or by the floor.
    pub(crate) fn measure(mut self) -> Result<()> {
        let payloads = std::mem::take(&mut self.payloads);
        let mut turn = payloads.iter().map(Vec::as_slice).cycle();
        let mut readings = 0;
        for payload in &payloads {
            let mut sum = Sum::default();
            (self.decode)(payload, &mut sum);
            readings = sum.metrics;
            if sum.problems > 0 || readings == 0 {
                return Err(anyhow!("{}: {readings} metrics, {} problems", self.name, sum.problems));
            }
            (self.floor)(payload).ok_or_else(|| anyhow!("{}: the floor cannot read it", self.name))?;
        }
        let (mut ours, mut floors, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let floor = ns(payloads.iter().map(Vec::as_slice).cycle(), |payload| {
                black_box((self.floor)(payload));
            });
            let our = ns(turn.by_ref(), |payload| {
                let mut sum = Sum::default();
                (self.decode)(payload, &mut sum);
                black_box(sum.sum);
            });
            ratios.push(floor / our);
            ours.push(our / readings as f64);
            floors.push(floor / readings as f64);
        }
        self.tell(median(ours), median(floors), median(ratios));
        Ok(())
    }

    fn tell(&self, our: f64, floor: f64, ratio: f64) {
        let measured = format!("{:.1} M/s, {our:.0} of {floor:.0} ns: {ratio:.2}", 1e3 / our);
        let verdict = if ratio >= self.budget { "met" } else { "MISSED" };
        line(self.name, &measured, &format!("≥ {:.2}  {verdict}", self.budget));
    }
}
