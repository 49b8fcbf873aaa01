//! The packets a test needs, to and from bytes.

use std::io;

/// Which MQTT is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 3.1.1.
    V311,
    /// 5.0.
    V5,
}

/// What a server can say. Codes are those of the version spoken; 0 is success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// Let in, or not.
    ConnAck {
        /// Return code or reason code.
        code: u8,
    },
    /// A message was taken over.
    PubAck {
        /// Which.
        id: u16,
        /// Reason code; 0 in 3.1.1.
        code: u8,
    },
    /// Subscribed, or not.
    SubAck {
        /// Which.
        id: u16,
        /// Granted QoS, or the refusal.
        code: u8,
    },
    /// A message.
    Publish {
        /// To which topic.
        topic: String,
        /// What it says.
        payload: Vec<u8>,
        /// To be acknowledged under this.
        id: Option<u16>,
    },
    /// Anything else, by its first byte.
    Other(u8),
}

/// In the first byte of a PUBLISH.
pub(super) const RETAIN: u8 = 1;

pub(super) fn connect(version: Version, id: &str, user: Option<(&str, &str)>, keep_alive_s: u16) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, b"MQTT");
    body.push(if version == Version::V5 { 5 } else { 4 });
    body.push(if user.is_some() { 0b1100_0010 } else { 0b0000_0010 });
    body.extend(keep_alive_s.to_be_bytes());
    no_properties(&mut body, version);
    text(&mut body, id.as_bytes());
    if let Some((user, password)) = user {
        text(&mut body, user.as_bytes());
        text(&mut body, password.as_bytes());
    }
    framed(0x10, &body)
}

pub(super) fn subscribe(version: Version, id: u16, filter: &str) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    no_properties(&mut body, version);
    text(&mut body, filter.as_bytes());
    body.push(1);
    framed(0x82, &body)
}

pub(super) fn publish(
    bytes: &mut Vec<u8>,
    version: Version,
    id: u16,
    topic: &str,
    payload: &[u8],
    again: bool,
) {
    let mut body = Vec::with_capacity(topic.len() + payload.len() + 5);
    text(&mut body, topic.as_bytes());
    body.extend(id.to_be_bytes());
    no_properties(&mut body, version);
    body.extend(payload);
    bytes.extend(framed(if again { 0x3A } else { 0x32 }, &body));
}

pub(super) fn puback(id: u16) -> Vec<u8> {
    framed(0x40, &id.to_be_bytes())
}

/// The first packet and how long it is; nothing while it is not there as a whole.
pub(super) fn read(version: Version, bytes: &[u8]) -> io::Result<Option<(Packet, usize)>> {
    let Some((len, head)) = remaining_len(bytes) else { return Ok(None) };
    let Some(body) = bytes.get(head..head + len) else { return Ok(None) };
    let packet = packet(version, bytes[0], body).ok_or(io::ErrorKind::InvalidData)?;
    Ok(Some((packet, head + len)))
}

fn packet(version: Version, first: u8, body: &[u8]) -> Option<Packet> {
    let id = |at: usize| Some(u16::from_be_bytes([*body.get(at)?, *body.get(at + 1)?]));
    Some(match first >> 4 {
        2 => Packet::ConnAck { code: *body.get(1)? },
        3 => {
            let topic_len = usize::from(id(0)?);
            let topic = String::from_utf8(body.get(2..2 + topic_len)?.to_vec()).ok()?;
            let mut at = 2 + topic_len;
            let id = if first & 0b0110 == 0 { None } else { Some(id(at)?) };
            at += if id.is_some() { 2 } else { 0 };
            if version == Version::V5 {
                let (len, head) = varint(body.get(at..)?)?;
                at += len + head;
            }
            Packet::Publish { topic, payload: body.get(at..)?.to_vec(), id }
        }
        4 => Packet::PubAck { id: id(0)?, code: body.get(2).copied().unwrap_or(0) },
        9 => Packet::SubAck { id: id(0)?, code: *body.last()? },
        _ => Packet::Other(first),
    })
}

/// The remaining length, and how many bytes stand before the body.
fn remaining_len(bytes: &[u8]) -> Option<(usize, usize)> {
    let (len, digits) = varint(bytes.get(1..)?)?;
    Some((len, 1 + digits))
}

/// A number of variable length, and how many bytes it takes.
fn varint(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, place + 1));
        }
    }
    None
}

fn framed(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut len = body.len();
    loop {
        let digit = (len & 0x7F) as u8;
        len >>= 7;
        bytes.push(if len > 0 { digit | 0x80 } else { digit });
        if len == 0 {
            break;
        }
    }
    bytes.extend(body);
    bytes
}

fn text(body: &mut Vec<u8>, text: &[u8]) {
    let len = u16::try_from(text.len()).expect("texts of tests are short");
    body.extend(len.to_be_bytes());
    body.extend(text);
}

fn no_properties(body: &mut Vec<u8>, version: Version) {
    if version == Version::V5 {
        body.push(0);
    }
}
