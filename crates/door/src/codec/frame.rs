//! The fixed header: where one packet ends and the next begins.

use super::DecodeError;

/// Packet types of MQTT, table 2-1, that a door tells apart.
pub const CONNECT: u8 = 1;
/// PUBLISH.
pub const PUBLISH: u8 = 3;
/// PUBACK.
pub const PUBACK: u8 = 4;
/// SUBSCRIBE.
pub const SUBSCRIBE: u8 = 8;
/// UNSUBSCRIBE.
pub const UNSUBSCRIBE: u8 = 10;
/// PINGREQ.
pub const PINGREQ: u8 = 12;
/// DISCONNECT.
pub const DISCONNECT: u8 = 14;

/// One whole packet, its length already taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Packet type and flags.
    pub first: u8,
    /// Everything after the fixed header.
    pub body: &'a [u8],
    /// Bytes of the packet, the fixed header included.
    pub len: usize,
}

impl Frame<'_> {
    /// The packet type, 0 to 15.
    pub fn kind(&self) -> u8 {
        self.first >> 4
    }

    /// The low four bits.
    pub fn flags(&self) -> u8 {
        self.first & 0x0F
    }

    /// Whether this is a PUBLISH that will want an acknowledgement.
    pub fn is_acknowledged_publish(&self) -> bool {
        self.kind() == PUBLISH && self.flags() & 0x06 != 0
    }

    pub(super) fn flags_are(&self, flags: u8) -> Result<(), DecodeError> {
        if self.flags() == flags { Ok(()) } else { Err(DecodeError::Malformed("reserved flags")) }
    }

    pub(super) fn is_empty(&self, why: &'static str) -> Result<(), DecodeError> {
        if self.body.is_empty() { Ok(()) } else { Err(DecodeError::Malformed(why)) }
    }
}

/// The first packet of `buffer`, or `None` while more bytes are needed.
///
/// A remaining length padded with zero bytes is taken: small 3.1.1 clients reserve the full four.
///
/// # Errors
/// A remaining length of five bytes, or a packet of more than `len_max` bytes: told as soon as the header says so.
pub fn first(buffer: &[u8], len_max: usize) -> Result<Option<Frame<'_>>, DecodeError> {
    let Some((first, rest)) = buffer.split_first() else { return Ok(None) };
    let mut remaining = 0usize;
    for (index, byte) in rest.iter().take(4).enumerate() {
        remaining |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            let head = index + 2;
            let len = head + remaining;
            if len > len_max {
                return Err(DecodeError::PacketTooLarge { len, max: len_max });
            }
            return Ok(buffer.get(head..len).map(|body| Frame { first: *first, body, len }));
        }
    }
    if rest.len() < 4 { Ok(None) } else { Err(DecodeError::Malformed("remaining length of five bytes")) }
}

/// How many bytes at the start of `buffer` are whole packets, and the fault that follows them, if any.
pub fn whole(buffer: &[u8], len_max: usize) -> (usize, Option<DecodeError>) {
    let mut at = 0;
    loop {
        match first(&buffer[at..], len_max) {
            Ok(Some(frame)) => at += frame.len,
            Ok(None) => return (at, None),
            Err(fault) => return (at, Some(fault)),
        }
    }
}
