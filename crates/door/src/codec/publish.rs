//! PUBLISH: the hot packet. Its topic stays raw until the connection knows it is a new one.

use bytes::{BufMut, BytesMut};

use super::properties::{self as property, allow};
use super::read::Reader;
use super::{DecodeError, Qos, Version, frame, write};

const ALLOWED: u64 = allow(&[
    property::PAYLOAD_FORMAT,
    property::MESSAGE_EXPIRY,
    property::TOPIC_ALIAS,
    property::RESPONSE_TOPIC,
    property::CORRELATION_DATA,
    property::USER_PROPERTY,
    property::CONTENT_TYPE,
    property::SUBSCRIPTION_ID,
]);

/// A message from a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish<'a> {
    /// Sent before, says the client.
    pub duplicate: bool,
    /// How it wants to be acknowledged.
    pub qos: Qos,
    /// The retain flag, as sent.
    pub retain: bool,
    /// The topic name, **not yet checked** (see [`crate::topic::name`]); empty when only an alias was sent.
    pub topic: &'a [u8],
    /// The packet identifier; 0 at QoS 0.
    pub packet_id: u16,
    /// The topic alias, not 0.
    pub alias: Option<u16>,
    /// The application's bytes.
    pub payload: &'a [u8],
}

pub(super) fn decode<'a>(version: Version, flags: u8, body: &'a [u8]) -> Result<Publish<'a>, DecodeError> {
    let qos = Qos::from_bits((flags >> 1) & 3)?;
    let duplicate = flags & 8 != 0;
    if duplicate && qos == Qos::AtMostOnce {
        return Err(DecodeError::Malformed("DUP at QoS 0"));
    }
    let mut from = Reader::new(body);
    let topic = from.binary()?;
    let packet_id = match qos {
        Qos::AtMostOnce => 0,
        Qos::AtLeastOnce => from.packet_id()?,
    };
    let alias = match version {
        Version::V3 => None,
        Version::V5 => properties(&mut from)?,
    };
    if topic.is_empty() && alias.is_none() {
        return Err(DecodeError::Protocol("neither topic nor alias"));
    }
    Ok(Publish { duplicate, qos, retain: flags & 1 != 0, topic, packet_id, alias, payload: from.rest() })
}

fn properties(from: &mut Reader<'_>) -> Result<Option<u16>, DecodeError> {
    let mut alias = None;
    property::read(from, ALLOWED, |id, value| {
        match id {
            property::TOPIC_ALIAS if value.number() == 0 => return Err(DecodeError::TopicAliasInvalid),
            property::TOPIC_ALIAS => alias = Some(value.short()),
            property::SUBSCRIPTION_ID => {
                return Err(DecodeError::Protocol("subscription identifier from a client"));
            }
            property::PAYLOAD_FORMAT => _ = value.flag()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(alias)
}

/// Appends a PUBLISH of ours: no retain, no duplicate, no properties.
///
/// Writes nothing and returns `false` when the packet would be longer than `len_max` bytes or than the protocol allows.
/// `packet_id` is written at QoS 1 only; `topic` is at most 65,535 bytes.
pub fn write_publish(
    out: &mut BytesMut,
    version: Version,
    topic: &str,
    payload: &[u8],
    qos: Qos,
    packet_id: u16,
    len_max: usize,
) -> bool {
    let id_len = if qos == Qos::AtLeastOnce { 2 } else { 0 };
    let properties_len = if version == Version::V5 { 1 } else { 0 };
    let remaining = 2 + topic.len() + id_len + properties_len + payload.len();
    let len = 1 + write::varint_len(remaining) + remaining;
    if topic.len() > usize::from(u16::MAX) || remaining > write::REMAINING_LEN_MAX || len > len_max {
        return false;
    }
    out.reserve(len);
    out.put_u8(frame::PUBLISH << 4 | qos.bits() << 1);
    write::varint(out, remaining);
    write::string(out, topic);
    if qos == Qos::AtLeastOnce {
        out.put_u16(packet_id);
    }
    if version == Version::V5 {
        out.put_u8(0);
    }
    out.put_slice(payload);
    true
}
