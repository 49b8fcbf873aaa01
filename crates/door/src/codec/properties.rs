//! MQTT 5 properties: one table says each identifier's type, each packet says which it allows.

use super::DecodeError;
use super::read::Reader;

pub(super) const PAYLOAD_FORMAT: u8 = 0x01;
pub(super) const MESSAGE_EXPIRY: u8 = 0x02;
pub(super) const CONTENT_TYPE: u8 = 0x03;
pub(super) const RESPONSE_TOPIC: u8 = 0x08;
pub(super) const CORRELATION_DATA: u8 = 0x09;
pub(super) const SUBSCRIPTION_ID: u8 = 0x0B;
pub(super) const SESSION_EXPIRY: u8 = 0x11;
pub(super) const ASSIGNED_CLIENT_ID: u8 = 0x12;
pub(super) const SERVER_KEEP_ALIVE: u8 = 0x13;
pub(super) const AUTH_METHOD: u8 = 0x15;
pub(super) const AUTH_DATA: u8 = 0x16;
pub(super) const REQUEST_PROBLEM_INFO: u8 = 0x17;
pub(super) const WILL_DELAY: u8 = 0x18;
pub(super) const REQUEST_RESPONSE_INFO: u8 = 0x19;
pub(super) const RESPONSE_INFO: u8 = 0x1A;
pub(super) const SERVER_REFERENCE: u8 = 0x1C;
pub(super) const REASON_STRING: u8 = 0x1F;
pub(super) const RECEIVE_MAX: u8 = 0x21;
pub(super) const TOPIC_ALIAS_MAX: u8 = 0x22;
pub(super) const TOPIC_ALIAS: u8 = 0x23;
pub(super) const QOS_MAX: u8 = 0x24;
pub(super) const RETAIN_AVAILABLE: u8 = 0x25;
pub(super) const USER_PROPERTY: u8 = 0x26;
pub(super) const PACKET_SIZE_MAX: u8 = 0x27;
pub(super) const WILDCARD_AVAILABLE: u8 = 0x28;
pub(super) const SUBSCRIPTION_IDS_AVAILABLE: u8 = 0x29;
pub(super) const SHARED_AVAILABLE: u8 = 0x2A;

/// A property's value, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Byte, two bytes, four bytes, or a variable byte integer.
    Number(u32),
    Text(&'a str),
    Binary,
    Pair,
}

impl<'a> Value<'a> {
    /// The number; 0 for a property that is none, which the table rules out.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Number(number) => number,
            Self::Text(_) | Self::Binary | Self::Pair => 0,
        }
    }

    /// A flag: 0 or 1.
    pub(super) fn flag(self) -> Result<bool, DecodeError> {
        match self.number() {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::Protocol("flag property above 1")),
        }
    }

    /// A two-byte number. The table has read it as one.
    pub(super) fn short(self) -> u16 {
        u16::try_from(self.number()).unwrap_or(u16::MAX)
    }
}

/// The set of identifiers a packet allows.
pub(super) const fn allow(ids: &[u8]) -> u64 {
    let mut set = 0;
    let mut index = 0;
    while index < ids.len() {
        set |= 1 << ids[index];
        index += 1;
    }
    set
}

/// Reads a property block and hands each property on, in order.
pub(super) fn read<'a>(
    from: &mut Reader<'a>,
    allowed: u64,
    mut each: impl FnMut(u8, Value<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let len = from.varint()?;
    if len == 0 {
        return Ok(());
    }
    let mut block = Reader::new(from.take(len as usize)?);
    let mut seen = 0u64;
    while !block.is_empty() {
        let id = block.u8()?;
        let value = value(id, &mut block)?;
        let bit = 1u64 << id;
        if allowed & bit == 0 {
            return Err(DecodeError::Malformed("property not allowed in this packet"));
        }
        if id != USER_PROPERTY && seen & bit != 0 {
            return Err(DecodeError::Protocol("property given twice"));
        }
        seen |= bit;
        each(id, value)?;
    }
    Ok(())
}

fn value<'a>(id: u8, block: &mut Reader<'a>) -> Result<Value<'a>, DecodeError> {
    Ok(match id {
        PAYLOAD_FORMAT
        | REQUEST_PROBLEM_INFO
        | REQUEST_RESPONSE_INFO
        | QOS_MAX
        | RETAIN_AVAILABLE
        | WILDCARD_AVAILABLE
        | SUBSCRIPTION_IDS_AVAILABLE
        | SHARED_AVAILABLE => Value::Number(block.u8()?.into()),
        SERVER_KEEP_ALIVE | RECEIVE_MAX | TOPIC_ALIAS_MAX | TOPIC_ALIAS => Value::Number(block.u16()?.into()),
        MESSAGE_EXPIRY | SESSION_EXPIRY | WILL_DELAY | PACKET_SIZE_MAX => Value::Number(block.u32()?),
        SUBSCRIPTION_ID => Value::Number(block.varint()?),
        CONTENT_TYPE | RESPONSE_TOPIC | ASSIGNED_CLIENT_ID | AUTH_METHOD | RESPONSE_INFO
        | SERVER_REFERENCE | REASON_STRING => Value::Text(block.string()?),
        CORRELATION_DATA | AUTH_DATA => {
            block.binary()?;
            Value::Binary
        }
        USER_PROPERTY => {
            block.string()?;
            block.string()?;
            Value::Pair
        }
        _ => return Err(DecodeError::Malformed("unknown property")),
    })
}
