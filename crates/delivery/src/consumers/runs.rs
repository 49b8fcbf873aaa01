//! What was sent and is not in the ledger yet: runs of consecutive numbers.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use davy_model::Timestamp;

/// Consecutive transitions of a site that were sent one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Of which site.
    pub site: Arc<str>,
    /// The first of them.
    pub from_sequence: u64,
    /// The last of them.
    pub to_sequence: u64,
    /// When the first was sent.
    pub first_sent: Timestamp,
    /// When the last was.
    pub last_sent: Timestamp,
}

/// The longest time that one run covers: it says when each of its transitions was sent, within that.
pub(super) const RUN_SPAN_MAX: Duration = Duration::from_secs(1);
/// Runs of one consumer that wait for the ledger.
const RUNS_MAX: usize = 256;
/// With so many of one consumer, the ledger is called.
const RUNS_MANY: usize = 128;

/// What was sent to one consumer, by site and in order.
#[derive(Debug, Default)]
pub(super) struct Runs {
    ended: Vec<Run>,
    open: BTreeMap<Arc<str>, Run>,
    dropped: u64,
}

impl Runs {
    /// Notes that a transition was sent. True when the ledger should be called.
    pub(super) fn sent(&mut self, site: &str, sequence: u64, now: Timestamp) -> bool {
        let fresh = |site: Arc<str>| Run {
            site,
            from_sequence: sequence,
            to_sequence: sequence,
            first_sent: now,
            last_sent: now,
        };
        let Some(open) = self.open.get_mut(site) else {
            let site: Arc<str> = site.into();
            self.open.insert(Arc::clone(&site), fresh(site));
            return false;
        };
        if sequence == open.to_sequence + 1 && now.since(open.first_sent) <= RUN_SPAN_MAX {
            (open.to_sequence, open.last_sent) = (sequence, now);
            return false;
        }
        let next = fresh(Arc::clone(&open.site));
        let ended = std::mem::replace(open, next);
        if self.ended.len() >= RUNS_MAX {
            self.dropped += 1;
        } else {
            self.ended.push(ended);
        }
        self.ended.len() == RUNS_MANY
    }

    /// All that was sent, and how many runs found no room.
    pub(super) fn take(&mut self) -> (Vec<Run>, u64) {
        let mut runs = std::mem::take(&mut self.ended);
        runs.extend(std::mem::take(&mut self.open).into_values());
        (runs, std::mem::take(&mut self.dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(tenths: i64) -> Timestamp {
        Timestamp::from_micros(tenths * 100_000)
    }

    #[test]
    fn what_follows_one_another_is_one_run_and_a_hole_or_more_than_a_second_begins_the_next() {
        let mut runs = Runs::default();
        for (site, sequence, tenths) in [
            ("park", 1, 0),
            ("park", 2, 1),
            ("mine", 7, 1),
            ("park", 3, 10),
            ("park", 4, 11),
            ("park", 6, 11),
        ] {
            assert!(!runs.sent(site, sequence, at(tenths)));
        }
        // Sent again after the stream was cut.
        assert!(!runs.sent("park", 6, at(12)));
        let (told, dropped) = runs.take();
        let told: Vec<_> = told
            .iter()
            .map(|run| (&*run.site, run.from_sequence, run.to_sequence, run.first_sent, run.last_sent))
            .collect();
        assert_eq!(
            told,
            [
                ("park", 1, 3, at(0), at(10)),
                ("park", 4, 4, at(11), at(11)),
                ("park", 6, 6, at(11), at(11)),
                ("mine", 7, 7, at(1), at(1)),
                ("park", 6, 6, at(12), at(12)),
            ]
        );
        assert_eq!((dropped, runs.take().0), (0, Vec::new()));
    }

    #[test]
    fn a_ledger_that_does_not_come_is_called_and_then_counted() {
        let mut runs = Runs::default();
        let called = (0..1000).filter(|number| runs.sent("park", number * 2, at(0))).count();
        assert_eq!(called, 1, "once is enough");
        let (told, dropped) = runs.take();
        assert_eq!(told.len(), RUNS_MAX + 1, "the newest is kept open");
        assert_eq!(dropped as usize, 1000 - RUNS_MAX - 1);
    }
}
