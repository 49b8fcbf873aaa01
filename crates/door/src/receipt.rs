//! A receipt stands for one batch until it is durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::sync::Notify;

/// What a batch has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Some copy of the receipt is still held.
    Open,
    /// Every copy was committed.
    Committed,
    /// A copy was dropped uncommitted.
    Failed,
}

#[derive(Debug)]
struct Ticket {
    open: AtomicU32,
    failed: AtomicBool,
    wake: Arc<Notify>,
}

/// The right to have one batch acknowledged.
///
/// The batch's PUBACKs go out once this receipt **and every clone of it** has been [committed](Self::commit). If one is
/// dropped instead, the connection is closed without them, and the client sends its messages again. A handler that
/// chooses to discard messages must therefore commit as well.
#[derive(Debug)]
#[must_use = "a receipt dropped uncommitted closes the connection"]
pub struct Receipt {
    ticket: Arc<Ticket>,
    committed: bool,
}

impl Receipt {
    pub(crate) fn new(wake: Arc<Notify>) -> (Self, ReceiptWatch) {
        let ticket = Arc::new(Ticket { open: AtomicU32::new(1), failed: AtomicBool::new(false), wake });
        (Self { ticket: Arc::clone(&ticket), committed: false }, ReceiptWatch { ticket })
    }

    /// A receipt without a connection, and the eye on it; for messages that come some other way, and for tests.
    pub fn detached() -> (Self, ReceiptWatch) {
        Self::new(Arc::new(Notify::new()))
    }

    /// Says that this holder's part is durable. Costs one atomic step, and one wake when it was the last.
    pub fn commit(mut self) {
        self.committed = true;
    }
}

impl Clone for Receipt {
    fn clone(&self) -> Self {
        self.ticket.open.fetch_add(1, Ordering::Relaxed);
        Self { ticket: Arc::clone(&self.ticket), committed: false }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if !self.committed {
            self.ticket.failed.store(true, Ordering::Release);
        }
        let last = self.ticket.open.fetch_sub(1, Ordering::AcqRel) == 1;
        if last || !self.committed {
            self.ticket.wake.notify_one();
        }
    }
}

/// Watches one receipt.
#[derive(Debug)]
pub struct ReceiptWatch {
    ticket: Arc<Ticket>,
}

impl ReceiptWatch {
    /// What the batch has come to by now. A failure shows at once, a commit when the last copy is.
    pub fn outcome(&self) -> Outcome {
        // `open` first: whoever takes it to 0 has told of its failure before.
        let open = self.ticket.open.load(Ordering::Acquire);
        if self.ticket.failed.load(Ordering::Acquire) {
            Outcome::Failed
        } else if open == 0 {
            Outcome::Committed
        } else {
            Outcome::Open
        }
    }

    /// Waits until the batch is decided. Only one task may wait for one receipt.
    pub async fn decided(&self) -> Outcome {
        loop {
            match self.outcome() {
                Outcome::Open => self.ticket.wake.notified().await,
                outcome @ (Outcome::Committed | Outcome::Failed) => return outcome,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_copy_must_commit() {
        let (first, watch) = Receipt::detached();
        let second = first.clone();
        first.commit();
        assert_eq!(watch.outcome(), Outcome::Open);
        second.commit();
        assert_eq!(watch.outcome(), Outcome::Committed);
    }

    #[test]
    fn one_dropped_copy_fails_the_batch_at_once() {
        let (first, watch) = Receipt::detached();
        drop(first.clone());
        assert_eq!(watch.outcome(), Outcome::Failed);
        first.commit();
        assert_eq!(watch.outcome(), Outcome::Failed);
    }

    #[tokio::test]
    async fn a_waiter_is_woken_by_the_last_commit() {
        let (receipt, watch) = Receipt::detached();
        let waiting = tokio::spawn(async move { watch.decided().await });
        tokio::task::yield_now().await;
        receipt.commit();
        assert_eq!(waiting.await.expect("the waiter ends"), Outcome::Committed);
    }
}
