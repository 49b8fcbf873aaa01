//! One site's readings as they become durable, for whoever watches. Nothing is kept while nobody does.
//!
//! Whoever is slow misses commits, and is told how many: the ring is bounded, and nobody waits for anybody.

mod ring;
mod told;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;
use tokio::sync::watch;

use self::ring::Ring;
pub(crate) use self::{ring::BYTES_MAX, told::Told};

/// Where a site's commits are told.
#[derive(Debug)]
pub(crate) struct Live {
    ring: Mutex<Ring>,
    /// How many commits were told.
    head: watch::Sender<u64>,
    dropped: AtomicU64,
}

/// Somebody who watches a site, from where they began.
#[derive(Debug)]
pub(crate) struct Watcher {
    live: Arc<Live>,
    head: watch::Receiver<u64>,
    /// The number of the commit that is due.
    next: u64,
}

/// What a watcher gets.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) told: Arc<Told>,
    /// How many commits went by before it, unheard.
    pub(crate) dropped: u64,
}

impl Default for Live {
    fn default() -> Live {
        Live { ring: Mutex::default(), head: watch::Sender::new(0), dropped: AtomicU64::new(0) }
    }
}

impl Live {
    /// Whether anybody watches: else nothing need be told.
    pub(crate) fn is_watched(&self) -> bool {
        self.watchers() > 0
    }

    /// How many watch.
    pub(crate) fn watchers(&self) -> usize {
        self.head.receiver_count()
    }

    /// How many commits watchers have missed since the start, all together.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Tells a commit.
    pub(crate) fn tell(&self, told: Told) {
        let end = self.ring.lock().push(Arc::new(told));
        self.head.send_replace(end);
    }

    /// Watches from now on.
    pub(crate) fn watch(self: &Arc<Live>) -> Watcher {
        let ring = self.ring.lock();
        Watcher { live: Arc::clone(self), head: self.head.subscribe(), next: ring.end() }
    }
}

impl Watcher {
    /// The next commit, once there is one.
    pub(crate) async fn next(&mut self) -> Heard {
        loop {
            // First, so that what is told after the look below is not slept through.
            self.head.borrow_and_update();
            if let Some(heard) = self.next_now() {
                return heard;
            }
            // Its sender lives as long as the watcher does.
            let _ = self.head.changed().await;
        }
    }

    fn next_now(&mut self) -> Option<Heard> {
        let (number, told) = self.live.ring.lock().from(self.next)?;
        let dropped = number - self.next;
        self.next = number + 1;
        self.live.dropped.fetch_add(dropped, Ordering::Relaxed);
        Some(Heard { told, dropped })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut ring = self.live.ring.lock();
        if self.live.watchers() == 1 {
            ring.clear();
        }
    }
}

#[cfg(test)]
mod tests;
