//! When a site's latest transitions were recorded.

use std::collections::VecDeque;

use davy_model::{Timestamp, Transition};

/// How many are remembered.
const LEN_MAX: usize = 4096;

/// The latest transitions by number, and when each was recorded.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    times: VecDeque<(u64, Timestamp)>,
}

impl Recent {
    /// Notes a transition; numbers rise.
    pub(crate) fn note(&mut self, transition: &Transition) {
        if self.times.len() == LEN_MAX {
            self.times.pop_front();
        }
        self.times.push_back((transition.sequence, transition.recorded_time));
    }

    /// When the transition of that number was recorded; `None` when it is not among them.
    pub(crate) fn recorded_time(&self, sequence: u64) -> Option<Timestamp> {
        let at = self.times.binary_search_by_key(&sequence, |(number, _)| *number).ok()?;
        self.times.get(at).map(|(_, recorded)| *recorded)
    }
}
