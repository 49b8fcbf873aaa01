//! Packets out of their turn, and flags that are reserved.

use super::{
    Case, Want, good,
    packets::{packet, subscribe, unsubscribe},
};

/// Types by their number, with the flags that each has to have.
const TYPES: [(u8, &str, u8); 14] = [
    (0, "type 0", 0),
    (2, "CONNACK", 0),
    (3, "PUBLISH", 0),
    (4, "PUBACK", 0),
    (5, "PUBREC", 0),
    (6, "PUBREL", 2),
    (7, "PUBCOMP", 0),
    (8, "SUBSCRIBE", 2),
    (9, "SUBACK", 0),
    (10, "UNSUBSCRIBE", 2),
    (11, "UNSUBACK", 0),
    (12, "PINGREQ", 0),
    (13, "PINGRESP", 0),
    (15, "AUTH", 0),
];

pub(super) fn cases() -> Vec<Case> {
    let mut all = first_words();
    for v5 in [false, true] {
        all.extend(out_of_turn(v5));
        all.extend(reserved_flags(v5));
        all.extend(malformed(v5));
    }
    all
}

/// Anything but a CONNECT, and CONNECTs with flags.
fn first_words() -> Vec<Case> {
    let early = |(kind, name, flags): &(u8, &str, u8)| {
        Case::knock(&format!("{name} before CONNECT"), packet(kind << 4 | flags, &[0, 1]), Want::Silence)
    };
    let disconnect = Case::knock("DISCONNECT before CONNECT", packet(0xE0, &[]), Want::Silence);
    let flagged = |flags: u8| {
        let bytes = packet(0x10 | flags, &good(true).bytes()[2..]);
        Case::knock(&format!("CONNECT with flags {flags:#06b}"), bytes, Want::Silence)
    };
    let lengths = [
        ("remaining length of five bytes", vec![0x10, 0x80, 0x80, 0x80, 0x80, 1]),
        ("remaining length of 256 MiB", vec![0x10, 0xFF, 0xFF, 0xFF, 0x7F]),
        ("CONNECT of 65 KiB", vec![0x10, 0x80, 0x88, 0x04]),
    ];
    let lengths = lengths.map(|(name, bytes)| Case::knock(name, bytes, Want::Silence));
    TYPES.iter().map(early).chain([disconnect]).chain((1..16).map(flagged)).chain(lengths).collect()
}

/// Types that a server sends and not a client, or that belong to what Davy does not grant.
fn out_of_turn(v5: bool) -> Vec<Case> {
    let refused: [(&str, u8, &[u8]); 9] = [
        ("CONNACK", 0x20, &[0, 0]),
        ("PUBREC", 0x50, &[0, 1]),
        ("PUBREL", 0x62, &[0, 1]),
        ("PUBCOMP", 0x70, &[0, 1]),
        ("SUBACK", 0x90, &[0, 1, 0]),
        ("UNSUBACK", 0xB0, &[0, 1]),
        ("PINGRESP", 0xD0, &[]),
        ("AUTH", 0xF0, &[]),
        ("SUBSCRIBE to nothing", 0x82, if v5 { &[0, 1, 0] } else { &[0, 1] }),
    ];
    let of_client = |(name, first, body): &(&str, u8, &[u8])| {
        Case::offence(v5, name, packet(*first, body), Want::Ended(0x82))
    };
    let again = Case::offence(v5, "second CONNECT", good(v5).bytes(), Want::Ended(0x82));
    let type_0 = Case::offence(v5, "type 0", packet(0, &[]), Want::Ended(0x81));
    let stray = Case::offence(v5, "PUBACK for nothing that was sent", packet(0x40, &[0, 1]), Want::Nothing);
    refused.iter().map(of_client).chain([again, type_0, stray]).collect()
}

/// Every flag that a type must not have.
fn reserved_flags(v5: bool) -> Vec<Case> {
    let bodies = [
        ("PINGREQ", 0xC0, Vec::new()),
        ("PUBACK", 0x40, vec![0, 1]),
        ("DISCONNECT", 0xE0, Vec::new()),
        ("SUBSCRIBE", 0x82, subscribe(v5, 1, "a", 0)[2..].to_vec()),
        ("UNSUBSCRIBE", 0xA2, unsubscribe(v5, 1, "a")[2..].to_vec()),
    ];
    let wrong = |(name, first, body): (&'static str, u8, Vec<u8>)| {
        (0..16).filter(move |flags| flags | first & 0xF0 != first).map(move |flags: u8| {
            let bytes = packet(first & 0xF0 | flags, &body);
            Case::offence(v5, &format!("{name} with flags {flags:#06b}"), bytes, Want::Ended(0x81))
        })
    };
    bodies.into_iter().flat_map(wrong).collect()
}

fn malformed(v5: bool) -> Vec<Case> {
    let ended = |name: &str, bytes: Vec<u8>| Case::offence(v5, name, bytes, Want::Ended(0x81));
    let mut all = vec![
        ended("PINGREQ with a body", packet(0xC0, &[0])),
        ended("PUBACK of 0", packet(0x40, &[0, 0])),
        ended("PUBACK cut", packet(0x40, &[0])),
        ended("SUBSCRIBE of 0", subscribe(v5, 0, "a", 0)),
        ended("SUBSCRIBE with QoS 3", subscribe(v5, 1, "a", 3)),
        ended("SUBSCRIBE with reserved options", subscribe(v5, 1, "a", 0xC0)),
        ended("SUBSCRIBE to NUL", subscribe(v5, 1, "a\0", 0)),
        ended("UNSUBSCRIBE of 0", unsubscribe(v5, 0, "a")),
        ended("remaining length of five bytes", vec![0x30, 0x80, 0x80, 0x80, 0x80, 1]),
        Case::offence(v5, "a packet of 256 MiB", vec![0x30, 0xFF, 0xFF, 0xFF, 0x7F], Want::Ended(0x95)),
        // One byte more than `door.packet_kib_max` (512 KiB), header included.
        Case::offence(v5, "a packet a byte too long", vec![0x30, 0xFD, 0xFF, 0x1F], Want::Ended(0x95)),
        Case::offence(
            v5,
            "a remaining length of more bytes than it takes",
            vec![0xC0, 0x80, 0x80, 0],
            Want::Answered(vec![0xD0, 0]),
        ),
    ];
    if v5 {
        all.push(Case::offence(v5, "retain handling 3", subscribe(v5, 1, "a", 0x30), Want::Ended(0x82)));
        let identified = packet(0x82, &[0, 1, 2, 0x0B, 1, 0, 1, b'a', 0]);
        all.push(Case::offence(v5, "a subscription identifier", identified, Want::Ended(0xA1)));
        all.push(ended("DISCONNECT with a byte too many", packet(0xE0, &[0, 0, 7])));
        all.push(ended("DISCONNECT with a property of others", packet(0xE0, &[0, 3, 0x21, 0, 1])));
        all.push(ended("PUBACK with a property of others", packet(0x40, &[0, 1, 0, 3, 0x21, 0, 1])));
    } else {
        all.push(ended("SUBSCRIBE with no-local", subscribe(v5, 1, "a", 4)));
        all.push(ended("PUBACK with a reason", packet(0x40, &[0, 1, 0])));
        all.push(ended("DISCONNECT with a reason", packet(0xE0, &[0])));
    }
    all
}
