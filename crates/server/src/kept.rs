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

    /// What history has not taken of the record, up to commit `head`, bytes: as if all commits were of a size.
    pub(crate) fn owed_bytes(&self, head: u64) -> u64 {
        let Some(taken) = self.taken() else { return 0 };
        let first = self.first.load(Ordering::Acquire);
        let kept = u128::from((head + 1).saturating_sub(first).max(1));
        let owed = u128::from(head.saturating_sub(taken.max(first.saturating_sub(1))));
        let bytes = u128::from(self.bytes.load(Ordering::Relaxed));
        u64::try_from(bytes * owed / kept).unwrap_or(u64::MAX)
    }

    /// How long it takes, at this rate, until commits go that history has not taken; `None` while the record does not grow.
    pub(crate) fn debt_full_in(&self, head: u64) -> Option<Duration> {
        let growth_per_h = self.growth_per_h.load(Ordering::Relaxed);
        let room = self.bytes_max.load(Ordering::Relaxed).saturating_sub(self.owed_bytes(head));
        let seconds = u128::from(room) * 3600 / u128::from(growth_per_h.max(1));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Commits 101 to 200 of 10 bytes each; there may be 3000 bytes, and it grows by 500 an hour.
    fn kept(taken: Option<u64>) -> Kept {
        let kept = Kept::default();
        kept.first.store(101, Ordering::Relaxed);
        kept.bytes.store(1000, Ordering::Relaxed);
        kept.bytes_max.store(3000, Ordering::Relaxed);
        kept.growth_per_h.store(500, Ordering::Relaxed);
        kept.set_taken(taken);
        kept
    }

    #[test]
    fn what_history_has_not_taken_is_a_part_of_what_is_kept_and_the_room_left_is_told_in_time() {
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        for (taken, owed, full_in) in [
            (None, 0, hours(6)),
            (Some(200), 0, hours(6)),
            (Some(150), 500, hours(5)),
            (Some(100), 1000, hours(4)),
            // It has never been there, or was left behind.
            (Some(0), 1000, hours(4)),
        ] {
            let kept = kept(taken);
            assert_eq!((kept.owed_bytes(200), kept.debt_full_in(200)), (owed, full_in), "{taken:?}");
        }
        let still = kept(Some(150));
        still.growth_per_h.store(0, Ordering::Relaxed);
        assert_eq!(still.debt_full_in(200), None);
    }
}
