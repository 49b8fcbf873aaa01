//! An edge node that speaks Sparkplug B 3.0, for whoever has none at hand.
//!
//! It knows its host by the specification alone. Promise: births before data, names in births and aliases in data, only
//! what changed; every message numbered; the will is the NDEATH of its very session; births again when they are asked for.
//! It can also be told to misbehave as real ones do: see [`Act`].

mod act;
mod book;
mod config;
mod link;
mod payload;

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

pub use act::{ACTS, Act};
pub use config::{EdgeNodeConfig, EdgeNodeError, MetricSpec};

/// The metric by which a host asks for births (chapter 5).
const REBIRTH: &str = "Node Control/Rebirth";
/// Acts that wait for their turn.
const ACTS_MAX: usize = 64;

/// How an edge node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not connected, and trying; with what the last try met, empty before the first has ended.
    Connecting(String),
    /// Connected; the primary host is not online.
    WaitingForHost,
    /// Its births are said.
    Born,
    /// Cut off, and not trying.
    Cut,
    /// Stopped for good.
    Stopped,
}

/// What an edge node has seen and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How it stands.
    pub standing: Standing,
    /// The number of its session.
    pub bd_seq: u8,
    /// Sessions: connections that were let in.
    pub sessions: u64,
    /// NBIRTHs said.
    pub births: u64,
    /// Of these, how many were asked for.
    pub rebirths: u64,
    /// NDATA and DDATA said.
    pub data: u64,
}

/// A running edge node. Dropping it ends it without a goodbye, as a power cut would.
#[derive(Debug)]
pub struct EdgeNode {
    acts: mpsc::Sender<Ask>,
    seen: watch::Receiver<Seen>,
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

/// An act, and who wants to know what came of it.
type Ask = (Act, oneshot::Sender<Result<(), EdgeNodeError>>);

impl EdgeNode {
    /// Starts an edge node; it connects, and connects again, on its own. To be called within a tokio runtime.
    pub fn start(config: EdgeNodeConfig) -> EdgeNode {
        let (acts, asked) = mpsc::channel(ACTS_MAX);
        let standing = Standing::Connecting(String::new());
        let (said, seen) =
            watch::channel(Seen { standing, bd_seq: 0, sessions: 0, births: 0, rebirths: 0, data: 0 });
        let stop = CancellationToken::new();
        let task = link::run(config, asked, said, stop.clone());
        EdgeNode { acts, seen, stop, task: AbortOnDropHandle::new(tokio::spawn(task)) }
    }

    /// Does something; what is to be said is handed to the connection when this returns.
    ///
    /// # Errors
    /// [`EdgeNodeError::NoMetric`] and [`EdgeNodeError::NoDevice`] for names it does not have;
    /// [`EdgeNodeError::NotConnected`] for what can only be said, while there is nobody to say it to.
    pub async fn act(&self, act: Act) -> Result<(), EdgeNodeError> {
        let (done, outcome) = oneshot::channel();
        self.acts.send((act, done)).await.map_err(|_| EdgeNodeError::NotConnected)?;
        outcome.await.unwrap_or(Err(EdgeNodeError::NotConnected))
    }

    /// What it has seen and done so far.
    pub fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Waits until what it has seen and done is as wanted; `None` when it is not within `patience`.
    pub async fn until(&self, patience: Duration, wanted: impl FnMut(&Seen) -> bool) -> Option<Seen> {
        let mut seen = self.seen.clone();
        let found = tokio::time::timeout(patience, seen.wait_for(wanted)).await;
        found.ok()?.ok().map(|seen| seen.clone())
    }

    /// Says NDEATH and goodbye, and ends; without, when that takes longer than `patience`.
    pub async fn stop(self, patience: Duration) {
        self.stop.cancel();
        // Past its patience it is dropped, and with it the connection.
        let _ = tokio::time::timeout(patience, self.task).await;
    }
}
