//! What all connections of one door share.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clients::Clients;
use crate::config::Config;
use crate::link::Link;
use crate::publisher::DoorPublisher;
use crate::rate::RateLimit;
use crate::stats::Stats;

pub(crate) struct Hub<H> {
    pub(crate) config: Config,
    pub(crate) handler: Arc<H>,
    pub(crate) publisher: DoorPublisher,
    pub(crate) stats: Arc<Stats>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) rate: RateLimit,
    pub(crate) connections: Arc<Semaphore>,
    pub(crate) unauthenticated: Arc<Semaphore>,
    /// As many wills may wait as there may be connections.
    pub(crate) delayed_wills: Semaphore,
    /// No new connection, no further read.
    pub(crate) stop: CancellationToken,
    /// Until when pending receipts are waited for, once stopping.
    pub(crate) drain_until: OnceLock<Instant>,
    /// End at once, without a farewell.
    pub(crate) abort: CancellationToken,
    pub(crate) tasks: TaskTracker,
    numbers: AtomicU64,
    secret: (RandomState, RandomState),
}

impl<H> Hub<H> {
    pub(crate) fn new(config: Config, handler: Arc<H>, publisher: DoorPublisher) -> Self {
        Self {
            handler,
            stats: Arc::clone(publisher.stats()),
            clients: Arc::clone(publisher.clients()),
            publisher,
            rate: RateLimit::new(config.connect_rate),
            connections: Arc::new(Semaphore::new(config.connections_max)),
            unauthenticated: Arc::new(Semaphore::new(config.unauthenticated_max)),
            delayed_wills: Semaphore::new(config.connections_max),
            config,
            stop: CancellationToken::new(),
            drain_until: OnceLock::new(),
            abort: CancellationToken::new(),
            tasks: TaskTracker::new(),
            numbers: AtomicU64::new(0),
            secret: (RandomState::new(), RandomState::new()),
        }
    }

    pub(crate) fn new_link(&self) -> Arc<Link> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        Arc::new(Link::new(number, self.config.outgoing_max, self.config.outgoing_len_max))
    }

    /// An identifier that nobody can guess, for a client that has none.
    pub(crate) fn new_client_id(&self, number: u64) -> Arc<str> {
        format!("auto-{:016x}{:016x}", self.secret.0.hash_one(number), self.secret.1.hash_one(number)).into()
    }
}
