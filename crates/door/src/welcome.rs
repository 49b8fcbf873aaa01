//! From an open socket to CONNACK: who is it, may it come in, and is its former self gone?

use std::sync::Arc;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, timeout, timeout_at};

use crate::clients::Claim;
use crate::codec::{Connack, Connect, DecodeError, Reason, Version, frame};
use crate::config::CONNECT_LEN_MAX;
use crate::handler::{Closed, ConnectInfo, Handler, Peer};
use crate::hub::Hub;
use crate::link::{Link, Stop};
use crate::live::clocks::keep_alive_s;
use crate::topic;

/// What an unwelcome client is told; nothing where no version of the protocol is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unwelcome {
    pub(crate) answer: Option<(Version, Reason)>,
}

impl Unwelcome {
    const SILENT: Self = Self { answer: None };

    fn told(version: Version, reason: Reason) -> Self {
        Self { answer: Some((version, reason)) }
    }
}

/// A client that is let in.
pub(crate) struct Guest<'a, H: Handler> {
    pub(crate) session: Arc<H::Session>,
    pub(crate) claim: Claim<'a>,
    pub(crate) link: Arc<Link>,
    pub(crate) connect: Connect,
    /// The identifier that was made for it.
    pub(crate) assigned: Option<Arc<str>>,
}

/// Reads a CONNECT; what comes behind it stays in `buffer`.
pub(crate) async fn read_connect<H>(
    hub: &Hub<H>,
    reader: &mut (impl AsyncRead + Unpin),
    buffer: &mut BytesMut,
    deadline: Instant,
) -> Result<Connect, Unwelcome> {
    let len_max = CONNECT_LEN_MAX.min(hub.config.packet_len_max as usize);
    loop {
        // Whatever else it is, it is not a CONNECT: a browser, a port scan, TLS on the plain port.
        if buffer.first().is_some_and(|first| *first != frame::CONNECT << 4) {
            return Err(Unwelcome::SILENT);
        }
        if let Some(frame) = frame::first(buffer, len_max).map_err(|_| Unwelcome::SILENT)? {
            let connect = Connect::decode(frame.body).map_err(|(version, error)| Unwelcome {
                answer: version.map(|version| (version, error.reason())),
            })?;
            buffer.advance(frame.len);
            return Ok(connect);
        }
        match timeout_at(deadline, reader.read_buf(buffer)).await {
            Ok(Ok(count)) if count > 0 => {}
            _ => return Err(Unwelcome::SILENT),
        }
    }
}

/// Authenticates a client and takes its identifier.
pub(crate) async fn welcome<'a, H: Handler>(
    hub: &'a Hub<H>,
    mut connect: Connect,
    peer: &Peer,
) -> Result<Guest<'a, H>, Unwelcome> {
    let version = connect.version;
    let link = hub.new_link();
    check(hub, &connect).map_err(|error| Unwelcome::told(version, error.reason()))?;
    let (client_id, assigned): (Arc<str>, _) = if connect.client_id.is_empty() {
        let made = hub.new_client_id(link.number);
        (Arc::clone(&made), Some(made))
    } else {
        (connect.client_id.as_str().into(), None)
    };
    let info = introduce(&mut connect, &client_id, assigned.is_some());
    let session =
        Arc::new(authenticate(hub, &info, peer).await.map_err(|why| Unwelcome::told(version, why))?);
    match admit(hub, &connect, &session, &client_id, &link).await {
        Ok(claim) => Ok(Guest { session, claim, link, connect, assigned }),
        Err(why) => {
            let how = if why == Reason::ServerShuttingDown { Closed::Shutdown } else { Closed::Refused };
            hub.handler.closed(&session, how).await;
            Err(Unwelcome::told(version, why))
        }
    }
}

fn check<H>(hub: &Hub<H>, connect: &Connect) -> Result<(), DecodeError> {
    if connect.client_id.len() > hub.config.topic_len_max {
        return Err(DecodeError::ClientIdInvalid);
    }
    match &connect.will {
        Some(will) if topic::name(will.topic.as_bytes(), hub.config.topic_len_max).is_none() => {
            Err(DecodeError::TopicInvalid)
        }
        Some(_) | None => Ok(()),
    }
}

/// What the handler is shown. The secret moves there, so that no copy outlives the introduction.
fn introduce(connect: &mut Connect, client_id: &Arc<str>, assigned: bool) -> ConnectInfo {
    ConnectInfo {
        client_id: Arc::clone(client_id),
        client_id_assigned: assigned,
        version: connect.version,
        username: connect.username.take(),
        password: connect.password.take(),
        keep_alive_s: connect.keep_alive_s,
        will_topic: connect.will.as_ref().map(|will| will.topic.clone()),
    }
}

async fn authenticate<H: Handler>(
    hub: &Hub<H>,
    info: &ConnectInfo,
    peer: &Peer,
) -> Result<H::Session, Reason> {
    let asked = hub.handler.authenticate(info, peer);
    let verdict = match timeout(hub.config.authenticate_timeout, asked).await {
        Ok(verdict) => verdict.map_err(|refusal| refusal.reason()),
        Err(_) => {
            hub.stats.authenticate_timeouts.one();
            Err(Reason::ServerUnavailable)
        }
    };
    if let Err(reason) = &verdict {
        tracing::info!(client = %info.client_id, peer = %peer.addr, ?reason, "client refused");
    }
    verdict
}

async fn admit<'a, H: Handler>(
    hub: &'a Hub<H>,
    connect: &Connect,
    session: &H::Session,
    client_id: &Arc<str>,
    link: &Arc<Link>,
) -> Result<Claim<'a>, Reason> {
    if let Some(will) = &connect.will
        && !hub.handler.may_publish(session, &will.topic)
    {
        return Err(Reason::NotAuthorized);
    }
    let claim = claim(hub, client_id, link).await?;
    // Whoever takes an identifier after the stop was called has not been told of it.
    if hub.stop.is_cancelled() { Err(Reason::ServerShuttingDown) } else { Ok(claim) }
}

/// Takes the identifier, ending whoever has it. The one who knocked later wins.
async fn claim<'a, H>(hub: &'a Hub<H>, client_id: &Arc<str>, link: &Arc<Link>) -> Result<Claim<'a>, Reason> {
    let until = Instant::now() + hub.config.linger_timeout;
    loop {
        let holder = match hub.clients.claim(client_id, link) {
            Ok(claim) => return Ok(claim),
            Err(holder) => holder,
        };
        if holder.link.number > link.number {
            return Err(Reason::SessionTakenOver);
        }
        holder.link.stop(Stop::TakenOver);
        if timeout_at(until, holder.left.cancelled()).await.is_err() {
            return Err(Reason::ServerBusy);
        }
    }
}

impl<H: Handler> Guest<'_, H> {
    /// Appends the CONNACK.
    pub(crate) fn write_connack(&self, hub: &Hub<H>, out: &mut BytesMut) {
        let config = &hub.config;
        let keep_alive_s = keep_alive_s(&self.connect, config.keep_alive_max_s);
        let connack = Connack {
            assigned_client_id: self.assigned.as_deref(),
            receive_max: config.receive_max,
            packet_size_max: config.packet_len_max,
            topic_alias_max: config.topic_alias_max,
            keep_alive_s: (keep_alive_s != self.connect.keep_alive_s).then_some(keep_alive_s),
        };
        connack.write(out, self.connect.version);
    }
}
