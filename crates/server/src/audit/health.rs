//! How the log does, for whoever watches it.

use parking_lot::Mutex;

/// How far the thread is, for whoever waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Entries dealt with since the start.
    pub(super) done: u64,
    /// Whether the disk refuses them now.
    pub(super) fails: bool,
}

/// What is wrong with the log.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    fails: Option<String>,
    damaged: Option<String>,
    off_box: Option<String>,
    failures: u64,
}

impl Health {
    pub(super) fn fails(&self, why: String) {
        let mut inner = self.0.lock();
        inner.failures += 1;
        inner.fails = Some(why);
    }

    pub(super) fn works(&self) {
        self.0.lock().fails = None;
    }

    pub(super) fn damaged(&self, what: Option<String>) {
        self.0.lock().damaged = what;
    }

    pub(super) fn off_box(&self, why: Option<String>) {
        self.0.lock().off_box = why;
    }

    /// Why nothing can be written now.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.0.lock().fails.clone()
    }

    /// What did not verify when the log was opened.
    pub(crate) fn damage(&self) -> Option<String> {
        self.0.lock().damaged.clone()
    }

    /// Why checkpoints cannot be kept elsewhere.
    pub(crate) fn unsent(&self) -> Option<String> {
        self.0.lock().off_box.clone()
    }

    /// How often the disk refused an entry.
    pub(crate) fn failures(&self) -> u64 {
        self.0.lock().failures
    }
}
