//! One connection, from its first byte to its end.

use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
};

use axum::{Router, body::Body};
use davy_door::RateLimit;
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use tracing::debug;

use super::{
    limits::PortLimits,
    peer::{self, Peer},
    places::{NoPlace, Place, Places, counted},
    stats::{PortStats, Refused},
    timed::Timed,
};

/// What all connections of the port share.
pub(super) struct House {
    pub(super) app: Router,
    pub(super) limits: PortLimits,
    pub(super) builder: Builder<TokioExecutor>,
    pub(super) rate: RateLimit,
    pub(super) places: Arc<Places<IpAddr>>,
    pub(super) stats: Arc<PortStats>,
    /// No new connection, and those that are there come to an end.
    pub(super) stop: CancellationToken,
    /// End at once.
    pub(super) abort: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl House {
    pub(super) fn new(
        app: Router,
        limits: PortLimits,
        stats: Arc<PortStats>,
        stop: CancellationToken,
    ) -> House {
        House {
            app,
            limits,
            builder: limits.builder(),
            rate: RateLimit::new(limits.connect_rate),
            places: Places::new(limits.connections_max, limits.address_connections_max),
            stats,
            stop,
            abort: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// A place for whoever comes from there.
    pub(super) fn admit(&self, address: IpAddr) -> Result<Place<IpAddr>, Refused> {
        if !self.rate.admit(address, Instant::now()) {
            return Err(Refused::ConnectionsTooOften);
        }
        self.places.take(counted(address)).map_err(|no_place| match no_place {
            NoPlace::Full => Refused::ConnectionsFull,
            NoPlace::Each => Refused::ConnectionsOfAddress,
        })
    }

    pub(super) fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let (abort, stats) = (self.abort.clone(), Arc::clone(&self.stats));
        self.tasks.spawn(async move {
            // Cut, there is nothing left to say.
            let _ = abort.run_until_cancelled(connection).await;
            stats.end();
        });
    }
}

pub(super) async fn serve_plain(
    house: Arc<House>,
    stream: TcpStream,
    addr: SocketAddr,
    place: Place<IpAddr>,
) {
    serve(&house, stream, Peer { addr, tls: false, certificate: None }, place).await;
}

pub(super) async fn serve_tls(
    house: Arc<House>,
    acceptor: TlsAcceptor,
    stream: TcpStream,
    addr: SocketAddr,
    place: Place<IpAddr>,
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

async fn serve<S>(house: &House, stream: S, peer: Peer, _place: Place<IpAddr>)
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

#[cfg(test)]
mod tests {
    use davy_door::ConnectRate;

    use super::*;

    fn house(limits: PortLimits) -> House {
        House::new(Router::new(), limits, Arc::default(), CancellationToken::new())
    }

    #[test]
    fn a_stranger_who_comes_too_often_or_stays_too_often_leaves_room_for_others() {
        let rate = ConnectRate { per_s: 1, burst: 3 };
        let limits = PortLimits { connections_max: 5, address_connections_max: 2, ..PortLimits::default() };
        let house = house(PortLimits { connect_rate: Some(rate), ..limits });
        let admit = |text: &str| house.admit(text.parse().expect("an address"));
        let first = admit("203.0.113.5").expect("there is room");
        let second = admit("203.0.113.5").expect("there is room");
        assert_eq!(admit("203.0.113.5").err(), Some(Refused::ConnectionsOfAddress));
        drop((first, second));
        assert_eq!(admit("203.0.113.5").err(), Some(Refused::ConnectionsTooOften));
        let others = ["203.0.113.6", "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1"].map(admit);
        assert!(others.iter().all(Result::is_ok), "{others:?}");
        assert_eq!(admit("203.0.113.7").err(), Some(Refused::ConnectionsFull));
    }
}
