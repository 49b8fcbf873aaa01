//! MQTT packets to begin with.

use prost::encoding::encode_varint;

/// A packet with the right length before its body. A remaining length is a varint as protobuf has it.
pub(super) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    encode_varint(body.len() as u64, &mut out);
    out.extend_from_slice(body);
    out
}

/// Makes the length of the first packet that does not fit the length of the rest.
pub(super) fn mend(bytes: &mut Vec<u8>) {
    let mut at = 0;
    while let Ok(Some(frame)) = davy_door::codec::frame::first(&bytes[at..], 4096) {
        at += frame.len;
    }
    if bytes.len() >= at + 2 {
        let rest = packet(bytes[at], &bytes[at + 2..]);
        bytes.truncate(at);
        bytes.extend_from_slice(&rest);
    }
}

fn string(text: &[u8]) -> Vec<u8> {
    [&u16::try_from(text.len()).expect("a short text").to_be_bytes()[..], text].concat()
}

fn properties(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode_varint(bytes.len() as u64, &mut out);
    out.extend_from_slice(bytes);
    out
}

/// The body of a version 5 CONNECT with these properties.
pub(super) fn connect_with(block: &[u8]) -> Vec<u8> {
    [b"\0\x04MQTT\x05\x02\0\x0a".as_slice(), &properties(block), b"\0\x01g"].concat()
}

/// The body of a 3.1.1 CONNECT with this password.
pub(super) fn connect_with_password(password: &[u8]) -> Vec<u8> {
    [b"\0\x04MQTT\x04\xc2\0\x0a\0\x01g\0\x01u".as_slice(), &string(password)].concat()
}

/// Flags and body of a version 5 PUBLISH with these properties.
pub(super) fn publish_with(block: &[u8]) -> Vec<u8> {
    [b"\x02\0\x01t\0\x07".as_slice(), &properties(block), b"payload"].concat()
}

pub(super) fn connects() -> Vec<Vec<u8>> {
    let will5 = [
        b"\0\x04MQTT\x05\xee\0\x03\0\0\x01g".as_slice(),
        &properties(b"\x18\0\0\0\x03\x01\x01\x03\0\x01c"),
        b"\0\x01s\0\x04gone\0\x01u\0\x01p",
    ]
    .concat();
    vec![
        b"\0\x04MQTT\x04\x02\0\x0a\0\x01g".to_vec(),
        b"\0\x04MQTT\x04\xee\0\x11\0\x01g\0\x01s\0\x04gone\0\x01u\0\x06secret".to_vec(),
        connect_with(b""),
        connect_with(b"\x11\0\0\0\x3c\x21\0\x07\x27\0\0\x03\xe8\x22\0\x03\x19\0\x17\x01\x26\0\x01k\0\x01v"),
        connect_with_password(b"\xff\x00"),
        will5,
        b"\0\x06MQIsdp\x03\x02\0\x0a\0\x01g".to_vec(),
    ]
}

pub(super) fn publishes() -> Vec<Vec<u8>> {
    vec![
        b"\x02\0\x03a/b\0\x07payload".to_vec(),
        b"\x01\0\x03a/b".to_vec(),
        publish_with(b""),
        publish_with(b"\x23\0\x01\x26\0\x01k\0\x01v\x01\x01\x02\0\0\0\x05\x08\0\x01r\x09\0\x01d\x03\0\x01c"),
        b"\x00\0\0\x03\x23\0\x01x".to_vec(),
    ]
}

pub(super) fn subscribes() -> Vec<Vec<u8>> {
    vec![
        b"\0\x09\0\x03a/+\x01\0\x03b/#\0".to_vec(),
        b"\0\x09\0\0\x03a/+\x2e\0\x05$SYS/\0".to_vec(),
        b"\0\x09\x07\x26\0\x01k\0\x01v\0\x01#\x01".to_vec(),
        b"\0\x09\0\x03a/+\0\x01b".to_vec(),
    ]
}

pub(super) fn streams() -> Vec<Vec<u8>> {
    let mut streams = Vec::new();
    for connect in connects() {
        let mut stream = packet(0x10, &connect);
        for publish in publishes() {
            stream.extend_from_slice(&packet(0x30 | publish[0], &publish[1..]));
        }
        for subscribe in subscribes() {
            stream.extend_from_slice(&packet(0x82, &subscribe));
        }
        stream.extend_from_slice(b"\x40\x02\0\x07\xa2\x07\0\x09\0\x03a/+\xc0\0\xe0\0");
        streams.push(stream);
    }
    streams.push(b"\xc0\x80\x80\x80\0".to_vec());
    streams.push(b"\x30\xff\xff\xff\xff\x01".to_vec());
    streams
}
