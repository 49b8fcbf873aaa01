//! What the listener has done.

use std::sync::atomic::{AtomicU64, Ordering};

/// What the listener has done since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hj212Stats {
    /// Connections now open.
    pub connections: u64,
    /// Connections accepted, ever.
    pub accepted: u64,
    /// Connections closed at once, because there was no room.
    pub turned_away: u64,
    /// Frames whose length and CRC held.
    pub frames: u64,
    /// Frames refused, for whatever reason, and garbage between frames.
    pub refused: u64,
    /// Answers sent.
    pub answers: u64,
    /// Bytes received.
    pub bytes: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    open: AtomicU64,
    accepted: AtomicU64,
    turned_away: AtomicU64,
    frames: AtomicU64,
    refused: AtomicU64,
    answers: AtomicU64,
    bytes: AtomicU64,
}

fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

impl Counters {
    pub(super) fn opened(&self) {
        add(&self.open, 1);
        add(&self.accepted, 1);
    }

    pub(super) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn turned_away(&self) {
        add(&self.turned_away, 1);
    }

    pub(super) fn frame(&self) {
        add(&self.frames, 1);
    }

    pub(super) fn refused(&self) {
        add(&self.refused, 1);
    }

    pub(super) fn answered(&self, answers: u64) {
        add(&self.answers, answers);
    }

    pub(super) fn received(&self, bytes: u64) {
        add(&self.bytes, bytes);
    }

    pub(crate) fn stats(&self) -> Hj212Stats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Hj212Stats {
            connections: count(&self.open),
            accepted: count(&self.accepted),
            turned_away: count(&self.turned_away),
            frames: count(&self.frames),
            refused: count(&self.refused),
            answers: count(&self.answers),
            bytes: count(&self.bytes),
        }
    }
}
