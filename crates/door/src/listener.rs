//! Sockets: bind, accept, admit, hand over. Nothing slow happens in the accept loop.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::debug;

use crate::handler::{Handler, Peer};
use crate::hub::Hub;
use crate::serve::{Admission, serve};
use crate::tls::Current;

/// Connections the system holds for us while we are busy.
const BACKLOG: u32 = 1024;

/// Pause after `accept` failed, so that a lack of file descriptors does not burn a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why a connection was closed before a word was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TurnedAway {
    /// As many connections as there may be.
    #[error("as many connections as there may be")]
    Full,
    /// As many unauthenticated connections as there may be.
    #[error("as many unauthenticated connections as there may be")]
    Unauthenticated,
    /// This address connects too often.
    #[error("this address connects too often")]
    Rate,
    /// The door is closing.
    #[error("the door is closing")]
    Closing,
}

/// Binds a socket. Returns at once; must be called within a tokio runtime.
pub(crate) fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

/// Accepts until the door stops.
pub(crate) async fn accept_all<H: Handler>(hub: Arc<Hub<H>>, listener: TcpListener, tls: Option<Current>) {
    while let Some(accepted) = hub.stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, addr)) => receive(&hub, stream, addr, tls.as_ref()),
            Err(error) => {
                hub.stats.accept_errors.one();
                tracing::warn!(%error, "no connection can be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn receive<H: Handler>(hub: &Arc<Hub<H>>, stream: TcpStream, addr: SocketAddr, tls: Option<&Current>) {
    // Dropping the stream closes it: a word would cost more than the stranger paid.
    let Ok(admission) = admit(hub, addr.ip()) else { return };
    let deadline = Instant::now() + hub.config.connect_timeout;
    // PUBACKs are small and must not wait for each other.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match tls {
        None => {
            spawn(hub, serve(Arc::clone(hub), stream.into_split(), Peer::plain(addr), admission, deadline));
        }
        Some(current) => {
            // As it is now: a certificate that comes later is for whoever comes later.
            let acceptor = TlsAcceptor::from(current.get());
            spawn(hub, serve_tls(Arc::clone(hub), acceptor, stream, addr, admission, deadline));
        }
    }
}

async fn serve_tls<H: Handler>(
    hub: Arc<Hub<H>>,
    acceptor: TlsAcceptor,
    stream: TcpStream,
    addr: SocketAddr,
    admission: Admission,
    deadline: Instant,
) {
    let stream = match timeout_at(deadline, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            debug!(%addr, %error, "no TLS came about");
            return hub.stats.tls_failed.one();
        }
        Err(_) => return hub.stats.tls_failed.one(),
    };
    let peer = encrypted_peer(&stream, addr);
    serve(hub, tokio::io::split(stream), peer, admission, deadline).await;
}

fn encrypted_peer(stream: &TlsStream<TcpStream>, addr: SocketAddr) -> Peer {
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let certificates = shown.iter().map(|certificate| certificate.clone().into_owned()).collect();
    Peer { addr, tls: true, certificates }
}

/// Serves a stream that came some other way.
pub(crate) fn attach<H, S>(hub: &Arc<Hub<H>>, stream: S, peer: Peer) -> Result<(), TurnedAway>
where
    H: Handler,
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    if hub.stop.is_cancelled() {
        return Err(TurnedAway::Closing);
    }
    let admission = admit(hub, peer.addr.ip())?;
    let deadline = Instant::now() + hub.config.connect_timeout;
    spawn(hub, serve(Arc::clone(hub), tokio::io::split(stream), peer, admission, deadline));
    Ok(())
}

fn admit<H>(hub: &Hub<H>, addr: IpAddr) -> Result<Admission, TurnedAway> {
    let stats = &hub.stats;
    stats.accepted.one();
    if !hub.rate.admit(addr, Instant::now()) {
        stats.turned_away_rate.one();
        return Err(TurnedAway::Rate);
    }
    let Ok(connection) = Arc::clone(&hub.connections).try_acquire_owned() else {
        stats.turned_away_full.one();
        return Err(TurnedAway::Full);
    };
    let Ok(unauthenticated) = Arc::clone(&hub.unauthenticated).try_acquire_owned() else {
        stats.turned_away_unauthenticated.one();
        return Err(TurnedAway::Unauthenticated);
    };
    Ok(Admission { connection, unauthenticated })
}

fn spawn<H: Handler>(hub: &Arc<Hub<H>>, connection: impl Future<Output = ()> + Send + 'static) {
    let keeper = Arc::clone(hub);
    hub.tasks.spawn(async move {
        if keeper.abort.run_until_cancelled(connection).await.is_none() {
            keeper.stats.aborted.one();
        }
    });
}
