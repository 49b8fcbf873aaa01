//! PUBLISH with topics that are none, and qualities of service that are not granted.

use super::{
    Case, Want,
    packets::{packet, publish},
};

pub(super) fn cases() -> Vec<Case> {
    [false, true].into_iter().flat_map(|v5| topics(v5).into_iter().chain(heads(v5))).collect()
}

/// A topic name has no wildcard, no NUL, no half of a surrogate pair, and at most 1,024 bytes.
fn topics(v5: bool) -> Vec<Case> {
    let long = [b'x'; 1025];
    let longest = [b'x'; 65_535];
    let wrong: [(&str, &[u8]); 16] = [
        ("#", b"#"),
        ("+", b"+"),
        ("davy/#", b"davy/v1/yard/gw-9/#"),
        ("a/+/b", b"davy/v1/+/gw-9/readings"),
        ("a wildcard within a level", b"davy/v1/ya+rd/gw-9/readings"),
        ("NUL", b"a\0b"),
        ("only NUL", b"\0"),
        ("U+D800", b"\xED\xA0\x80"),
        ("U+DFFF", b"\xED\xBF\xBF"),
        ("a pair of surrogates", b"\xED\xA0\xBD\xED\xB8\x80"),
        ("an overlong slash", b"a\xC0\xAFb"),
        ("a letter cut short", b"a\xE4\xB8"),
        ("past U+10FFFF", b"\xF4\x90\x80\x80"),
        ("bytes that are no UTF-8", b"\xFF\xFE"),
        ("1,025 bytes", &long),
        ("65,535 bytes", &longest),
    ];
    let row = |(name, topic): &(&str, &[u8])| {
        let bytes = publish(v5, 0x30, 0, topic, &[], b"x");
        Case::offence(v5, &format!("PUBLISH to {name}"), bytes, Want::Ended(0x90))
    };
    let nowhere = publish(v5, 0x30, 0, b"", &[], b"x");
    let nowhere = Case::offence(v5, "PUBLISH to nowhere", nowhere, Want::Ended(0x82));
    wrong.iter().map(row).chain([nowhere]).collect()
}

fn heads(v5: bool) -> Vec<Case> {
    let topic = b"davy/v1/yard/gw-9/readings";
    let first = |first: u8, id: u16| publish(v5, first, id, topic, &[], b"{}");
    let ended = |name: &str, bytes: Vec<u8>| Case::offence(v5, name, bytes, Want::Ended(0x81));
    let mut all = vec![
        Case::offence(v5, "PUBLISH QoS 2", first(0x34, 7), Want::Ended(0x9B)),
        ended("PUBLISH QoS 3", first(0x36, 7)),
        ended("PUBLISH QoS 3 with DUP", first(0x3E, 7)),
        ended("PUBLISH QoS 0 with DUP", first(0x38, 0)),
        ended("PUBLISH of 0", first(0x32, 0)),
        ended("PUBLISH empty", packet(0x32, &[])),
        ended("PUBLISH cut in the length of its topic", packet(0x32, &[0])),
        ended("PUBLISH cut in its topic", packet(0x32, &[0, 9, b't'])),
        ended("PUBLISH cut in its identifier", packet(0x32, &[0, 1, b't', 0])),
    ];
    if v5 {
        all.push(ended("PUBLISH without properties", packet(0x32, &[0, 1, b't', 0, 1])));
        all.push(ended("properties longer than the packet", packet(0x30, &[0, 1, b't', 9, 1])));
        all.push(ended(
            "a property length of five bytes",
            packet(0x30, &[0, 1, b't', 255, 255, 255, 255, 1]),
        ));
    }
    all
}
