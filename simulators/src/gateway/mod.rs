//! A gateway: an MQTT 3.1.1 client with an outbox of its own.
//!
//! Promise: a message taken by [`Gateway::publish`] is sent until the broker acknowledges it, over any number of
//! connections, in the order taken; at most `outbox_len_max + in_flight_max` messages are held, and `publish` waits when
//! there is no room. What it does not promise: to survive the end of its own process.

mod config;
mod counts;
mod link;
mod outbox;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

pub use config::{BrokerUrl, Credentials, GatewayConfig, GatewayError};
use counts::Counters;
pub use counts::Counts;

/// The state of a gateway's connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Not connected, and trying; with what the last try met.
    Connecting {
        /// Empty before the first try ended.
        last: String,
    },
    /// Connected.
    Online,
    /// Cut off by [`Gateway::cut`], and not trying.
    Cut,
    /// Stopped for good.
    Stopped,
}

/// What somebody wants the connection to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Online,
    Cut,
    Drain,
}

/// How a gateway ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StopReport {
    /// The account at the end.
    pub counts: Counts,
    /// Messages taken and never acknowledged; 0 after a clean stop.
    pub unacknowledged: u64,
}

/// A running gateway. Dropping it ends it without a goodbye, as a power cut would.
#[derive(Debug)]
pub struct Gateway {
    queue: mpsc::Sender<Bytes>,
    counters: Arc<Counters>,
    wish: watch::Sender<Wish>,
    link: watch::Receiver<Link>,
    address: String,
    task: JoinHandle<()>,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Gateway {
    /// Starts a gateway; it connects, and connects again, on its own. To be called within a tokio runtime.
    pub fn connect(config: GatewayConfig) -> Gateway {
        let (queue, waiting) = mpsc::channel(config.outbox_len_max.max(1));
        let (wish, wished) = watch::channel(Wish::Online);
        let (said, link) = watch::channel(Link::Connecting { last: String::new() });
        let counters = Arc::new(Counters::default());
        let address = config.address();
        let ends = link::Ends { waiting, wished, said, counters: Arc::clone(&counters) };
        let task = tokio::spawn(link::run(config, ends));
        Gateway { queue, counters, wish, link, address, task }
    }

    /// Takes a message of readings. Waits while the outbox is full; what it took, it keeps until it is acknowledged.
    ///
    /// # Errors
    /// [`GatewayError::Stopped`] after a stop.
    pub async fn publish(&self, payload: Bytes) -> Result<(), GatewayError> {
        // Counted first: the account must never show more sent than taken.
        Counters::add(&self.counters.taken);
        self.queue.send(payload).await.map_err(|_| GatewayError::Stopped)
    }

    /// The account so far.
    pub fn counts(&self) -> Counts {
        self.counters.read()
    }

    /// The state of the connection.
    pub fn link(&self) -> Link {
        self.link.borrow().clone()
    }

    /// Waits until it is connected.
    ///
    /// # Errors
    /// [`GatewayError::NotOnline`] with what the last try met, when it is not within `patience`.
    pub async fn online(&self, patience: Duration) -> Result<(), GatewayError> {
        let mut link = self.link.clone();
        let online = tokio::time::timeout(patience, link.wait_for(|link| *link == Link::Online)).await;
        match online {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(GatewayError::Stopped),
            Err(_) => Err(self.not_online(patience)),
        }
    }

    fn not_online(&self, patience: Duration) -> GatewayError {
        let last = match self.link() {
            Link::Connecting { last } if !last.is_empty() => last,
            Link::Connecting { .. } => "no answer".to_owned(),
            Link::Online => "connected at the last moment".to_owned(),
            Link::Cut => "the connection is cut".to_owned(),
            Link::Stopped => "the gateway is stopped".to_owned(),
        };
        GatewayError::NotOnline { broker: self.address.clone(), waited_s: patience.as_secs(), last }
    }

    /// Waits until every message taken so far is acknowledged; false when it is not within `patience`.
    pub async fn drained(&self, patience: Duration) -> bool {
        let counters = &self.counters;
        let drained = until(&counters.emptied, || {
            let counts = counters.read();
            counts.acknowledged >= counts.taken
        });
        tokio::time::timeout(patience, drained).await.is_ok()
    }

    /// Waits until Davy's feedback has spoken of `readings` readings; false when it has not within `patience`. Other brokers
    /// give no feedback.
    pub async fn answered(&self, readings: u64, patience: Duration) -> bool {
        let counters = &self.counters;
        let answered = until(&counters.answered, || {
            let counts = counters.read();
            counts.accepted + counts.rejected >= readings
        });
        tokio::time::timeout(patience, answered).await.is_ok()
    }

    /// Cuts the connection without a goodbye, as a lost uplink does: the broker publishes the last will.
    pub fn cut(&self) {
        self.wish.send_replace(Wish::Cut);
    }

    /// Lets it connect again after a [`Gateway::cut`].
    pub fn restore(&self) {
        self.wish.send_replace(Wish::Online);
    }

    /// Sends what is left, waits for its acknowledgements up to `patience`, and says goodbye.
    pub async fn stop(mut self, patience: Duration) -> StopReport {
        self.wish.send_replace(Wish::Drain);
        // Closing the queue tells the link that nothing more will come.
        let (closed, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.queue, closed));
        if tokio::time::timeout(patience, &mut self.task).await.is_err() {
            self.task.abort();
        }
        let counts = self.counts();
        let unacknowledged = counts.taken.saturating_sub(counts.acknowledged);
        StopReport { counts, unacknowledged }
    }
}

/// Waits until `holds`, looking again whenever `told`.
async fn until(told: &Notify, holds: impl Fn() -> bool) {
    loop {
        let notified = told.notified();
        tokio::pin!(notified);
        // Enlisted before looking, so that nothing said in between is missed.
        notified.as_mut().enable();
        if holds() {
            return;
        }
        notified.await;
    }
}
