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
    /// Sites whose journals cannot be read, since when, and why.
    unread: Mutex<BTreeMap<Arc<str>, Trouble>>,
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
    /// Stretches of transitions that could not be told.
    pub gaps: u64,
    /// When the receiver took something last.
    pub last_delivered: Option<Timestamp>,
    /// When it refused something last that was not about this exit itself, and why.
    pub last_refused: Option<(Timestamp, String)>,
    /// Since when the receiver takes nothing, or the journal of a site cannot be read, and why.
    pub trouble: Option<Trouble>,
    /// Since when it wants nothing more, and what it said.
    pub gone: Option<(Timestamp, String)>,
    /// The last transition of each site that is dealt with: told, or not wanted.
    pub dealt_with: BTreeMap<Arc<str>, u64>,
}

impl Health {
    pub(super) fn new(
        trouble: Option<Trouble>,
        gone: Option<(Timestamp, String)>,
        last_refused: Option<(Timestamp, String)>,
    ) -> Health {
        let figures = Figures { trouble, gone, last_refused, ..Figures::default() };
        Health {
            inner: Mutex::new(figures),
            unread: Mutex::default(),
            letters_asked: AtomicBool::new(true),
            called: Notify::new(),
        }
    }

    /// As it is now.
    pub fn figures(&self) -> Figures {
        let mut figures = self.inner.lock().clone();
        figures.trouble = figures.trouble.or_else(|| {
            let unread = self.unread.lock();
            unread.values().min_by_key(|trouble| trouble.since).cloned()
        });
        figures
    }

    /// The journal of a site cannot be read. True when that is new.
    pub(super) fn cannot_read(&self, site: &Arc<str>, since: Timestamp, why: String) -> bool {
        let mut unread = self.unread.lock();
        let since = unread.get(site).map_or(since, |trouble| trouble.since);
        unread.insert(Arc::clone(site), Trouble { since, why, attempts: 0 }).is_none()
    }

    /// It was read. True when it could not be before.
    pub(super) fn reads(&self, site: &str) -> bool {
        self.unread.lock().remove(site).is_some()
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
