//! The few shapes every outgoing packet is made of.

use bytes::{BufMut, BytesMut};

/// Longest remaining length of the protocol, bytes.
pub(super) const REMAINING_LEN_MAX: usize = 268_435_455;

pub(super) fn varint(out: &mut BytesMut, value: usize) {
    debug_assert!(value <= REMAINING_LEN_MAX, "no packet of ours is that long");
    let mut rest = value;
    loop {
        let low = (rest & 0x7F) as u8;
        rest >>= 7;
        if rest == 0 {
            out.put_u8(low);
            return;
        }
        out.put_u8(low | 0x80);
    }
}

/// Bytes `varint` needs for `value`.
pub(super) fn varint_len(value: usize) -> usize {
    match value {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        _ => 4,
    }
}

/// Two length bytes and the text. The caller keeps `text` at 65,535 bytes or below.
pub(super) fn string(out: &mut BytesMut, text: &str) {
    let len = u16::try_from(text.len()).expect("strings the door sends are checked when they come in");
    out.put_u16(len);
    out.put_slice(text.as_bytes());
}
