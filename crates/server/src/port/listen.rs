//! The port's sockets, bound; and served until it is told to stop.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use davy_door::tls::Current;
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{accept::accept_all, limits::PortLimits, serve::House, stats::PortStats};

/// How long connections may take to end before they are cut, once the port closes.
const FAREWELL: Duration = Duration::from_secs(4);

/// A socket to listen on.
#[derive(Clone, Debug)]
pub(crate) struct Listening {
    /// Port 0 lets the system choose.
    pub(crate) addr: SocketAddr,
    /// TLS, where it is wanted.
    pub(crate) tls: Option<Current>,
}

/// The port, bound.
pub(crate) struct Port {
    limits: PortLimits,
    listeners: Vec<(TcpListener, Option<Current>)>,
    stats: Arc<PortStats>,
}

impl Port {
    /// Binds the sockets.
    ///
    /// # Errors
    /// The address that cannot be had, and what the system says.
    pub(crate) async fn bind(
        listen: &[Listening],
        limits: PortLimits,
    ) -> Result<Port, (SocketAddr, io::Error)> {
        let mut listeners = Vec::with_capacity(listen.len());
        for Listening { addr, tls } in listen {
            let listener = TcpListener::bind(addr).await.map_err(|error| (*addr, error))?;
            listeners.push((listener, tls.clone()));
        }
        Ok(Port { limits, listeners, stats: Arc::default() })
    }

    /// Where it listens, in the order that was asked for.
    ///
    /// # Errors
    /// What the system says of its own socket.
    pub(crate) fn addrs(&self) -> io::Result<Vec<SocketAddr>> {
        self.listeners.iter().map(|(listener, _)| listener.local_addr()).collect()
    }

    /// What it counts.
    pub(crate) fn stats(&self) -> &Arc<PortStats> {
        &self.stats
    }

    /// Serves `app` until `stop`: then nobody more is let in, and whoever is there is told and waited for, but not for ever.
    pub(crate) fn serve(self, app: Router, stop: CancellationToken) -> JoinHandle<()> {
        let Port { limits, listeners, stats } = self;
        let house = Arc::new(House::new(app, limits, stats, stop));
        for (listener, tls) in listeners {
            house.tasks.spawn(accept_all(Arc::clone(&house), listener, tls));
        }
        tokio::spawn(async move {
            house.stop.cancelled().await;
            house.tasks.close();
            if timeout(FAREWELL, house.tasks.wait()).await.is_err() {
                warn!(
                    connections = house.places.taken(),
                    "connections of the HTTP port did not end, and are cut"
                );
                house.abort.cancel();
                house.tasks.wait().await;
            }
        })
    }
}
