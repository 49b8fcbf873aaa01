//! Entries on their way to the log.

use std::{collections::VecDeque, time::Duration};

use davy_journal::audit::Entry;
use davy_model::Timestamp;
use parking_lot::{Condvar, Mutex};

/// What may wait, bytes; what is more is lost, and counted.
pub(crate) const BYTES_MAX: usize = 16 << 20;
/// Entries written at a time.
const GROUP_MAX: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Waiting {
    inner: Mutex<Inner>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<(Timestamp, Entry)>,
    bytes: usize,
    /// All that were put since the start.
    put: u64,
    lost: u64,
    stops: bool,
}

/// What is to be written now.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) entries: Vec<(Timestamp, Entry)>,
    /// Entries dealt with once these are.
    pub(super) done: u64,
    /// Entries that found no room since the last group.
    pub(super) lost: u64,
    /// Whether nothing comes after it.
    pub(super) stops: bool,
}

impl Waiting {
    /// Puts an entry, with the time that it is then: so the times are in the order of the entries. Gives its number.
    pub(super) fn put(&self, now: impl FnOnce() -> Timestamp, entry: &Entry) -> u64 {
        let entry = entry.clipped();
        let len = entry.len();
        let mut inner = self.inner.lock();
        inner.put += 1;
        if inner.bytes + len > BYTES_MAX {
            inner.lost += 1;
        } else {
            inner.bytes += len;
            inner.entries.push_back((now(), entry));
        }
        self.bell.notify_one();
        inner.put
    }

    pub(super) fn stop(&self) {
        self.inner.lock().stops = true;
        self.bell.notify_one();
    }

    /// What waits, as soon as anything does; nothing after `patience`.
    pub(super) fn take(&self, patience: Duration) -> Group {
        let mut inner = self.inner.lock();
        if inner.entries.is_empty() && inner.lost == 0 && !inner.stops {
            self.bell.wait_for(&mut inner, patience);
        }
        let len = inner.entries.len().min(GROUP_MAX);
        let entries: Vec<_> = inner.entries.drain(..len).collect();
        inner.bytes -= entries.iter().map(|(_, entry)| entry.len()).sum::<usize>();
        let lost = std::mem::take(&mut inner.lost);
        let left = inner.entries.len() as u64;
        Group { entries, done: inner.put - left, lost, stops: inner.stops && left == 0 }
    }

    /// Waits, unless it is time to stop.
    pub(super) fn pause(&self, span: Duration) {
        let mut inner = self.inner.lock();
        if !inner.stops {
            self.bell.wait_for(&mut inner, span);
        }
    }

    /// Whether it is time to stop.
    pub(super) fn stops(&self) -> bool {
        self.inner.lock().stops
    }
}
