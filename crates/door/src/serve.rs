//! The life of one connection, from its first byte to its will.

use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};

use crate::codec::{Will, write_refusal};
use crate::handler::{Closed, Handler, Peer, Publish};
use crate::hub::Hub;
use crate::link::{Link, Stop};
use crate::live::{Live, farewell};
use crate::receipt::Receipt;
use crate::stats::Stats;
use crate::welcome::{Guest, Unwelcome, read_connect, welcome};

/// A connection's place among the many.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) connection: OwnedSemaphorePermit,
    pub(crate) unauthenticated: OwnedSemaphorePermit,
}

/// Counts a connection as present while it lives, however it ends.
struct Present<'a>(&'a Stats);

impl<'a> Present<'a> {
    fn new(stats: &'a Stats) -> Self {
        stats.welcomed.one();
        stats.connections.one();
        Self(stats)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.connections.less_one();
    }
}

/// Serves a connection to its end. Its CONNECT must be whole by `deadline`.
pub(crate) async fn serve<H, R, W>(
    hub: Arc<Hub<H>>,
    (mut reader, mut writer): (R, W),
    peer: Peer,
    admission: Admission,
    deadline: Instant,
) where
    H: Handler,
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let (mut rest, mut out) = (BytesMut::new(), BytesMut::new());
    let stopped = hub.stop.run_until_cancelled(read_connect(&hub, &mut reader, &mut rest, deadline));
    let connect = match stopped.await {
        Some(Ok(connect)) => connect,
        Some(Err(why)) => {
            hub.stats.connect_failed.one();
            return turn_away(&mut reader, &mut writer, why).await;
        }
        None => return,
    };
    let guest = match welcome(&hub, connect, &peer).await {
        Ok(guest) => guest,
        Err(why) => {
            hub.stats.connect_refused.one();
            return turn_away(&mut reader, &mut writer, why).await;
        }
    };
    drop(admission.unauthenticated);
    guest.write_connack(&hub, &mut out);
    let Guest { session, claim, link, connect, assigned: _ } = guest;
    let how = if out.len() > connect.packet_size_max as usize {
        // It takes no packet long enough to hear what it was granted.
        Closed::ProtocolError
    } else {
        let _present = Present::new(&hub.stats);
        Live::new(&hub, &session, &link, &connect, (reader, writer), (rest, out)).run().await
    };
    count(&hub.stats, how);
    tracing::debug!(peer = %peer.addr, ?how, "connection ended");
    leave(&hub, &session, &link, connect.will, how, admission.connection).await;
    drop(claim);
}

async fn turn_away(
    reader: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
    why: Unwelcome,
) {
    let mut out = BytesMut::new();
    if why.answer.is_some_and(|(version, reason)| write_refusal(&mut out, version, reason)) {
        farewell(reader, writer, &mut out, true).await;
    }
}

fn count(stats: &Stats, how: Closed) {
    match how {
        Closed::TakenOver => stats.taken_over.one(),
        Closed::ProtocolError => stats.protocol_errors.one(),
        Closed::KeepAliveTimeout => stats.keep_alive_timeouts.one(),
        Closed::Stalled => stats.stalled.one(),
        Closed::NotDurable => stats.not_durable.one(),
        Closed::ShutOut => stats.shut_out.one(),
        Closed::Disconnected
        | Closed::DisconnectedWithWill
        | Closed::Lost
        | Closed::Refused
        | Closed::Shutdown => {}
    }
}

/// Sees to the will and tells the handler. A will that must wait gives up the connection's place, not its identifier: whoever
/// comes with that makes it void.
async fn leave<H: Handler>(
    hub: &Hub<H>,
    session: &Arc<H::Session>,
    link: &Arc<Link>,
    will: Option<Will>,
    how: Closed,
    connection: OwnedSemaphorePermit,
) {
    let Some(will) = will.filter(|_| how.leaves_will()) else {
        return hub.handler.closed(session, how).await;
    };
    let place = if will.delay_s > 0 { hub.delayed_wills.try_acquire().ok() } else { None };
    if place.is_none() {
        submit_will(hub, session, link, will).await;
        return hub.handler.closed(session, how).await;
    }
    hub.handler.closed(session, how).await;
    drop(connection);
    let asked = std::time::Duration::from_secs(will.delay_s.into());
    let due = Instant::now() + asked.min(hub.config.will_delay_max);
    if is_due(link, due).await {
        submit_will(hub, session, link, will).await;
    } else {
        hub.stats.wills_cancelled.one();
    }
}

/// Waits for the moment, or for the client's return. When the door closes it waits no longer: nobody will come.
async fn is_due(link: &Link, due: Instant) -> bool {
    loop {
        match link.stopped() {
            Some(Stop::TakenOver) => return false,
            Some(Stop::Shutdown) => return true,
            None => {}
        }
        tokio::select! {
            () = sleep_until(due) => return true,
            () = link.bell.notified() => {}
        }
    }
}

async fn submit_will<H: Handler>(hub: &Hub<H>, session: &Arc<H::Session>, link: &Arc<Link>, will: Will) {
    let message = Publish {
        topic: will.topic.into(),
        payload: will.payload,
        qos: will.qos,
        retain: will.retain,
        duplicate: false,
        is_will: true,
    };
    hub.stats.wills.one();
    // A will is acknowledged to nobody.
    let (receipt, _) = Receipt::new(Arc::clone(&link.bell));
    hub.handler.submit(session, vec![message], receipt).await;
}
