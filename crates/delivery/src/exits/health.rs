//! How an exit does, for whoever watches it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use davy_model::Timestamp;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::store::Trouble;

/// How an exit does, and how it is called.
#[derive(Debug)]
pub struct Health {
    inner: Mutex<Figures>,
    /// Somebody wants dead letters sent again.
    letters_asked: AtomicBool,
    pub(super) called: Notify,
}

/// What an exit came to since the start, and how it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// What the receiver took.
    pub delivered: u64,
    /// What it will never take, and is in dead letters.
    pub refused: u64,
    /// Attempts after which the same is told again.
    pub failed_attempts: u64,
    /// Stretches of transitions that could not be told any more.
    pub gaps: u64,
    /// When the receiver took something last.
    pub last_delivered: Option<Timestamp>,
    /// When it refused something last that was not about this exit itself, and why.
    pub last_refused: Option<(Timestamp, String)>,
    /// Since when the receiver takes nothing, and why.
    pub trouble: Option<Trouble>,
    /// Since when it wants nothing more, and what it said.
    pub gone: Option<(Timestamp, String)>,
    /// The last transition of each site that is dealt with: told, or not wanted.
    pub dealt_with: BTreeMap<Arc<str>, u64>,
}

impl Health {
    pub(super) fn new(trouble: Option<Trouble>, gone: Option<(Timestamp, String)>) -> Health {
        let figures = Figures { trouble, gone, ..Figures::default() };
        Health { inner: Mutex::new(figures), letters_asked: AtomicBool::new(true), called: Notify::new() }
    }

    /// As it is now.
    pub fn figures(&self) -> Figures {
        self.inner.lock().clone()
    }

    pub(super) fn note<T>(&self, change: impl FnOnce(&mut Figures) -> T) -> T {
        change(&mut self.inner.lock())
    }

    pub(super) fn is_gone(&self) -> bool {
        self.inner.lock().gone.is_some()
    }

    pub(super) fn ask_for_letters(&self) {
        self.letters_asked.store(true, Ordering::Release);
        self.called.notify_one();
    }

    pub(super) fn take_asked(&self) -> bool {
        self.letters_asked.swap(false, Ordering::AcqRel)
    }
}
