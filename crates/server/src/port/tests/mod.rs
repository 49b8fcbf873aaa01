//! The port against peers that mean no good: each limit is met by a raw client, and whoever is honest is served beside it.

mod authority;
mod calls;
mod connections;
mod http2;
mod tls;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use davy_door::tls::Current;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    task::JoinHandle,
    time::{Instant, interval, timeout},
};
use tokio_stream::{self as stream, StreamExt, wrappers::IntervalStream};
use tokio_util::sync::CancellationToken;

use super::{
    Calls, Listening, Peer, Port, PortLimits, PortStats, bounded, calls::in_its_place, stats::Refused,
};

/// Long enough on any machine; waits end when their condition holds.
const LONG: Duration = Duration::from_secs(30);
/// What a limit is set to where it is to be met.
const SHORT: Duration = Duration::from_millis(200);

/// A port that is open on loopback.
struct Open {
    addr: SocketAddr,
    stats: Arc<PortStats>,
    calls: Calls,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Open {
    /// Serves pages that are quick, slow, endless and large; those under `/davy.v1.` as calls.
    async fn with(limits: PortLimits) -> Open {
        Open::by(limits, None).await
    }

    async fn by(limits: PortLimits, tls: Option<Current>) -> Open {
        let listen = [Listening { addr: ([127, 0, 0, 1], 0).into(), tls }];
        let port = Port::bind(&listen, limits).await.expect("bound");
        let (addr, stats) = (port.addrs().expect("bound")[0], Arc::clone(port.stats()));
        let streams = ["/davy.v1.T/Publish".to_owned()].into();
        let calls = Calls::new(limits, streams, &stats);
        let called = Router::new()
            .route("/davy.v1.T/Quick", get("quick").post("quick"))
            .route("/davy.v1.T/Never", get(never).post(never))
            .route("/davy.v1.T/Through", get(through))
            .route("/davy.v1.T/Publish", post(in_a_while))
            .route("/davy.v1.RuleService/Never", get(never).post(never))
            .route("/davy.v1.T/Ticks", get(ticks))
            .route("/davy.v1.T/Endless", get(endless).post(endless))
            .layer(from_fn_with_state(calls.clone(), bounded));
        let app = Router::new()
            .route("/quick", get("quick"))
            .route("/large", get(large))
            .route("/who", get(who))
            .merge(called);
        let stop = CancellationToken::new();
        let serving = port.serve(app, stop.clone());
        Open { addr, stats, calls, stop, serving }
    }

    async fn dial(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.expect("it listens")
    }

    /// Whether somebody who means well is served.
    async fn serves(&self) -> bool {
        let mut stream = self.dial().await;
        let asked = stream.write_all(b"GET /quick HTTP/1.1\r\nhost: davy\r\nconnection: close\r\n\r\n").await;
        asked.is_ok() && rest(&mut stream).await.starts_with(b"HTTP/1.1 200")
    }

    async fn until_refused(&self, why: Refused, times: u64) {
        let end = Instant::now() + LONG;
        while self.stats.refused(why) < times {
            assert!(Instant::now() < end, "waited in vain for {why:?}: {:?}", self.stats);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(self.stats.refused(why), times, "{why:?}");
    }
}

async fn never() -> &'static str {
    std::future::pending().await
}

/// Lets what goes on without its caller come to its end.
static GO_ON: Semaphore = Semaphore::const_new(0);

async fn through() -> &'static str {
    let goes_on = tokio::spawn(in_its_place(async { drop(GO_ON.acquire().await) }));
    goes_on.await.expect("it ends");
    "done"
}

async fn in_a_while() -> &'static str {
    tokio::time::sleep(2 * SHORT).await;
    "done"
}

async fn endless() -> axum::body::Body {
    let first = stream::iter([Ok::<_, std::io::Error>("part")]);
    axum::body::Body::from_stream(first.chain(stream::pending()))
}

async fn ticks() -> axum::body::Body {
    let ticks = IntervalStream::new(interval(Duration::from_millis(5)));
    axum::body::Body::from_stream(ticks.map(|_| Ok::<_, std::io::Error>("tick ")))
}

/// Who the port says it is.
async fn who(Extension(peer): Extension<Peer>) -> String {
    let names = peer.certificate.map_or("none".to_owned(), |certificate| certificate.names.join(","));
    format!("tls={} {names}", peer.tls)
}

async fn large() -> Vec<u8> {
    vec![0; 64 << 20]
}

/// All that comes until the stream is closed, in whatever way.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut came = Vec::new();
    let read = timeout(LONG, stream.read_to_end(&mut came)).await;
    // Whoever is cut off by a reset has still read what came before.
    let _ = read.expect("the connection is closed");
    came
}
