//! PUBACK, both ways.

use bytes::{BufMut, BytesMut};

use super::properties::{self as property, allow};
use super::read::Reader;
use super::{DecodeError, Reason, Version};

const ALLOWED: u64 = allow(&[property::REASON_STRING, property::USER_PROPERTY]);

/// A client's acknowledgement of a message of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Puback {
    /// Which message.
    pub packet_id: u16,
    /// Its reason code; 0 in MQTT 3.1.1. From 0x80 on the client refused the message.
    pub reason: u8,
}

pub(super) fn decode(version: Version, body: &[u8]) -> Result<Puback, DecodeError> {
    let mut from = Reader::new(body);
    let packet_id = from.packet_id()?;
    let mut reason = 0;
    if version == Version::V5 && !from.is_empty() {
        reason = from.u8()?;
        if !from.is_empty() {
            property::read(&mut from, ALLOWED, |_, _| Ok(()))?;
        }
    }
    from.end()?;
    Ok(Puback { packet_id, reason })
}

/// Appends a PUBACK. MQTT 3.1.1 has no room for a reason.
pub fn write_puback(out: &mut BytesMut, version: Version, packet_id: u16, reason: Reason) {
    let [high, low] = packet_id.to_be_bytes();
    if version == Version::V3 || reason == Reason::Success {
        out.put_slice(&[0x40, 2, high, low]);
    } else {
        out.put_slice(&[0x40, 3, high, low, reason.code()]);
    }
}
