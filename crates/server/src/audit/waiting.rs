//! Entries on their way to the log.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use davy_journal::audit::Entry;
use davy_model::Timestamp;
use parking_lot::{Condvar, Mutex};

/// What may wait, bytes; what is more is lost, and counted.
pub(crate) const BYTES_MAX: usize = 16 << 20;
/// Entries written at a time.
const GROUP_MAX: usize = 1024;
/// How long an entry waits for others that nobody waits for: each flush holds up those of the journals on the same disk.
const TOGETHER: Duration = Duration::from_secs(2);
/// What waits for others at the most, bytes.
const TOGETHER_BYTES_MAX: usize = 1 << 20;

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
    /// Somebody waits for what is put.
    hurries: bool,
    /// Since when the first of those waits that nobody waits for.
    since: Option<Instant>,
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
        let mut inner = self.inner.lock();
        inner.hurries = true;
        let number = inner.put(now, entry);
        self.bell.notify_one();
        number
    }

    /// Puts an entry that nobody waits for: it is taken with the next that somebody does, or two seconds later.
    pub(super) fn put_beside(&self, now: impl FnOnce() -> Timestamp, entry: &Entry) {
        let mut inner = self.inner.lock();
        inner.since.get_or_insert_with(Instant::now);
        inner.put(now, entry);
        if inner.bytes >= TOGETHER_BYTES_MAX {
            self.bell.notify_one();
        }
    }

    /// Has what waits taken at once. Gives the number of the last that was put.
    pub(super) fn hurry(&self) -> u64 {
        let mut inner = self.inner.lock();
        if !inner.entries.is_empty() {
            inner.hurries = true;
            self.bell.notify_one();
        }
        inner.put
    }

    pub(super) fn stop(&self) {
        self.inner.lock().stops = true;
        self.bell.notify_one();
    }

    /// What waits, as soon as it is due; nothing after `patience`.
    pub(super) fn take(&self, patience: Duration) -> Group {
        let mut inner = self.inner.lock();
        if !inner.is_due() {
            let rest = inner.since.map_or(patience, |since| TOGETHER.saturating_sub(since.elapsed()));
            self.bell.wait_for(&mut inner, patience.min(rest));
        }
        let len = if inner.is_due() { inner.entries.len().min(GROUP_MAX) } else { 0 };
        let entries: Vec<_> = inner.entries.drain(..len).collect();
        inner.bytes -= entries.iter().map(|(_, entry)| entry.len()).sum::<usize>();
        let lost = std::mem::take(&mut inner.lost);
        let left = inner.entries.len() as u64;
        if left == 0 {
            (inner.hurries, inner.since) = (false, None);
        }
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

impl Inner {
    fn put(&mut self, now: impl FnOnce() -> Timestamp, entry: &Entry) -> u64 {
        let entry = entry.clipped();
        let len = entry.len();
        self.put += 1;
        if self.bytes + len > BYTES_MAX {
            self.lost += 1;
        } else {
            self.bytes += len;
            self.entries.push_back((now(), entry));
        }
        self.put
    }

    fn is_due(&self) -> bool {
        let has_waited = self.since.is_some_and(|since| since.elapsed() >= TOGETHER);
        self.hurries || self.stops || self.lost > 0 || has_waited || self.bytes >= TOGETHER_BYTES_MAX
    }
}
