//! What is due when. Entries are hints: whoever pops one asks the state whether it is really due.

use std::{cmp::Reverse, collections::BinaryHeap};

/// What may be due. The order breaks ties, so that replay makes the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// A delay of the alarm may be complete.
    Hold(u32),
    /// The watch's tag may be silent.
    Silence(u32),
    /// The value that switches this mode may be too old to believe.
    Mode(u32),
    /// The alarm's shelving may be over.
    Shelve(u32),
    /// The alarm may sound again.
    ReAlarm(u32),
    /// The alarm's backlog may be through.
    Settle(u32),
    /// The value of this calculated tag may change.
    Calculated(u32),
    /// Nobody may have acknowledged the alarm.
    Escalate(u32),
    /// The alarm may chatter no longer.
    Chatter(u32),
    /// The flood at this desk may be over.
    Flood(u32),
    /// Somebody may be late with what a duty asks of the alarm.
    Late(u32),
}

/// Arrival-clock deadlines, µs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(i64, Due)>>,
}

impl Timers {
    pub(crate) fn push(&mut self, at_us: i64, due: Due) {
        self.heap.push(Reverse((at_us, due)));
    }

    pub(crate) fn peek(&self) -> Option<(i64, Due)> {
        self.heap.peek().map(|Reverse(entry)| *entry)
    }

    pub(crate) fn pop(&mut self) -> Option<(i64, Due)> {
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    pub(crate) fn clear(&mut self) {
        self.heap.clear();
    }

    pub(crate) fn reserve(&mut self, more: usize) {
        self.heap.reserve_exact(more);
    }
}
