//! The door itself: opened by `start`, closed by `shutdown`.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};

use crate::codec::Qos;
use crate::config::Config;
use crate::handler::{Handler, Peer};
use crate::hub::Hub;
use crate::listener::{TurnedAway, accept_all, attach, bind};
use crate::publisher::{DoorPublisher, NotATopic, Routed};
use crate::stats::StatsSnapshot;

/// What connections get beyond the deadline to say goodbye.
const FAREWELL_GRACE: Duration = Duration::from_secs(1);

/// An open MQTT door. Dropped without [`shutdown`](Self::shutdown), it closes without a farewell.
pub struct Door<H: Handler> {
    hub: Arc<Hub<H>>,
    addrs: Vec<SocketAddr>,
}

impl<H: Handler> Door<H> {
    /// Opens the door. Must be called within a tokio runtime, which then serves the connections.
    ///
    /// # Errors
    /// A limit that makes no sense ([`io::ErrorKind::InvalidInput`]), or a socket that cannot be bound.
    pub fn start(config: Config, handler: Arc<H>) -> io::Result<Self> {
        Self::start_with(config, handler, DoorPublisher::new())
    }

    /// Like [`start`](Self::start), with a publisher that the handler already knows. One publisher serves one door.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(config: Config, handler: Arc<H>, publisher: DoorPublisher) -> io::Result<Self> {
        config.check().map_err(|what| io::Error::new(io::ErrorKind::InvalidInput, what))?;
        let mut listeners = Vec::with_capacity(config.listen.len());
        for listen in &config.listen {
            listeners.push((bind(listen.addr)?, listen.tls.clone()));
        }
        let addrs = listeners.iter().map(|(listener, _)| listener.local_addr()).collect::<io::Result<_>>()?;
        let hub = Arc::new(Hub::new(config, handler, publisher));
        for (listener, tls) in listeners {
            hub.tasks.spawn(accept_all(Arc::clone(&hub), listener, tls));
        }
        Ok(Self { hub, addrs })
    }

    /// The first socket's address, with the port the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.addrs[0]
    }

    /// The addresses of all sockets, in the order of the configuration.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Serves a stream that was accepted elsewhere, under the same limits.
    ///
    /// # Errors
    /// See [`TurnedAway`]; the stream is closed.
    pub fn attach<S>(&self, stream: S, peer: Peer) -> Result<(), TurnedAway>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        attach(&self.hub, stream, peer)
    }

    /// Sends a message to every client that subscribed to its topic; see [`DoorPublisher::publish`].
    ///
    /// # Errors
    /// [`NotATopic`].
    pub fn publish(&self, topic: &str, payload: Bytes, qos: Qos) -> Result<Routed, NotATopic> {
        self.hub.publisher.publish(topic, payload, qos)
    }

    /// A handle to publish by, cheap to clone.
    pub fn publisher(&self) -> DoorPublisher {
        self.hub.publisher.clone()
    }

    /// The counters now.
    pub fn stats(&self) -> StatsSnapshot {
        self.hub.stats.snapshot()
    }

    /// Closes the door: accepts and reads no more, waits for pending receipts until the deadline, sends their PUBACKs, says
    /// goodbye (MQTT 5: reason 0x8B), closes. Returns how many connections had not ended a second after the deadline, and
    /// were dropped with what they held.
    pub async fn shutdown(self, deadline: Duration) -> u64 {
        let until = Instant::now() + deadline;
        // Set once: `shutdown` takes the door with it.
        let _ = self.hub.drain_until.set(until);
        self.hub.stop.cancel();
        self.hub.clients.stop_all();
        self.hub.tasks.close();
        if timeout_at(until + FAREWELL_GRACE, self.hub.tasks.wait()).await.is_err() {
            self.hub.abort.cancel();
            self.hub.tasks.wait().await;
        }
        self.hub.stats.snapshot().aborted
    }
}

impl<H: Handler> fmt::Debug for Door<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("addrs", &self.addrs).finish_non_exhaustive()
    }
}

impl<H: Handler> Drop for Door<H> {
    fn drop(&mut self) {
        self.hub.stop.cancel();
        self.hub.abort.cancel();
    }
}
