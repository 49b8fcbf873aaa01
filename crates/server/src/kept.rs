//! What a site's journal keeps, for others to see; and how far history is, which others say.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use davy_model::Timestamp;

use crate::retention::Why;

/// In the place of a commit: nothing waits for commits.
const NOBODY: u64 = u64::MAX;

/// Told by the committer, but for `taken`.
#[derive(Debug)]
pub(crate) struct Kept {
    taken: AtomicU64,
    /// The first commit kept.
    pub(crate) first: AtomicU64,
    /// The time of it, µs since 1970.
    pub(crate) since_us: AtomicI64,
    /// Bytes on disk that hold something.
    pub(crate) bytes: AtomicU64,
    /// How many there may be.
    pub(crate) bytes_max: AtomicU64,
    /// By how many the record grows an hour, about.
    pub(crate) growth_per_h: AtomicU64,
    /// Commits let go since the start for their age.
    pub(crate) let_go_age: AtomicU64,
    /// Commits let go since the start for their size.
    pub(crate) let_go_size: AtomicU64,
    /// Commits let go since the start that history had not taken.
    pub(crate) lost_owed: AtomicU64,
}

impl Default for Kept {
    fn default() -> Kept {
        Kept {
            taken: AtomicU64::new(NOBODY),
            first: AtomicU64::new(1),
            since_us: AtomicI64::new(0),
            bytes: AtomicU64::new(0),
            bytes_max: AtomicU64::new(0),
            growth_per_h: AtomicU64::new(0),
            let_go_age: AtomicU64::new(0),
            let_go_size: AtomicU64::new(0),
            lost_owed: AtomicU64::new(0),
        }
    }
}

impl Kept {
    /// The last commit that history has taken; `None` when nothing waits for commits.
    pub(crate) fn taken(&self) -> Option<u64> {
        Some(self.taken.load(Ordering::Acquire)).filter(|taken| *taken != NOBODY)
    }

    /// Says how far history is. Whoever keeps history says so before the site's threads start: until then nothing waits.
    #[cfg_attr(not(test), allow(dead_code, reason = "the store of history says it"))]
    pub(crate) fn set_taken(&self, taken: Option<u64>) {
        self.taken.store(taken.unwrap_or(NOBODY), Ordering::Release);
    }

    /// The time of the oldest commit.
    pub(crate) fn since(&self) -> Timestamp {
        Timestamp::from_micros(self.since_us.load(Ordering::Relaxed))
    }

    /// How long the room that is left will last; `None` while the record does not grow.
    pub(crate) fn full_in(&self) -> Option<Duration> {
        let (bytes, bytes_max) = (self.bytes.load(Ordering::Relaxed), self.bytes_max.load(Ordering::Relaxed));
        let growth_per_h = self.growth_per_h.load(Ordering::Relaxed);
        let seconds = u128::from(bytes_max.saturating_sub(bytes)) * 3600 / u128::from(growth_per_h.max(1));
        (growth_per_h > 0).then(|| Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX)))
    }

    /// Counts commits that went.
    pub(crate) fn count(&self, commits: u64, why: Why) {
        let counter = match why {
            Why::Age => &self.let_go_age,
            Why::Size => &self.let_go_size,
            Why::Owed => &self.lost_owed,
        };
        counter.fetch_add(commits, Ordering::Relaxed);
    }
}
