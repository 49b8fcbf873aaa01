//! The same intake through an external broker (Mosquitto, EMQX, HiveMQ...): Davy is its client.
//!
//! Promise: a message is acknowledged to the broker only when it is durable here, in the order in which it came. What the
//! broker itself loses before that, Davy can only notice.
//!
//! One task holds the connection and never waits for a writer; another reads what it brings. They meet in two queues: messages,
//! bounded in bytes, and acknowledgements, bounded by their packet ids.

mod acks;
mod answers;
mod asked;
mod caller;
mod config;
mod drive;
mod pauses;
mod shared;
mod tls;
mod wire;
mod worker;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use davy_model::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

pub use acks::Receipt;
pub use caller::Caller;
pub use config::BrokerConfig;
pub use tls::{TlsError, tls_client};
pub use wire::LinkError;

use crate::Intake;
use crate::feedback::Publisher;
use drive::Drive;
use pauses::Pauses;
use shared::{Event, Manner, Outgoing, Shared};
use wire::Wire;

/// A link to one external broker. Dropped, it ends without a goodbye.
pub struct BrokerLink {
    shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
}

/// How the link stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Not there yet, since then.
    Connecting {
        /// Since when.
        since: Timestamp,
    },
    /// Connected, and every subscription granted.
    Subscribed {
        /// Since when.
        since: Timestamp,
    },
    /// Lost, or never had; it is tried again.
    Lost {
        /// Since when.
        since: Timestamp,
        /// Why the last attempt failed.
        why: String,
    },
    /// Asked to stop.
    Stopped,
}

/// Counts of a link since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Messages received.
    pub received: u64,
    /// Messages acknowledged, after the commit.
    pub acknowledged: u64,
    /// Connections made.
    pub connections: u64,
    /// Connections after which the broker did not know the session any more: what came meanwhile is lost.
    pub sessions_lost: u64,
    /// Feedback that found no room.
    pub outgoing_dropped: u64,
}

/// The way back through a broker.
struct WayBack {
    outgoing: mpsc::Sender<Outgoing>,
    shared: Arc<Shared>,
}

impl BrokerLink {
    /// Starts a link; the broker may be down. Must be called within a tokio runtime.
    pub fn start(config: BrokerConfig, intake: &Arc<Intake>) -> BrokerLink {
        let (to_worker, deliveries) = mpsc::unbounded_channel();
        let (say, outgoing) = mpsc::channel(config.outgoing_max.max(1));
        let state = LinkState::Connecting { since: intake.now() };
        let shared = Arc::new(Shared::new(config, Arc::clone(intake), state, to_worker));
        let route = intake.feedback.route();
        intake.feedback.connect(route, Arc::new(WayBack { outgoing: say, shared: Arc::clone(&shared) }));
        let tasks = [
            tokio::spawn(hold(Arc::clone(&shared), outgoing)),
            tokio::spawn(worker::work(Arc::clone(&shared), deliveries, route)),
        ];
        BrokerLink { shared, tasks }
    }

    /// How it stands.
    pub fn state(&self) -> LinkState {
        LinkState::clone(&self.shared.state.load())
    }

    /// Its counts.
    pub fn stats(&self) -> LinkStats {
        let counters = &self.shared.counters;
        LinkStats {
            received: counters.received.load(Ordering::Relaxed),
            acknowledged: counters.acknowledged.load(Ordering::Relaxed),
            connections: counters.connections.load(Ordering::Relaxed),
            sessions_lost: counters.sessions_lost.load(Ordering::Relaxed),
            outgoing_dropped: counters.outgoing_dropped.load(Ordering::Relaxed),
        }
    }

    /// The directory's sites have changed: asks for the new ones, and no longer for those gone.
    pub fn sites_changed(&self) {
        self.shared.sites_changed.notify_one();
    }

    /// Sends the acknowledgements that are due, says goodbye and ends. The broker keeps the session.
    pub async fn stop(mut self, deadline: Duration) {
        self.shared.stop.cancel();
        if timeout(deadline, &mut self.tasks[0]).await.is_err() {
            tracing::warn!(broker = %self.shared.config.host, "the broker did not take the goodbye in time");
        }
    }
}

impl Drop for BrokerLink {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl fmt::Debug for BrokerLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerLink").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

impl Publisher for WayBack {
    fn publish(&self, topic: &str, payload: Bytes) -> bool {
        self.say(topic, payload, Manner::AtLeastOnce)
    }

    fn command(&self, topic: &str, payload: Bytes) -> bool {
        // Kept until there is a connection it would be an old wish.
        let is_up = matches!(**self.shared.state.load(), LinkState::Subscribed { .. });
        is_up && self.say(topic, payload, Manner::AtMostOnce)
    }
}

impl WayBack {
    fn say(&self, topic: &str, payload: Bytes, manner: Manner) -> bool {
        let sent = self.outgoing.try_send(Outgoing { topic: topic.to_owned(), payload, manner }).is_ok();
        if !sent {
            self.shared.counters.outgoing_dropped.fetch_add(1, Ordering::Relaxed);
        }
        sent
    }
}

/// Holds a connection, makes another when it is lost, until it is asked to stop.
async fn hold(shared: Arc<Shared>, mut outgoing: mpsc::Receiver<Outgoing>) {
    let mut pauses = Pauses::new(shared.config.retry_min, shared.config.retry_max);
    while !shared.stop.is_cancelled() {
        if !shared.is_wanted() {
            tokio::select! {
                () = shared.sites_changed.notified() => {}
                () = shared.stop.cancelled() => {}
            }
            continue;
        }
        let received = || shared.counters.received.load(Ordering::Relaxed);
        let (began, before) = (Instant::now(), received());
        let ended = connection(&shared, &mut outgoing).await;
        let was_up = matches!(**shared.state.load(), LinkState::Subscribed { .. });
        let stood = if was_up { began.elapsed() } else { Duration::ZERO };
        shared.tell(Event::Lost);
        let Err(error) = ended else { break };
        let since = shared.intake.now();
        tracing::warn!(broker = %shared.config.host, %error, "no connection to the broker");
        shared.state.store(Arc::new(LinkState::Lost { since, why: error.to_string() }));
        tokio::select! {
            () = sleep(pauses.after(stood, received() > before)) => {}
            () = shared.stop.cancelled() => {}
        }
    }
    shared.state.store(Arc::new(LinkState::Stopped));
}

/// One connection, from TCP to its end.
async fn connection(shared: &Shared, outgoing: &mut mpsc::Receiver<Outgoing>) -> Result<(), LinkError> {
    let limit = shared.config.connect_timeout;
    let opening = async {
        let begun = shared.intake.now();
        let host = &shared.intake.sparkplug;
        let will = shared.config.sparkplug.then(|| (host.state_topic(), host.state(false, begun)));
        let (wire, connack) = Wire::open(&shared.config, will).await?;
        let earlier = shared.counters.connections.fetch_add(1, Ordering::Relaxed);
        if earlier > 0 && !connack.session_present && !shared.config.sparkplug {
            shared.counters.sessions_lost.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(broker = %shared.config.host, "the broker has forgotten the session: what came meanwhile is lost");
        }
        let mut drive = Drive::new(shared, wire, &connack, begun);
        drive.subscribe().await?;
        Ok(drive)
    };
    let opened = tokio::select! {
        opened = timeout(limit, opening) => opened.unwrap_or(Err(LinkError::Timeout(limit))),
        () = shared.stop.cancelled() => return Ok(()),
    };
    let mut drive = opened?;
    shared.state.store(Arc::new(LinkState::Subscribed { since: shared.intake.now() }));
    shared.tell(Event::Subscribed);
    tracing::info!(broker = %shared.config.host, sparkplug = shared.config.sparkplug, "subscribed");
    drive.run(outgoing).await
}
