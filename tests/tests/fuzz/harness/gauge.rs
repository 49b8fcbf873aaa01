//! Measures one run of a parser: heap, time, and what it came to.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

use super::Heap;

/// Measures one run, and holds it to its bounds.
#[derive(Debug)]
pub(crate) struct Gauge {
    heap: Heap,
    seen: DefaultHasher,
    /// The most heap held at once, bytes.
    pub(crate) peak: u64,
    /// What `peak` might have been.
    pub(crate) peak_max: u64,
    /// The time the parser worked.
    pub(crate) took: Duration,
}

impl Gauge {
    /// For one input.
    pub(crate) fn new(heap: Heap) -> Gauge {
        Gauge { heap, seen: DefaultHasher::new(), peak: 0, peak_max: 0, took: Duration::ZERO }
    }

    /// Runs the parser on `len` bytes: time and heap are counted, its answer included, and the heap is bounded.
    pub(crate) fn measure<T>(&mut self, len: usize, parse: impl FnOnce() -> T) -> T {
        let (mut answer, mut took) = (None, Duration::ZERO);
        let info = allocation_counter::measure(|| {
            let start = worked();
            answer = Some(parse());
            took = worked().saturating_sub(start);
        });
        self.took += took;
        let max = self.heap.max(len);
        if info.bytes_max * self.peak_max.max(1) >= self.peak * max {
            (self.peak, self.peak_max) = (info.bytes_max, max);
        }
        assert!(
            info.bytes_max <= max,
            "{} bytes of heap for {len} bytes of input; at most {max}",
            info.bytes_max
        );
        self.saw(size_of_count(info.count_total));
        answer.expect("the measured closure has run")
    }

    /// Notes what an input came to: an input that comes to something new is worth keeping.
    pub(crate) fn saw(&mut self, what: impl Hash) {
        what.hash(&mut self.seen);
    }

    /// All that was noted, in a number.
    pub(crate) fn signature(&self) -> u64 {
        self.seen.finish()
    }
}

/// How long this thread has worked: what others do on the machine does not count.
fn worked() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("less than a second"))
}

/// About how much: 0, 1, 2, 3, and then the power of two.
pub(crate) fn size_of_count(count: u64) -> u32 {
    if count < 4 { count as u32 } else { 2 + count.ilog2() }
}
