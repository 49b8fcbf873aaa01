//! DISCONNECT, both ways.

use bytes::{BufMut, BytesMut};

use super::properties::{self as property, allow};
use super::read::Reader;
use super::{DecodeError, Reason, Version};

const ALLOWED: u64 = allow(&[property::SESSION_EXPIRY, property::REASON_STRING, property::USER_PROPERTY]);

/// A client's farewell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnect {
    /// Its reason code: 0 discards the will, anything else (4: *with will*) keeps it due.
    pub reason: u8,
    /// The session expiry it asks for now, s.
    pub session_expiry_s: Option<u32>,
}

pub(super) fn decode(version: Version, body: &[u8]) -> Result<Disconnect, DecodeError> {
    let mut from = Reader::new(body);
    let mut packet = Disconnect { reason: 0, session_expiry_s: None };
    if version == Version::V5 && !from.is_empty() {
        packet.reason = from.u8()?;
        if !from.is_empty() {
            property::read(&mut from, ALLOWED, |id, value| {
                if id == property::SESSION_EXPIRY {
                    packet.session_expiry_s = Some(value.number());
                }
                Ok(())
            })?;
        }
    }
    from.end()?;
    Ok(packet)
}

/// Appends a DISCONNECT with its reason. MQTT 3.1.1 servers have no such packet; do not call it for them.
pub fn write_disconnect(out: &mut BytesMut, reason: Reason) {
    out.put_slice(&[0xE0, 1, reason.code()]);
}
