//! Why bytes are not a packet this door takes.

use super::Reason;

/// A refusal of bytes from the wire. Each ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes do not follow the packet's layout.
    #[error("malformed packet: {0}")]
    Malformed(&'static str),
    /// The layout is right, the packet is not allowed here.
    #[error("protocol error: {0}")]
    Protocol(&'static str),
    /// The fixed header announces more than the door takes.
    #[error("packet of {len} bytes, at most {max} are taken")]
    PacketTooLarge {
        /// Bytes of the whole packet, as announced.
        len: usize,
        /// Bytes taken at most.
        max: usize,
    },
    /// CONNECT with another protocol level.
    #[error("protocol level {level}; 4 (3.1.1) and 5 are spoken")]
    UnsupportedVersion {
        /// The level asked for.
        level: u8,
    },
    /// QoS 2, as a publish or as a will.
    #[error("QoS 2 is not supported")]
    QosUnsupported,
    /// A topic name that is empty, too long, not UTF-8, or holds a wildcard or NUL.
    #[error("invalid topic name")]
    TopicInvalid,
    /// A topic alias of 0, above the maximum, or never set.
    #[error("invalid topic alias")]
    TopicAliasInvalid,
    /// A client identifier that is too long, or empty where it may not be.
    #[error("invalid client identifier")]
    ClientIdInvalid,
    /// A subscription identifier, though none are available.
    #[error("subscription identifiers are not supported")]
    SubscriptionIdsUnsupported,
    /// An AUTH exchange was asked for.
    #[error("extended authentication is not supported")]
    AuthMethodUnsupported,
    /// More unacknowledged QoS 1 messages than were granted.
    #[error("more messages in flight than the receive maximum")]
    ReceiveMaxExceeded,
}

impl DecodeError {
    /// The reason an MQTT 5 peer is told.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Malformed(_) => Reason::MalformedPacket,
            Self::Protocol(_) => Reason::ProtocolError,
            Self::PacketTooLarge { .. } => Reason::PacketTooLarge,
            Self::UnsupportedVersion { .. } => Reason::UnsupportedProtocolVersion,
            Self::QosUnsupported => Reason::QosNotSupported,
            Self::TopicInvalid => Reason::TopicNameInvalid,
            Self::TopicAliasInvalid => Reason::TopicAliasInvalid,
            Self::ClientIdInvalid => Reason::ClientIdentifierNotValid,
            Self::SubscriptionIdsUnsupported => Reason::SubscriptionIdentifiersNotSupported,
            Self::AuthMethodUnsupported => Reason::BadAuthenticationMethod,
            Self::ReceiveMaxExceeded => Reason::ReceiveMaximumExceeded,
        }
    }
}
