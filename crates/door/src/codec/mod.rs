//! MQTT packets as bytes, and back. Pure: no socket, no clock, no tokio, no allocation but for CONNECT.
//!
//! Decoding borrows from the buffer it is given and never reads past it; the caller turns a borrowed payload into an
//! owned one with `Bytes::slice_ref`, so a payload is never copied. Only the packets a door meets are here: QoS 2 and
//! the AUTH exchange are refused, not implemented.

mod connack;
mod connect;
mod disconnect;
mod error;
pub mod frame;
mod properties;
mod puback;
mod publish;
mod read;
mod reason;
mod subscribe;
mod write;

pub use connack::{Connack, write_refusal};
pub use connect::{Connect, Will};
pub use disconnect::{Disconnect, write_disconnect};
pub use error::DecodeError;
pub use frame::Frame;
pub use puback::{Puback, write_puback};
pub use publish::{Publish, write_publish};
pub use reason::Reason;
pub use subscribe::{
    FilterRequest, Filters, Subscribe, Unsubscribe, UnsubscribeFilters, write_suback, write_unsuback,
};

use bytes::{BufMut, BytesMut};

/// The protocol level of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// MQTT 3.1.1, protocol level 4.
    V3,
    /// MQTT 5.0, protocol level 5.
    V5,
}

/// How often a message may arrive. QoS 2 has no place here: a door refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qos {
    /// QoS 0: never acknowledged.
    AtMostOnce,
    /// QoS 1: acknowledged, and sent again until it is.
    AtLeastOnce,
}

impl Qos {
    /// The two bits of the wire.
    pub fn bits(self) -> u8 {
        match self {
            Self::AtMostOnce => 0,
            Self::AtLeastOnce => 1,
        }
    }

    /// Reads the two bits of a PUBLISH or of a will.
    fn from_bits(bits: u8) -> Result<Self, DecodeError> {
        match bits {
            0 => Ok(Self::AtMostOnce),
            1 => Ok(Self::AtLeastOnce),
            2 => Err(DecodeError::QosUnsupported),
            _ => Err(DecodeError::Malformed("QoS 3")),
        }
    }
}

/// A packet a connected client may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A message for the door.
    Publish(Publish<'a>),
    /// The client has a message of ours.
    Puback(Puback),
    /// The client wants to hear.
    Subscribe(Subscribe<'a>),
    /// The client no longer wants to hear.
    Unsubscribe(Unsubscribe<'a>),
    /// The client asks whether we live.
    Pingreq,
    /// The client leaves.
    Disconnect(Disconnect),
}

/// Decodes a frame that came after CONNECT.
///
/// # Errors
/// A second CONNECT, a packet only a server sends, and whatever the packet's own rules refuse.
pub fn decode<'a>(version: Version, frame: Frame<'a>) -> Result<Packet<'a>, DecodeError> {
    let flags = frame.flags();
    match frame.kind() {
        frame::PUBLISH => publish::decode(version, flags, frame.body).map(Packet::Publish),
        frame::PUBACK => {
            frame.flags_are(0)?;
            puback::decode(version, frame.body).map(Packet::Puback)
        }
        frame::SUBSCRIBE => {
            frame.flags_are(2)?;
            subscribe::decode_subscribe(version, frame.body).map(Packet::Subscribe)
        }
        frame::UNSUBSCRIBE => {
            frame.flags_are(2)?;
            subscribe::decode_unsubscribe(version, frame.body).map(Packet::Unsubscribe)
        }
        frame::PINGREQ => {
            frame.flags_are(0)?;
            frame.is_empty("PINGREQ with a body").map(|()| Packet::Pingreq)
        }
        frame::DISCONNECT => {
            frame.flags_are(0)?;
            disconnect::decode(version, frame.body).map(Packet::Disconnect)
        }
        frame::CONNECT => Err(DecodeError::Protocol("second CONNECT")),
        0 => Err(DecodeError::Malformed("packet type 0")),
        _ => Err(DecodeError::Protocol("not a packet a client may send here")),
    }
}

/// Appends a PINGRESP.
pub fn write_pingresp(out: &mut BytesMut) {
    out.put_slice(&[0xD0, 0x00]);
}
