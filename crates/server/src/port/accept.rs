//! Accept, admit, hand over. Nothing slow happens here.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use davy_door::tls::Current;
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_rustls::TlsAcceptor;
use tracing::warn;

use super::serve::{House, serve_plain, serve_tls};

/// Pause after `accept` failed, so that a lack of file descriptors does not burn a core.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts until the port is told to stop.
pub(super) async fn accept_all(house: Arc<House>, listener: TcpListener, tls: Option<Current>) {
    while let Some(accepted) = house.stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, addr)) => receive(&house, stream, addr, tls.as_ref()),
            Err(error) => {
                warn!(%error, "the HTTP port can accept no connection");
                sleep(PAUSE).await;
            }
        }
    }
}

fn receive(house: &Arc<House>, stream: TcpStream, addr: SocketAddr, tls: Option<&Current>) {
    house.stats.accept();
    // Dropping the stream closes it: a word would cost more than the stranger paid.
    let place = match house.admit(addr.ip()) {
        Ok(place) => place,
        Err(why) => {
            house.stats.end();
            return house.stats.refuse(why);
        }
    };
    // The last part of a large message would wait for the acknowledgement of those before it: some 40 ms.
    if stream.set_nodelay(true).is_err() {
        return house.stats.end();
    }
    let inside = Arc::clone(house);
    match tls {
        None => house.spawn(serve_plain(inside, stream, addr, place)),
        Some(current) => {
            // As it is now: a certificate that comes later is for whoever comes later.
            let acceptor = TlsAcceptor::from(current.get());
            house.spawn(serve_tls(inside, acceptor, stream, addr, place));
        }
    }
}
