//! What a gateway has done so far.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::Notify;

/// Problems kept from feedback; the rest are counted.
const PROBLEMS_MAX: usize = 20;

/// A gateway's account. Messages are those of readings; status messages are not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages taken into the outbox.
    pub taken: u64,
    /// Messages sent for the first time.
    pub sent: u64,
    /// Messages sent again after a connection was lost.
    pub resent: u64,
    /// Messages acknowledged by the broker.
    pub acknowledged: u64,
    /// Connections made, the first included.
    pub connections: u64,
    /// Readings that Davy's feedback calls accepted.
    pub accepted: u64,
    /// Readings that Davy's feedback calls rejected.
    pub rejected: u64,
    /// What Davy says is wrong: the first twenty, as JSON.
    pub problems: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) taken: AtomicU64,
    pub(super) sent: AtomicU64,
    pub(super) resent: AtomicU64,
    pub(super) acknowledged: AtomicU64,
    pub(super) connections: AtomicU64,
    accepted: AtomicU64,
    rejected: AtomicU64,
    problems: Mutex<Vec<String>>,
    /// Told when nothing in flight waits for an acknowledgement.
    pub(super) emptied: Notify,
    /// Told when feedback came.
    pub(super) answered: Notify,
}

/// What Davy answers on `.../feedback`. Keys that are not known here are left alone, as a vendor's gateway would.
#[derive(Deserialize)]
struct Feedback {
    #[serde(default)]
    accepted: u64,
    #[serde(default)]
    rejected: u64,
    #[serde(default)]
    problems: Vec<Box<serde_json::value::RawValue>>,
}

impl Counters {
    /// Adds one to a counter.
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }

    /// Takes a feedback document into account; one that cannot be read is logged and passed over.
    pub(super) fn feedback(&self, payload: &[u8]) {
        let feedback: Feedback = match serde_json::from_slice(payload) {
            Ok(feedback) => feedback,
            Err(error) => {
                tracing::warn!(%error, "feedback that cannot be read");
                return;
            }
        };
        self.accepted.fetch_add(feedback.accepted, Relaxed);
        self.rejected.fetch_add(feedback.rejected, Relaxed);
        let mut problems = self.problems.lock();
        let room = PROBLEMS_MAX.saturating_sub(problems.len());
        problems.extend(feedback.problems.iter().take(room).map(|problem| problem.get().to_owned()));
        self.answered.notify_waiters();
    }

    /// The account as it stands.
    pub(super) fn read(&self) -> Counts {
        Counts {
            taken: self.taken.load(Relaxed),
            sent: self.sent.load(Relaxed),
            resent: self.resent.load(Relaxed),
            acknowledged: self.acknowledged.load(Relaxed),
            connections: self.connections.load(Relaxed),
            accepted: self.accepted.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            problems: self.problems.lock().clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feedback_adds_up_and_its_problems_are_bounded() {
        let counters = Counters::default();
        counters
            .feedback(br#"{"accepted": 3, "rejected": 1, "problems": [{"code": "UNKNOWN_TAG"}], "more": 0}"#);
        counters.feedback(b"not JSON");
        counters.feedback(br#"{"accepted": 2}"#);
        for _ in 0..30 {
            counters.feedback(br#"{"rejected": 1, "problems": [{}]}"#);
        }
        let counts = counters.read();
        assert_eq!((counts.accepted, counts.rejected, counts.problems.len()), (5, 31, PROBLEMS_MAX));
        assert_eq!(counts.problems[0], r#"{"code": "UNKNOWN_TAG"}"#);
    }
}
