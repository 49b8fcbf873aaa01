//! CONNACK: what the door grants, or why not.

use bytes::{BufMut, BytesMut};

use super::properties as property;
use super::{Qos, Reason, Version, write};

/// What a welcomed MQTT 5 client is told. MQTT 3.1.1 clients are told only that they are welcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connack<'a> {
    /// The identifier made for a client that sent none.
    pub assigned_client_id: Option<&'a str>,
    /// Unacknowledged QoS 1 messages taken at once.
    pub receive_max: u16,
    /// Longest packet taken, bytes.
    pub packet_size_max: u32,
    /// Topic aliases taken.
    pub topic_alias_max: u16,
    /// The keep-alive to use instead of the one asked for, s.
    pub keep_alive_s: Option<u16>,
}

impl Connack<'_> {
    /// Appends the packet: session present 0; in MQTT 5 session expiry 0, maximum QoS 1, retain available,
    /// no subscription identifiers, no shared subscriptions.
    pub fn write(&self, out: &mut BytesMut, version: Version) {
        match version {
            Version::V3 => out.put_slice(&[0x20, 2, 0, 0]),
            Version::V5 => self.write_v5(out),
        }
    }

    fn write_v5(&self, out: &mut BytesMut) {
        let mut block = BytesMut::with_capacity(64);
        block.put_u8(property::SESSION_EXPIRY);
        block.put_u32(0);
        block.put_u8(property::RECEIVE_MAX);
        block.put_u16(self.receive_max);
        block.put_slice(&[property::QOS_MAX, Qos::AtLeastOnce.bits(), property::RETAIN_AVAILABLE, 1]);
        block.put_u8(property::PACKET_SIZE_MAX);
        block.put_u32(self.packet_size_max);
        if let Some(id) = self.assigned_client_id {
            block.put_u8(property::ASSIGNED_CLIENT_ID);
            write::string(&mut block, id);
        }
        block.put_u8(property::TOPIC_ALIAS_MAX);
        block.put_u16(self.topic_alias_max);
        block.put_slice(&[property::SUBSCRIPTION_IDS_AVAILABLE, 0, property::SHARED_AVAILABLE, 0]);
        if let Some(keep_alive_s) = self.keep_alive_s {
            block.put_u8(property::SERVER_KEEP_ALIVE);
            block.put_u16(keep_alive_s);
        }
        out.put_u8(0x20);
        write::varint(out, 2 + write::varint_len(block.len()) + block.len());
        out.put_slice(&[0, Reason::Success.code()]);
        write::varint(out, block.len());
        out.put_slice(&block);
    }
}

/// Appends a CONNACK that refuses. Returns `false`, and writes nothing, where MQTT 3.1.1 has no code for the reason.
///
/// A refused QoS 2 will is told, in MQTT 5, that QoS 1 is the most.
pub fn write_refusal(out: &mut BytesMut, version: Version, reason: Reason) -> bool {
    match (version, reason.connack_v3()) {
        (Version::V3, None) => return false,
        (Version::V3, Some(code)) => out.put_slice(&[0x20, 2, 0, code]),
        (Version::V5, _) if reason == Reason::QosNotSupported => {
            out.put_slice(&[0x20, 5, 0, reason.code(), 2, property::QOS_MAX, 1]);
        }
        (Version::V5, _) => out.put_slice(&[0x20, 3, 0, reason.code(), 0]),
    }
    true
}
