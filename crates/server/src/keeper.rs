//! Lets commits go, a step at a time, as [`crate::retention`] says. It runs on the committer's thread, which owns the journal,
//! and knows no clock: now is when the last commit was.

use std::{sync::atomic::Ordering, time::Duration};

use davy_journal::{Journal, JournalError};
use davy_model::Timestamp;
use tracing::{error, info, warn};

use crate::{
    kept::Kept,
    retention::{LetGo, Retention, Standing, Why, let_go},
};

/// How often it looks whether something is to go.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The newest snapshots, all of which a restart may need: a damaged one falls back to the one before.
const SNAPSHOTS_NEEDED: usize = 3;
/// Over how long the growth of the record is smoothed.
const GROWTH_OVER: Duration = Duration::from_secs(3600);

/// Keeps one site's journal within its bounds.
#[derive(Debug)]
pub(crate) struct Keeper {
    retention: Retention,
    /// When it looked last; `None` while there is more to let go.
    looked: Option<Timestamp>,
    growth: Growth,
    /// What stands in the way, so that it is said once.
    trouble: Option<Trouble>,
    /// Whether what goes is owed to history, so that it is said once.
    losing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// The disk fails; it is tried again.
    Passing,
    /// The oldest commits are damaged; nobody can tell what has to be remembered of them.
    Damaged,
}

/// By how much the record grows.
#[derive(Debug, Default)]
struct Growth {
    /// When it was measured, and how large it was.
    last: Option<(Timestamp, u64)>,
    per_s: f64,
    /// Over how long that is the mean, s.
    over_s: f64,
}

impl Keeper {
    pub(crate) fn new(retention: Retention) -> Keeper {
        Keeper { retention, looked: None, growth: Growth::default(), trouble: None, losing: false }
    }

    /// Lets at most one step go. True when another may follow at once.
    pub(crate) fn step(&mut self, journal: &mut Journal, kept: &Kept) -> bool {
        let now = journal.head().at;
        let rests = self.looked.is_some_and(|looked| now < looked.plus(LOOK_EVERY));
        if rests || self.trouble == Some(Trouble::Damaged) {
            return false;
        }
        let more = match self.look(journal, kept, now) {
            Ok(more) => {
                self.trouble = None;
                more
            }
            Err(error) => {
                self.tell(journal.site(), &error);
                false
            }
        };
        self.looked = (!more).then_some(now);
        more
    }

    fn look(&mut self, journal: &mut Journal, kept: &Kept, now: Timestamp) -> Result<bool, JournalError> {
        let size = journal.size()?;
        kept.bytes_max.store(self.retention.bytes_max, Ordering::Relaxed);
        kept.growth_per_h.store(self.growth.grown(now, size.pages), Ordering::Relaxed);
        let snapshots = journal.snapshots()?;
        let standing = Standing {
            first: journal.first_kept().number,
            head: journal.head().number,
            aged: journal.last_before(now.minus(self.retention.keep))?,
            seen: snapshots.iter().rev().take(SNAPSHOTS_NEEDED).next_back().copied().unwrap_or(0),
            bytes: size.bytes(),
            taken: kept.taken(),
        };
        let due = let_go(&standing, self.retention.bytes_max);
        if let Some(due) = due {
            self.go(journal, kept, standing.first, due)?;
            self.growth.shrunk(size.pages.saturating_sub(journal.size()?.pages));
        }
        kept.first.store(journal.first_kept().number, Ordering::Release);
        kept.since_us.store(journal.since()?.as_micros(), Ordering::Relaxed);
        kept.bytes.store(journal.size()?.bytes(), Ordering::Relaxed);
        Ok(due.is_some())
    }

    fn go(&mut self, journal: &mut Journal, kept: &Kept, first: u64, due: LetGo) -> Result<(), JournalError> {
        let begins = journal.forget_before(due.through + 1)?.number;
        kept.count(begins - first, due.why);
        let losing = due.why == Why::Owed;
        if losing && !self.losing {
            warn!(
                site = journal.site(),
                commit = first,
                "the journal is full of what history has not taken: the oldest goes, and history has a hole; look at the \
                 store of history, or raise journal.max_gib"
            );
        } else if self.losing && !losing {
            info!(site = journal.site(), commit = begins, "what goes from the journal is in history again");
        }
        self.losing = losing;
        Ok(())
    }

    fn tell(&mut self, site: &str, error: &JournalError) {
        let trouble = if error.is_retryable() { Trouble::Passing } else { Trouble::Damaged };
        if self.trouble == Some(trouble) {
            return;
        }
        self.trouble = Some(trouble);
        match trouble {
            Trouble::Passing => warn!(site, %error, "old commits could not be let go; tried again"),
            Trouble::Damaged => error!(
                site, %error,
                "old commits cannot be let go: the journal grows from now on; stop Davy, run davy journal verify, and restore a \
                 copy that is whole"
            ),
        }
    }
}

impl Growth {
    /// Takes a measurement in, and gives bytes an hour.
    fn grown(&mut self, now: Timestamp, bytes: u64) -> u64 {
        if let Some((at, before)) = self.last {
            let passed_s = now.since(at).as_secs_f64();
            if passed_s < LOOK_EVERY.as_secs_f64() {
                return self.per_h();
            }
            let sample = bytes.saturating_sub(before) as f64 / passed_s;
            // The mean of all there was, until that is longer than it is smoothed over.
            self.over_s = (self.over_s + passed_s).min(GROWTH_OVER.as_secs_f64().max(passed_s));
            self.per_s += passed_s / self.over_s * (sample - self.per_s);
        }
        self.last = Some((now, bytes));
        self.per_h()
    }

    /// So much went, which is no growth.
    fn shrunk(&mut self, by: u64) {
        self.last = self.last.map(|(at, bytes)| (at, bytes.saturating_sub(by)));
    }

    fn per_h(&self) -> u64 {
        (self.per_s * 3600.0).round() as u64
    }
}

#[cfg(test)]
mod tests;
