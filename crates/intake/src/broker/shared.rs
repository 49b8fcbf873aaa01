//! What the link's two tasks, its handle and its way back share.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use bytes::Bytes;
use davy_codec::sparkplug::group_filter;
use davy_model::Timestamp;
use parking_lot::Mutex;
use rumqttc::v5::mqttbytes::v5::Publish;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::acks::Acks;
use super::wire::LinkError;
use super::{BrokerConfig, LinkState};
use crate::Intake;
use crate::sparkplug::groups;

/// Bytes of messages that may wait for the worker before the socket is no longer read.
const BACKLOG_BYTES_MAX: usize = 8 * 1024 * 1024;
/// What a message weighs beside its topic and payload.
const DELIVERY_BYTES: usize = 128;

/// What everybody of one link shares.
pub(super) struct Shared {
    pub(super) config: BrokerConfig,
    pub(super) intake: Arc<Intake>,
    pub(super) state: ArcSwap<LinkState>,
    pub(super) counters: Counters,
    pub(super) backlog: Backlog,
    pub(super) sites_changed: Notify,
    pub(super) stop: CancellationToken,
    worker: mpsc::UnboundedSender<Event>,
    subscribed: Mutex<BTreeSet<String>>,
}

/// What the worker hears, in its order.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // Nearly all of them are messages.
pub(super) enum Event {
    Message(Delivery),
    /// Everything asked for has been granted.
    Subscribed,
    /// The connection is lost.
    Lost,
}

/// One message on its way to the worker.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) publish: Publish,
    /// Its place among those that want a PUBACK; `None` at QoS 0.
    pub(super) place: Option<u64>,
    pub(super) acks: Arc<Acks>,
    pub(super) arrival: Timestamp,
}

/// One message on its way out.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    pub(super) manner: Manner,
}

/// How a message goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// QoS 1.
    AtLeastOnce,
    /// QoS 0, as Sparkplug's commands.
    AtMostOnce,
    /// QoS 1, retained, as Sparkplug's STATE.
    Retained,
}

/// Bytes that wait for the worker.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    bytes: AtomicUsize,
    room: Notify,
}

/// Counts since the process began.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) received: AtomicU64,
    pub(super) acknowledged: AtomicU64,
    pub(super) connections: AtomicU64,
    pub(super) sessions_lost: AtomicU64,
    pub(super) outgoing_dropped: AtomicU64,
}

impl Shared {
    pub(super) fn new(
        config: BrokerConfig,
        intake: Arc<Intake>,
        state: LinkState,
        worker: mpsc::UnboundedSender<Event>,
    ) -> Shared {
        Shared {
            config,
            intake,
            state: ArcSwap::from_pointee(state),
            counters: Counters::default(),
            backlog: Backlog::default(),
            sites_changed: Notify::new(),
            stop: CancellationToken::new(),
            worker,
            subscribed: Mutex::default(),
        }
    }

    /// Hands a message to the worker. The channel has no bound of its own: the backlog's bytes are it.
    pub(super) fn take(&self, delivery: Delivery) -> Result<(), LinkError> {
        self.counters.received.fetch_add(1, Ordering::Relaxed);
        self.backlog.add(delivery.weight_bytes());
        self.worker.send(Event::Message(delivery)).map_err(|_| LinkError::NotDurable)
    }

    /// Tells the worker how the connection stands.
    pub(super) fn tell(&self, event: Event) {
        // A worker that is gone needs not know.
        let _ = self.worker.send(event);
    }

    /// The filters of all sites now active, and those of sites that are no longer.
    pub(super) fn subscriptions(&self) -> (Vec<String>, Vec<String>) {
        let wanted = self.filters();
        // Kept for good: a connection may end before it could take a subscription back.
        let mut ever = self.subscribed.lock();
        let stale = ever.difference(&wanted).cloned().collect();
        ever.extend(wanted.iter().cloned());
        (wanted.into_iter().collect(), stale)
    }
}

impl Shared {
    /// What this link asks for, by the directory as it is now.
    pub(super) fn filters(&self) -> BTreeSet<String> {
        if self.config.sparkplug { self.sparkplug_filters() } else { self.intake.directory.filters() }
    }

    /// Everything of the groups that sites listen to, and what is said of this host. Nothing, when no site listens to any.
    fn sparkplug_filters(&self) -> BTreeSet<String> {
        let groups = groups(&self.intake.directory);
        let state = (!groups.is_empty()).then(|| self.intake.sparkplug.state_topic());
        groups.iter().map(|group| group_filter(group)).chain(state).collect()
    }

    /// Whether there is anything to listen to.
    pub(super) fn is_wanted(&self) -> bool {
        !self.config.sparkplug || !groups(&self.intake.directory).is_empty()
    }
}

impl Delivery {
    pub(super) fn new(
        publish: Publish,
        place: Option<u64>,
        acks: &Arc<Acks>,
        arrival: Timestamp,
    ) -> Delivery {
        Delivery { publish, place, acks: Arc::clone(acks), arrival }
    }

    pub(super) fn weight_bytes(&self) -> usize {
        DELIVERY_BYTES + self.publish.topic.len() + self.publish.payload.len()
    }
}

impl Backlog {
    pub(super) fn is_full(&self) -> bool {
        self.bytes.load(Ordering::Acquire) >= BACKLOG_BYTES_MAX
    }

    /// Waits until there is room again.
    pub(super) async fn room(&self) {
        while self.is_full() {
            self.room.notified().await;
        }
    }

    pub(super) fn release(&self, bytes: usize) {
        let before = self.bytes.fetch_sub(bytes, Ordering::AcqRel);
        if before >= BACKLOG_BYTES_MAX && before - bytes < BACKLOG_BYTES_MAX {
            self.room.notify_one();
        }
    }

    fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
    }
}

impl Counters {
    pub(super) fn acknowledged(&self, messages: usize) {
        self.acknowledged.fetch_add(messages as u64, Ordering::Relaxed);
    }
}
