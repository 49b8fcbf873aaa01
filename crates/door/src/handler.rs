//! What the door asks of the one who stands behind it.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use rustls_pki_types::CertificateDer;

use crate::codec::{Qos, Reason, Version};
use crate::receipt::Receipt;

/// Takes what clients publish, and says who they are.
///
/// For one connection the calls come one after another, in the order of the wire: `authenticate`, any number of
/// `submit` and `refused`, the will (if due) through `submit`, `closed`. A client that returns is welcomed only after its
/// former connection has come to its `closed`.
pub trait Handler: Send + Sync + 'static {
    /// Who a client is and what it may do; made once per connection, before CONNACK.
    type Session: Send + Sync + 'static;

    /// Lets a client in, or not. Waits at most [`crate::Config::authenticate_timeout`].
    fn authenticate(
        &self,
        connect: &ConnectInfo,
        peer: &Peer,
    ) -> impl Future<Output = Result<Self::Session, Refusal>> + Send;

    /// Whether the client may publish to this topic; asked for every message, and for the will before CONNACK.
    fn may_publish(&self, session: &Self::Session, topic: &str) -> bool;

    /// Whether the client may subscribe to this filter.
    fn may_subscribe(&self, session: &Self::Session, filter: &str) -> bool;

    /// Whether a client that was let in would be now. Asked once it is in, and when the door is told to
    /// [ask again](crate::DoorPublisher::ask_again); who is not is hung up on, though it says nothing.
    fn is_welcome(&self, _session: &Self::Session) -> bool {
        true
    }

    /// What a new subscriber is told at once: topics that match the filter, with what stands there. The door keeps nothing; whoever
    /// stands behind it may. It goes out behind the SUBACK, without the retain flag.
    fn standing(&self, _session: &Self::Session, _filter: &str) -> Vec<(Arc<str>, Bytes)> {
        Vec::new()
    }

    /// Everything decoded from one read of one connection, in arrival order. May wait: meanwhile the connection gathers
    /// the next batch and then stops reading.
    ///
    /// Returns one reason per QoS 1 message of the batch, told to MQTT 5 clients in the PUBACK; what is missing at the end
    /// counts as success, so an empty `Vec` (which costs nothing) accepts all. The PUBACKs go out when this has returned and
    /// `receipt` has been committed. A payload is a slice of the connection's read buffer: copy it to keep it for long.
    fn submit(
        &self,
        session: &Arc<Self::Session>,
        batch: Vec<Publish>,
        receipt: Receipt,
    ) -> impl Future<Output = Vec<PubackReason>> + Send;

    /// A message that [`may_publish`](Self::may_publish) refused. It is acknowledged in its turn: with 0x87 in MQTT 5, like any
    /// other in MQTT 3.1.1, where closing would make a client that retries loop.
    fn refused(&self, session: &Arc<Self::Session>, topic: &str, payload: &Bytes);

    /// The connection has ended; called exactly once for every session that `authenticate` made, after its last `submit`. Only a will with a delay comes later, if the
    /// client has not returned by then.
    fn closed(&self, session: &Arc<Self::Session>, how: Closed) -> impl Future<Output = ()> + Send;
}

/// What a client says of itself.
#[derive(Clone)]
pub struct ConnectInfo {
    /// Its identifier, or the one made for it.
    pub client_id: Arc<str>,
    /// Whether the identifier was made by the door.
    pub client_id_assigned: bool,
    /// The protocol it speaks.
    pub version: Version,
    /// User name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<Bytes>,
    /// Longest silence it promises, s; 0 promises nothing.
    pub keep_alive_s: u16,
    /// The topic of its last will.
    pub will_topic: Option<String>,
}

impl fmt::Debug for ConnectInfo {
    /// Everything but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectInfo")
            .field("client_id", &self.client_id)
            .field("version", &self.version)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Where a client comes from.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The far end of the socket.
    pub addr: SocketAddr,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// The client's verified certificate chain, its own first; empty without one.
    pub certificates: Vec<CertificateDer<'static>>,
}

impl Peer {
    /// A peer on a plain connection.
    pub fn plain(addr: SocketAddr) -> Self {
        Self { addr, tls: false, certificates: Vec::new() }
    }
}

/// A message from a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// The topic name. Messages to the same topic in a row share it.
    pub topic: Arc<str>,
    /// The application's bytes: a slice of the read buffer.
    pub payload: Bytes,
    /// Whether it will be acknowledged.
    pub qos: Qos,
    /// The retain flag. The door stores nothing.
    pub retain: bool,
    /// Sent before, says the client.
    pub duplicate: bool,
    /// The client's last will, not sent by itself.
    pub is_will: bool,
}

/// Why a client is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Unknown user, or wrong password.
    BadCredentials,
    /// Known, but not allowed here.
    NotAuthorized,
    /// This client identifier is not for this client.
    ClientIdNotAllowed,
    /// Cannot be decided now; try later.
    Unavailable,
    /// Too many of its kind; try later.
    Busy,
    /// Shut out.
    Banned,
}

impl Refusal {
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::BadCredentials => Reason::BadUserNameOrPassword,
            Self::NotAuthorized => Reason::NotAuthorized,
            Self::ClientIdNotAllowed => Reason::ClientIdentifierNotValid,
            Self::Unavailable => Reason::ServerUnavailable,
            Self::Busy => Reason::ServerBusy,
            Self::Banned => Reason::Banned,
        }
    }
}

/// What an MQTT 5 client reads in a PUBACK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PubackReason {
    /// Taken.
    #[default]
    Success,
    /// Taken, but nobody wants it (0x10).
    NoMatchingSubscribers,
    /// Refused, no reason given (0x80).
    Unspecified,
    /// Refused for a reason of ours (0x83).
    ImplementationSpecific,
    /// Not allowed (0x87).
    NotAuthorized,
    /// Not a topic of ours (0x90).
    TopicNameInvalid,
    /// Too much (0x97).
    QuotaExceeded,
    /// Not what the payload should be (0x99).
    PayloadFormatInvalid,
}

impl PubackReason {
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::Success => Reason::Success,
            Self::NoMatchingSubscribers => Reason::NoMatchingSubscribers,
            Self::Unspecified => Reason::UnspecifiedError,
            Self::ImplementationSpecific => Reason::ImplementationSpecificError,
            Self::NotAuthorized => Reason::NotAuthorized,
            Self::TopicNameInvalid => Reason::TopicNameInvalid,
            Self::QuotaExceeded => Reason::QuotaExceeded,
            Self::PayloadFormatInvalid => Reason::PayloadFormatInvalid,
        }
    }
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The client said goodbye; its will is void.
    Disconnected,
    /// The client said goodbye and asked for its will.
    DisconnectedWithWill,
    /// The socket ended without a word.
    Lost,
    /// Silent for one and a half times what it promised.
    KeepAliveTimeout,
    /// The same client identifier came in by another connection.
    TakenOver,
    /// It broke the protocol, or a limit it was told.
    ProtocolError,
    /// It took too long over a packet, over reading ours, or over acknowledging them.
    Stalled,
    /// A receipt was dropped uncommitted: its messages are not durable.
    NotDurable,
    /// It would not be let in any more.
    ShutOut,
    /// Authenticated, but not welcomed: it may not leave that will, or its former connection did not end in time.
    Refused,
    /// The door closes. Nobody died, so no will is due.
    Shutdown,
}

impl Closed {
    /// Whether the last will is due.
    pub fn leaves_will(self) -> bool {
        match self {
            Self::Disconnected | Self::Refused | Self::Shutdown => false,
            Self::DisconnectedWithWill
            | Self::Lost
            | Self::KeepAliveTimeout
            | Self::TakenOver
            | Self::ProtocolError
            | Self::Stalled
            | Self::NotDurable
            | Self::ShutOut => true,
        }
    }
}
