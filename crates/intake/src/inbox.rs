//! The queue to a site's writer, bounded in bytes.
//!
//! A parcel's permit travels inside it and comes back when the parcel is dropped, that is after the commit: the bound
//! covers what waits *and* what is being made durable.

use std::fmt;
use std::mem::size_of;
use std::sync::Arc;

use davy_model::{Input, MessageHead, Reading, Refusal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::broker;

/// What a parcel weighs beside what it holds, bytes: its place in the queue, and the input around its readings.
const PARCEL_BYTES: usize = 256;

/// One input on its way to the writer, and whom to tell when it is durable.
///
/// Dropped without [`committed`](Parcel::committed) it counts as not durable, and its sender will send it again.
#[derive(Debug)]
pub struct Parcel {
    /// The revision of the site's files under which the indices inside were bound.
    pub revision: Arc<str>,
    /// The input.
    pub input: Input,
    ack: Ack,
    permit: Option<OwnedSemaphorePermit>,
}

/// Whom to tell that a parcel is durable.
pub enum Ack {
    /// Nobody waits (QoS 0, and what Davy itself says).
    None,
    /// A client of the door.
    Door(davy_door::Receipt),
    /// An external broker.
    Broker(broker::Receipt),
    /// Whoever asked: an operator's command, a publisher over gRPC.
    Call(Box<dyn FnOnce(Answer) + Send>),
}

/// What became of a command: granted, or why not. Anything that is not a command is `Ok`.
pub type Answer = Result<(), Refusal>;

/// The sending end; cheap to clone.
#[derive(Clone, Debug)]
pub struct Inbox {
    sender: mpsc::UnboundedSender<Parcel>,
    budget: Arc<Semaphore>,
    budget_bytes: usize,
}

/// The writer's end.
#[derive(Debug)]
pub struct InboxReceiver {
    receiver: mpsc::UnboundedReceiver<Parcel>,
}

/// Why a parcel was not taken. It comes back, unacknowledged.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// The writer has not kept up, and the sender cannot wait.
    #[error("the site's inbox is full")]
    Full(Parcel),
    /// The writer is gone.
    #[error("the site's writer is gone")]
    Closed(Parcel),
}

impl Parcel {
    /// A parcel not yet queued.
    pub fn new(revision: Arc<str>, input: Input, ack: Ack) -> Parcel {
        Parcel { revision, input, ack, permit: None }
    }

    /// Says that the input is durable: the sender is told, the room in the inbox is free again.
    pub fn committed(self) {
        self.answered(Ok(()));
    }

    /// As [`committed`](Parcel::committed), with what the engine answered to a command.
    pub fn answered(self, answer: Answer) {
        match self.ack {
            Ack::None => {}
            Ack::Door(receipt) => receipt.commit(),
            Ack::Broker(receipt) => receipt.commit(),
            Ack::Call(call) => call(answer),
        }
    }

    /// What it takes of the budget, bytes: an estimate of its size in memory.
    pub fn weight_bytes(&self) -> usize {
        PARCEL_BYTES
            + match &self.input {
                Input::Readings(block) => {
                    block.readings.len() * size_of::<Reading>()
                        + block.messages.len() * size_of::<MessageHead>()
                }
                Input::Activate(bundle) => bundle.files.iter().map(|file| file.text.len()).sum(),
                Input::Node { .. }
                | Input::Command(_)
                | Input::Fault(_)
                | Input::Tick
                | Input::Heartbeat(_)
                | Input::Restarted => 0,
            }
    }
}

impl Inbox {
    /// An inbox that holds at most `budget_bytes` (at least 1 KiB, at most 4 GiB) of parcels, queued or being committed.
    pub fn new(budget_bytes: usize) -> (Inbox, InboxReceiver) {
        let budget_bytes = budget_bytes.clamp(1024, u32::MAX as usize).min(Semaphore::MAX_PERMITS);
        let (sender, receiver) = mpsc::unbounded_channel();
        let budget = Arc::new(Semaphore::new(budget_bytes));
        (Inbox { sender, budget, budget_bytes }, InboxReceiver { receiver })
    }

    /// Queues a parcel, waiting for room. Parcels of one caller keep their order.
    ///
    /// # Errors
    /// [`NotTaken::Closed`] when the writer is gone.
    // The parcel comes back whole, or the caller could not put it elsewhere.
    #[allow(clippy::result_large_err)]
    pub async fn put(&self, parcel: Parcel) -> Result<(), NotTaken> {
        match Arc::clone(&self.budget).acquire_many_owned(self.permits(&parcel)).await {
            Ok(permit) => self.send(parcel, permit),
            Err(_) => Err(NotTaken::Closed(parcel)),
        }
    }

    /// Queues a parcel if there is room now.
    ///
    /// # Errors
    /// [`NotTaken::Full`] when there is none, [`NotTaken::Closed`] when the writer is gone.
    #[allow(clippy::result_large_err)]
    pub fn try_put(&self, parcel: Parcel) -> Result<(), NotTaken> {
        match Arc::clone(&self.budget).try_acquire_many_owned(self.permits(&parcel)) {
            Ok(permit) => self.send(parcel, permit),
            Err(tokio::sync::TryAcquireError::NoPermits) if self.sender.is_closed() => {
                Err(NotTaken::Closed(parcel))
            }
            Err(tokio::sync::TryAcquireError::NoPermits) => Err(NotTaken::Full(parcel)),
            Err(tokio::sync::TryAcquireError::Closed) => Err(NotTaken::Closed(parcel)),
        }
    }

    /// Queues what Davy has to say of its own parts, room or no room: unsaid it would be taken for health. Whoever says it
    /// says it once a change, so that this needs no bound.
    ///
    /// # Errors
    /// [`NotTaken::Closed`] when the writer is gone.
    #[allow(clippy::result_large_err)]
    pub fn put_own(&self, parcel: Parcel) -> Result<(), NotTaken> {
        self.sender.send(parcel).map_err(|refused| NotTaken::Closed(refused.0))
    }

    /// Room left, bytes.
    pub fn free_bytes(&self) -> usize {
        self.budget.available_permits()
    }

    /// The bound, bytes.
    pub const fn budget_bytes(&self) -> usize {
        self.budget_bytes
    }

    /// A parcel heavier than the whole budget passes alone: it asks for all of it.
    fn permits(&self, parcel: &Parcel) -> u32 {
        let permits = parcel.weight_bytes().min(self.budget_bytes);
        u32::try_from(permits).expect("the budget is at most u32::MAX")
    }

    #[allow(clippy::result_large_err)]
    fn send(&self, mut parcel: Parcel, permit: OwnedSemaphorePermit) -> Result<(), NotTaken> {
        parcel.permit = Some(permit);
        self.sender.send(parcel).map_err(|refused| NotTaken::Closed(refused.0))
    }
}

impl InboxReceiver {
    /// The next parcel; `None` when every sender is gone and the queue is empty.
    pub async fn recv(&mut self) -> Option<Parcel> {
        self.receiver.recv().await
    }

    /// The next parcel if one waits.
    pub fn try_recv(&mut self) -> Option<Parcel> {
        self.receiver.try_recv().ok()
    }

    /// Waits for parcels and appends up to `limit` of them; returns how many, 0 when every sender is gone.
    pub async fn recv_many(&mut self, into: &mut Vec<Parcel>, limit: usize) -> usize {
        self.receiver.recv_many(into, limit).await
    }

    /// Takes no more; what is queued can still be received.
    pub fn close(&mut self) {
        self.receiver.close();
    }
}

impl fmt::Debug for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ack::None => "None",
            Ack::Door(_) => "Door",
            Ack::Broker(_) => "Broker",
            Ack::Call(_) => "Call",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as std_mpsc;

    use super::*;

    fn tick(ack: Ack) -> Parcel {
        Parcel::new("rev".into(), Input::Tick, ack)
    }

    #[tokio::test]
    async fn a_full_inbox_refuses_at_once_and_makes_room_only_after_the_commit() {
        let (inbox, mut writer) = Inbox::new(4 * PARCEL_BYTES);
        for _ in 0..4 {
            inbox.try_put(tick(Ack::None)).expect("there is room for four");
        }
        assert!(matches!(inbox.try_put(tick(Ack::None)), Err(NotTaken::Full(_))));
        let taken = writer.recv().await.expect("four wait");
        assert!(matches!(inbox.try_put(tick(Ack::None)), Err(NotTaken::Full(_))), "taken is not committed");
        taken.committed();
        inbox.try_put(tick(Ack::None)).expect("the commit made room");
    }

    #[tokio::test]
    async fn what_davy_says_of_itself_needs_no_room() {
        let (inbox, mut writer) = Inbox::new(1024);
        for _ in 0..4 {
            inbox.try_put(tick(Ack::None)).expect("there is room for four");
        }
        inbox.put_own(tick(Ack::None)).expect("the writer is there");
        for _ in 0..5 {
            assert!(writer.recv().await.is_some());
        }
        drop(writer);
        assert!(matches!(inbox.put_own(tick(Ack::None)), Err(NotTaken::Closed(_))));
    }

    #[tokio::test]
    async fn a_waiting_sender_goes_on_when_there_is_room() {
        let (inbox, mut writer) = Inbox::new(1024);
        for _ in 0..4 {
            inbox.put(tick(Ack::None)).await.expect("open");
        }
        let waiting = tokio::spawn({
            let inbox = inbox.clone();
            async move { inbox.put(tick(Ack::None)).await.is_ok() }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(writer.recv().await);
        assert!(waiting.await.expect("the sender ends"));
    }

    #[tokio::test]
    async fn a_parcel_heavier_than_the_budget_passes_alone() {
        let (inbox, mut writer) = Inbox::new(1024);
        let block = davy_model::ReadingBlock {
            messages: Vec::new(),
            readings: vec![
                Reading {
                    tag: davy_model::TagIndex(0),
                    quality: davy_model::Quality::Good,
                    source_time: davy_model::Timestamp::from_micros(0),
                    value: 1.0.into(),
                };
                1000
            ],
        };
        let heavy = Parcel::new("rev".into(), Input::Readings(block), Ack::None);
        assert!(heavy.weight_bytes() > inbox.budget_bytes());
        inbox.try_put(heavy).expect("it asks for all there is");
        assert_eq!(inbox.free_bytes(), 0);
        drop(writer.recv().await);
        assert_eq!(inbox.free_bytes(), 1024);
    }

    #[tokio::test]
    async fn a_dropped_parcel_is_not_acknowledged_and_a_committed_one_is() {
        let (told, hears) = std_mpsc::channel();
        let call = |name: &'static str| {
            let told = told.clone();
            Ack::Call(Box::new(move |answer| told.send((name, answer)).expect("the test listens")))
        };
        drop(tick(call("dropped")));
        tick(call("committed")).committed();
        tick(call("refused")).answered(Err(Refusal::NotLatched));
        let heard: Vec<_> = hears.try_iter().collect();
        assert_eq!(heard, [("committed", Ok(())), ("refused", Err(Refusal::NotLatched))]);

        let (receipt, watch) = davy_door::Receipt::detached();
        drop(tick(Ack::Door(receipt)));
        assert_eq!(watch.outcome(), davy_door::Outcome::Failed);
        let (receipt, watch) = davy_door::Receipt::detached();
        tick(Ack::Door(receipt)).committed();
        assert_eq!(watch.outcome(), davy_door::Outcome::Committed);
    }

    #[tokio::test]
    async fn a_gone_writer_is_told_apart_from_a_slow_one() {
        let (inbox, writer) = Inbox::new(1024);
        drop(writer);
        assert!(matches!(inbox.try_put(tick(Ack::None)), Err(NotTaken::Closed(_))));
        assert!(matches!(inbox.put(tick(Ack::None)).await, Err(NotTaken::Closed(_))));
    }
}
