//! PUBACKs of one connection: in receive order, and only after the commit.
//!
//! Commits may come in any order; what is ready is always the longest prefix. A queue belongs to one connection: when
//! that is lost, commits that come later find a queue nobody reads, and the broker sends those messages again.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// As many messages as packet ids tell apart.
const SLOTS_MAX: usize = u16::MAX as usize;

/// What one connection still owes the broker: at most as many slots as there are packet ids, whatever the broker makes of the
/// receive maximum (Mosquitto 2.0.11 goes past it).
#[derive(Debug, Default)]
pub(super) struct Acks {
    queue: Mutex<Queue>,
    ready: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    /// The place of the first slot since the connection began.
    first: u64,
    slots: VecDeque<Slot>,
    failed: bool,
}

#[derive(Debug)]
struct Slot {
    packet_id: u16,
    durable: bool,
}

/// What stands at the front of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Everything so far is durable or waits for its commit.
    Sound,
    /// Something will never be durable: the connection must be made anew, so that the broker sends it again.
    Failed,
}

/// The right to have a run of messages acknowledged to an external broker.
///
/// Their PUBACKs go out once this receipt and every clone of it has been [committed](Receipt::commit), and everything
/// before them. If one is dropped instead, the connection is closed and the broker delivers them again.
#[must_use = "a receipt dropped uncommitted closes the connection"]
pub struct Receipt {
    run: Arc<Run>,
    committed: bool,
}

/// A run of messages, from first to last.
struct Run {
    acks: Arc<Acks>,
    first: u64,
    last: u64,
    lost: AtomicBool,
}

impl Acks {
    /// A message has come that wants a PUBACK; gives its place. `None` when the broker reuses ids that it waits for.
    pub(super) fn received(&self, packet_id: u16) -> Option<u64> {
        let mut queue = self.queue.lock();
        if queue.slots.len() >= SLOTS_MAX {
            return None;
        }
        queue.slots.push_back(Slot { packet_id, durable: false });
        Some(queue.first + queue.slots.len() as u64 - 1)
    }

    /// The receipt for the messages from place `first` to place `last`.
    pub(super) fn receipt(self: &Arc<Self>, first: u64, last: u64) -> Receipt {
        let run = Run { acks: Arc::clone(self), first, last, lost: AtomicBool::new(false) };
        Receipt { run: Arc::new(run), committed: false }
    }

    /// Appends the packet ids that may be acknowledged now.
    pub(super) fn take_ready(&self, into: &mut Vec<u16>) -> Standing {
        let mut queue = self.queue.lock();
        while queue.slots.front().is_some_and(|slot| slot.durable) {
            if let Some(slot) = queue.slots.pop_front() {
                into.push(slot.packet_id);
                queue.first += 1;
            }
        }
        if queue.failed { Standing::Failed } else { Standing::Sound }
    }

    /// Waits until there is something to take.
    pub(super) async fn ready(&self) {
        self.ready.notified().await;
    }

    /// Messages without a PUBACK.
    #[cfg(test)]
    fn owed(&self) -> usize {
        self.queue.lock().slots.len()
    }

    fn settle(&self, run: &Run) {
        let mut queue = self.queue.lock();
        if run.lost.load(Ordering::Acquire) {
            queue.failed = true;
        } else {
            let first = queue.first;
            for place in run.first..=run.last {
                // Not below `first`: a slot leaves the queue only when its run has settled.
                queue.slots[(place - first) as usize].durable = true;
            }
            // Only the front is ever ready.
            if run.first != first {
                return;
            }
        }
        drop(queue);
        self.ready.notify_one();
    }
}

impl Receipt {
    /// Says that this holder's part is durable.
    pub fn commit(mut self) {
        self.committed = true;
    }
}

impl Clone for Receipt {
    fn clone(&self) -> Receipt {
        Receipt { run: Arc::clone(&self.run), committed: false }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if !self.committed {
            self.run.lost.store(true, Ordering::Release);
        }
    }
}

impl Drop for Run {
    /// The last clone is gone, so everything is decided.
    fn drop(&mut self) {
        let acks = Arc::clone(&self.acks);
        acks.settle(self);
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt").field("first", &self.run.first).field("last", &self.run.last).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(acks: &Acks) -> Vec<u16> {
        let mut ids = Vec::new();
        assert_eq!(acks.take_ready(&mut ids), Standing::Sound);
        ids
    }

    #[test]
    fn acknowledgements_go_out_in_receive_order_whatever_the_order_of_commits() {
        let acks = Arc::new(Acks::default());
        for packet_id in [7, 3, 9, 1, 2] {
            acks.received(packet_id);
        }
        let (one, two, three) = (acks.receipt(0, 1), acks.receipt(2, 2), acks.receipt(3, 4));
        three.commit();
        assert!(ready(&acks).is_empty());
        one.commit();
        assert_eq!(ready(&acks), [7, 3]);
        assert_eq!(acks.owed(), 3);
        two.commit();
        assert_eq!(ready(&acks), [9, 1, 2]);
        assert_eq!(acks.received(7), Some(5));
        acks.receipt(5, 5).commit();
        assert_eq!(ready(&acks), [7]);
    }

    #[test]
    fn every_clone_must_commit() {
        let acks = Arc::new(Acks::default());
        acks.received(1);
        let receipt = acks.receipt(0, 0);
        let clone = receipt.clone();
        receipt.commit();
        assert!(ready(&acks).is_empty());
        clone.commit();
        assert_eq!(ready(&acks), [1]);
    }

    #[test]
    fn a_dropped_clone_fails_the_connection_and_nothing_after_it_is_acknowledged() {
        let acks = Arc::new(Acks::default());
        for packet_id in 1..=3 {
            acks.received(packet_id);
        }
        acks.receipt(0, 0).commit();
        let receipt = acks.receipt(1, 1);
        drop(receipt.clone());
        receipt.commit();
        acks.receipt(2, 2).commit();
        let mut ids = Vec::new();
        assert_eq!(acks.take_ready(&mut ids), Standing::Failed);
        assert_eq!(ids, [1]);
    }

    #[tokio::test]
    async fn the_connection_is_woken_when_the_front_is_ready_or_lost() {
        for commit in [true, false] {
            let acks = Arc::new(Acks::default());
            acks.received(1);
            let receipt = acks.receipt(0, 0);
            let waiting = tokio::spawn({
                let acks = Arc::clone(&acks);
                async move { acks.ready().await }
            });
            tokio::task::yield_now().await;
            if commit {
                receipt.commit();
            } else {
                drop(receipt);
            }
            waiting.await.expect("it is woken");
        }
    }
}
