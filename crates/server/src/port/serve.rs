//! One connection, from its first byte to its end.

use std::{error::Error, net::SocketAddr, pin::pin, sync::Arc};

use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use tracing::debug;

use super::{
    limits::PortLimits,
    peer::{self, Peer},
    places::{Place, Places},
    stats::{PortStats, Refused},
    timed::Timed,
};

/// What all connections of the port share.
pub(super) struct House {
    pub(super) app: Router,
    pub(super) limits: PortLimits,
    pub(super) builder: Builder<TokioExecutor>,
    pub(super) places: Arc<Places>,
    pub(super) stats: Arc<PortStats>,
    /// No new connection, and those that are there come to an end.
    pub(super) stop: CancellationToken,
    /// End at once.
    pub(super) abort: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl House {
    pub(super) fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let (abort, stats) = (self.abort.clone(), Arc::clone(&self.stats));
        self.tasks.spawn(async move {
            // Cut, there is nothing left to say.
            let _ = abort.run_until_cancelled(connection).await;
            stats.end();
        });
    }
}

pub(super) async fn serve_plain(house: Arc<House>, stream: TcpStream, addr: SocketAddr, place: Place) {
    serve(&house, stream, Peer { addr, tls: false, certificate: None }, place).await;
}

pub(super) async fn serve_tls(
    house: Arc<House>,
    acceptor: TlsAcceptor,
    stream: TcpStream,
    addr: SocketAddr,
    place: Place,
) {
    let shaken =
        house.stop.run_until_cancelled(timeout(house.limits.handshake_timeout, acceptor.accept(stream)));
    let stream = match shaken.await {
        Some(Ok(Ok(stream))) => stream,
        Some(Ok(Err(error))) => {
            debug!(%addr, %error, "no TLS came about");
            return house.stats.refuse(Refused::Handshake);
        }
        Some(Err(_)) => return house.stats.refuse(Refused::Handshake),
        None => return,
    };
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let certificate = shown.map(|shown| Arc::new(peer::read(shown)));
    serve(&house, stream, Peer { addr, tls: true, certificate }, place).await;
}

async fn serve<S>(house: &House, stream: S, peer: Peer, _place: Place)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let addr = peer.addr;
    let app = house.app.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        app.clone().oneshot(request.map(Body::new))
    });
    let stream = Timed::new(stream, &house.limits, Arc::clone(&house.stats));
    let mut connection = pin!(house.builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = house.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    let Err(error) = ended else { return };
    debug!(%addr, %error, "a connection of the HTTP port ended");
    if let Some(why) = refused(error.as_ref()) {
        house.stats.refuse(why);
    }
}

/// What the port refused; `None` where the peer or the network ended it, or where it is counted already.
fn refused(error: &(dyn Error + 'static)) -> Option<Refused> {
    if find::<hyper::Error>(error).is_some_and(hyper::Error::is_timeout) {
        return Some(Refused::Silent);
    }
    let broken = match find::<h2::Error>(error) {
        Some(error) => !error.is_io() && !error.is_remote(),
        None => find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse),
    };
    broken.then_some(Refused::Protocol)
}

/// The first of its kind among an error and its causes.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
