//! One Davy below this one: what it may bring, and how it does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::config::LowerConfig;

/// One Davy below this one.
pub(crate) struct Lower {
    pub(crate) config: LowerConfig,
    /// The own site in which its silence is told.
    pub(crate) alarm_site: Arc<str>,
    began: Instant,
    told: Mutex<Told>,
    pub(crate) transitions: AtomicU64,
    pub(crate) missing: AtomicU64,
    pub(crate) refused: AtomicU64,
}

#[derive(Default)]
struct Told {
    node: String,
    heard: Option<Instant>,
    /// Ends the call that is open.
    call: Option<CancellationToken>,
}

impl Lower {
    pub(crate) fn new(config: LowerConfig, alarm_site: Arc<str>) -> Lower {
        Lower {
            config,
            alarm_site,
            began: Instant::now(),
            told: Mutex::default(),
            transitions: AtomicU64::new(0),
            missing: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// It calls: a call of before, which may be half dead, ends. Gives what ends this one.
    pub(crate) fn calls(&self, node: &str) -> CancellationToken {
        let call = CancellationToken::new();
        let mut told = self.told.lock();
        node.clone_into(&mut told.node);
        told.heard = Some(Instant::now());
        if let Some(before) = told.call.replace(call.clone()) {
            before.cancel();
        }
        call
    }

    /// Something of it was heard.
    pub(crate) fn heard(&self) {
        self.told.lock().heard = Some(Instant::now());
    }

    /// Its call ended. One that came after it goes on.
    pub(crate) fn hung_up(&self, call: &CancellationToken) {
        if !call.is_cancelled() {
            self.told.lock().call = None;
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.told.lock().call.is_some()
    }

    /// What it calls itself.
    pub(crate) fn node(&self) -> String {
        self.told.lock().node.clone()
    }

    /// How long ago it was heard; `None` when it was not since the start.
    pub(crate) fn heard_age(&self) -> Option<Duration> {
        self.told.lock().heard.map(|heard| heard.elapsed())
    }

    /// Whether nothing was heard for too long; `None` while that cannot be told yet, after a start.
    pub(crate) fn is_silent(&self, heard_age: Option<Duration>) -> Option<bool> {
        let silent_after = self.config.silent_after;
        match heard_age {
            Some(age) => Some(age >= silent_after),
            None if self.began.elapsed() >= silent_after => Some(true),
            None => None,
        }
    }

    /// Counts something that was refused.
    pub(crate) fn refuses(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }
}
