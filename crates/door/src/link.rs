//! What the rest of the door sees of one connection: a bell, a reason to stop, and a queue of messages to send.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::codec::Qos;

/// Why a connection is told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    TakenOver,
    Shutdown,
}

/// A message to a client.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Bytes,
    pub(crate) qos: Qos,
}

impl Outgoing {
    fn len(&self) -> usize {
        self.topic.len() + self.payload.len()
    }
}

#[derive(Debug, Default)]
struct Queue {
    messages: VecDeque<Outgoing>,
    len: usize,
    closed: bool,
}

const GO_ON: u8 = 0;
const TAKEN_OVER: u8 = 1;
const SHUTDOWN: u8 = 2;

/// The shared end of one connection.
#[derive(Debug)]
pub(crate) struct Link {
    /// The order in which clients knocked; the later one has the identifier.
    pub(crate) number: u64,
    /// Rings when a receipt is decided, a message queued, something asked, or the connection to stop.
    pub(crate) bell: Arc<Notify>,
    stop: AtomicU8,
    /// Whether the client is still welcome is to be asked: also of one that comes in, since who may may have changed meanwhile.
    asked: AtomicBool,
    queue: Mutex<Queue>,
    waiting: AtomicUsize,
    messages_max: usize,
    len_max: usize,
}

impl Link {
    pub(crate) fn new(number: u64, messages_max: usize, len_max: usize) -> Self {
        Self {
            number,
            bell: Arc::new(Notify::new()),
            stop: AtomicU8::new(GO_ON),
            asked: AtomicBool::new(true),
            queue: Mutex::default(),
            waiting: AtomicUsize::new(0),
            messages_max,
            len_max,
        }
    }

    /// Tells the connection to end. The first reason stands.
    pub(crate) fn stop(&self, why: Stop) {
        let code = match why {
            Stop::TakenOver => TAKEN_OVER,
            Stop::Shutdown => SHUTDOWN,
        };
        // Whoever comes second finds the connection ending anyway.
        let _ = self.stop.compare_exchange(GO_ON, code, Ordering::AcqRel, Ordering::Acquire);
        self.bell.notify_one();
    }

    pub(crate) fn stopped(&self) -> Option<Stop> {
        match self.stop.load(Ordering::Acquire) {
            TAKEN_OVER => Some(Stop::TakenOver),
            SHUTDOWN => Some(Stop::Shutdown),
            _ => None,
        }
    }

    /// Has the connection ask whether its client is still welcome.
    pub(crate) fn ask_again(&self) {
        self.asked.store(true, Ordering::Release);
        self.bell.notify_one();
    }

    /// Whether that is to be asked now; said once.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire) && self.asked.swap(false, Ordering::AcqRel)
    }

    /// Queues a message; `false` when the queue is full, or the connection has ended.
    pub(crate) fn push(&self, message: Outgoing) -> bool {
        let mut queue = self.queue.lock();
        let full = queue.messages.len() >= self.messages_max || queue.len + message.len() > self.len_max;
        if full || queue.closed {
            return false;
        }
        queue.len += message.len();
        queue.messages.push_back(message);
        self.waiting.store(queue.messages.len(), Ordering::Release);
        drop(queue);
        self.bell.notify_one();
        true
    }

    /// Whether a message waits; costs no lock.
    pub(crate) fn has_outgoing(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// The next message that `fits`, if the foremost does: order is kept.
    pub(crate) fn pop_if(&self, fits: impl FnOnce(&Outgoing) -> bool) -> Option<Outgoing> {
        let mut queue = self.queue.lock();
        if !queue.messages.front().is_some_and(fits) {
            return None;
        }
        let message = queue.messages.pop_front()?;
        queue.len -= message.len();
        self.waiting.store(queue.messages.len(), Ordering::Release);
        Some(message)
    }

    /// Takes no more messages, and says how many never left.
    pub(crate) fn close(&self) -> usize {
        let mut queue = self.queue.lock();
        queue.closed = true;
        queue.len = 0;
        self.waiting.store(0, Ordering::Release);
        std::mem::take(&mut queue.messages).len()
    }
}
