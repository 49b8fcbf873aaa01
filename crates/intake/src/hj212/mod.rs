//! The listener for boxes that speak HJ 212 over TCP.
//!
//! Promise: a box is answered when what it sent is durable, and not before. What it sends is bounded while it waits: by the
//! connection, and by the number of connections. A frame that is refused costs that frame, and its reason is kept.
//!
//! Plain TCP: there is no TLS in HJ 212. Whoever listens beyond loopback must know its boxes and their passwords.

mod boxes;
mod connection;
mod recent;
mod stats;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use davy_codec::hj212::{Framing, Parts};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

pub use self::boxes::{Boxes, BoxesError, KnownBox};
use self::connection::Connection;
use self::recent::Recent;
pub(crate) use self::stats::Counters;
pub use self::stats::Hj212Stats;
use crate::Intake;
use crate::feedback::Route;

/// How boxes are listened to.
#[derive(Clone, Debug)]
pub struct Hj212Config {
    /// Where.
    pub listen: SocketAddr,
    /// Connections at most; one more is closed at once.
    pub connections_max: usize,
    /// The longest data segment read, bytes, up to 9999. The standard has 1024.
    pub segment_len_max: usize,
    /// A connection that says nothing for so long is closed, and its boxes are lost.
    pub idle: Duration,
    /// The boxes that may speak; all that the sites' files name, when absent.
    pub boxes: Option<Arc<Boxes>>,
}

/// A running listener.
#[derive(Debug)]
pub struct Hj212Listener {
    addr: SocketAddr,
    shared: Arc<Shared>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    config: Hj212Config,
    intake: Arc<Intake>,
    route: Route,
    recent: Recent,
}

impl Hj212Config {
    /// On loopback at that port, with everything else by default: 1,000 connections, 15 minutes, segments of 4 KiB.
    pub fn on_loopback(port: u16) -> Hj212Config {
        Hj212Config {
            listen: SocketAddr::from(([127, 0, 0, 1], port)),
            connections_max: 1000,
            segment_len_max: Framing::default().segment_len_max,
            idle: Duration::from_secs(15 * 60),
            boxes: None,
        }
    }

    /// The most memory that connections can take, bytes.
    pub const fn memory_max_bytes(&self) -> usize {
        self.connections_max
            .saturating_mul(connection::BUFFER_LEN_MAX + Parts::BYTES_MAX + connection::DESK_LEN)
    }
}

impl Hj212Listener {
    /// Begins to listen. Feedback, which boxes do not read, is said by `route` for whoever looks after them.
    ///
    /// # Errors
    /// What the system says of the address.
    pub async fn start(
        config: Hj212Config,
        intake: &Arc<Intake>,
        route: Option<Route>,
    ) -> io::Result<Hj212Listener> {
        let listener = TcpListener::bind(config.listen).await?;
        let addr = listener.local_addr()?;
        if !addr.ip().is_loopback() {
            warn!(%addr, "HJ 212 has no TLS: values and passwords of boxes can be read and forged on the way");
        }
        info!(%addr, "listening to HJ 212 boxes");
        let shared = Arc::new(Shared {
            route: route.unwrap_or_else(|| intake.feedback.route()),
            intake: Arc::clone(intake),
            config,
            recent: Recent::default(),
        });
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(accept(listener, Arc::clone(&shared), tasks.clone(), stop.clone()));
        Ok(Hj212Listener { addr, shared, tasks, stop })
    }

    /// Where it listens.
    pub const fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it has done so far.
    pub fn stats(&self) -> Hj212Stats {
        self.shared.intake.hj212.stats()
    }

    /// Takes no more frames, answers those that become durable within `goodbye`, and closes all connections. Their boxes
    /// are not lost by that.
    pub async fn shutdown(self, goodbye: Duration) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(goodbye, self.tasks.wait()).await.is_err() {
            warn!("an HJ 212 connection did not end in time");
        }
    }
}

/// How long to wait when the system has no room for one more connection.
const NO_ROOM: Duration = Duration::from_millis(200);

async fn accept(listener: TcpListener, shared: Arc<Shared>, tasks: TaskTracker, stop: CancellationToken) {
    let room = Arc::new(Semaphore::new(shared.config.connections_max));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "an HJ 212 connection could not be accepted");
                tokio::time::sleep(NO_ROOM).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            shared.intake.hj212.turned_away();
            warn!(%peer, "no room for one more HJ 212 connection");
            continue;
        };
        let (shared, stop) = (Arc::clone(&shared), stop.clone());
        tasks.spawn(async move {
            serve(socket, peer, shared, stop).await;
            drop(place);
        });
    }
}

async fn serve(socket: TcpStream, peer: SocketAddr, shared: Arc<Shared>, stop: CancellationToken) {
    // An answer is short, and waited for.
    if let Err(error) = socket.set_nodelay(true) {
        warn!(%peer, %error, "an HJ 212 connection could not be set up");
    }
    shared.intake.hj212.opened();
    let (read, write) = socket.into_split();
    Connection::new(Arc::clone(&shared), peer, write, stop).run(read).await;
    shared.intake.hj212.closed();
}
