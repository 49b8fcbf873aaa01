//! Properties of MQTT 5: of other packets, of none, twice, cut, out of range.

use super::{
    Case, Want,
    connects::refused,
    packets::{Connect, publish},
};

/// Every property there is: its number, a value that is sound, and whether CONNECT, a will and PUBLISH may have it.
const PROPERTIES: [(u8, &[u8], bool, bool, bool); 27] = [
    (0x01, &[0], false, true, true),
    (0x02, &[0, 0, 0, 9], false, true, true),
    (0x03, &[0, 1, b'x'], false, true, true),
    (0x08, &[0, 1, b'x'], false, true, true),
    (0x09, &[0, 1, b'x'], false, true, true),
    (0x0B, &[1], false, false, false),
    (0x11, &[0, 0, 0, 9], true, false, false),
    (0x12, &[0, 1, b'x'], false, false, false),
    (0x13, &[0, 9], false, false, false),
    (0x15, &[0, 1, b'x'], true, false, false),
    (0x16, &[0, 1, b'x'], true, false, false),
    (0x17, &[1], true, false, false),
    (0x18, &[0, 0, 0, 9], false, true, false),
    (0x19, &[1], true, false, false),
    (0x1A, &[0, 1, b'x'], false, false, false),
    (0x1C, &[0, 1, b'x'], false, false, false),
    (0x1F, &[0, 1, b'x'], false, false, false),
    (0x21, &[0, 9], true, false, false),
    (0x22, &[0, 9], true, false, false),
    (0x23, &[0, 9], false, false, true),
    (0x24, &[1], false, false, false),
    (0x25, &[1], false, false, false),
    (0x26, &[0, 1, b'x', 0, 1, b'y'], true, true, true),
    (0x27, &[0, 0, 2, 0], true, false, false),
    (0x28, &[1], false, false, false),
    (0x29, &[1], false, false, false),
    (0x2A, &[1], false, false, false),
];
/// Numbers that are nobody's.
const UNKNOWN: [u8; 10] = [0x00, 0x04, 0x07, 0x0A, 0x10, 0x1B, 0x20, 0x2B, 0x55, 0x7F];
/// The only one that may come more than once.
const USER_PROPERTY: u8 = 0x26;
/// `authentication method` and `data`: there is no such method here, which is refused before anything else.
const AUTHENTICATION: [u8; 2] = [0x15, 0x16];

pub(super) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for (number, value, of_connect, of_will, of_publish) in PROPERTIES {
        let one = [&[number], value].concat();
        let twice = one.repeat(2);
        match of_connect {
            false => all.push(connect(&format!("CONNECT with {number:#04x} of others"), &one, 0x81)),
            true if number == USER_PROPERTY || AUTHENTICATION.contains(&number) => {}
            true => all.push(connect(&format!("CONNECT with {number:#04x} twice"), &twice, 0x82)),
        }
        match of_will {
            false => all.push(will(&format!("a will with {number:#04x} of others"), &one, 0x81)),
            true if number == USER_PROPERTY => {}
            true => all.push(will(&format!("a will with {number:#04x} twice"), &twice, 0x82)),
        }
        match of_publish {
            false if number == 0x0B => {
                all.push(published("PUBLISH with a subscription identifier", &one, 0x82));
            }
            false => all.push(published(&format!("PUBLISH with {number:#04x} of others"), &one, 0x81)),
            true if number == USER_PROPERTY => {}
            true => all.push(published(&format!("PUBLISH with {number:#04x} twice"), &twice, 0x82)),
        }
        let cut = &one[..one.len() - 1];
        if of_connect {
            all.push(connect(&format!("CONNECT with {number:#04x} cut"), cut, 0x81));
        }
    }
    for number in UNKNOWN {
        all.push(connect(&format!("CONNECT with {number:#04x} of nobody"), &[number, 0], 0x81));
        all.push(published(&format!("PUBLISH with {number:#04x} of nobody"), &[number, 0], 0x81));
    }
    all.extend(values());
    all
}

fn values() -> Vec<Case> {
    vec![
        connect("receive maximum 0", &[0x21, 0, 0], 0x82),
        connect("maximum packet size 0", &[0x27, 0, 0, 0, 0], 0x82),
        connect("request problem information 2", &[0x17, 2], 0x82),
        connect("request response information 2", &[0x19, 2], 0x82),
        connect("an authentication method", &[0x15, 0, 1, b'x'], 0x8C),
        connect("authentication data of no method", &[0x16, 0, 1, b'x'], 0x82),
        connect("a user property that is no UTF-8", &[0x26, 0, 1, 0xFF, 0, 0], 0x81),
        published("payload format 2", &[0x01, 2], 0x82),
        published("topic alias 0", &[0x23, 0, 0], 0x94),
        published("topic alias past the maximum", &[0x23, 0, 33], 0x94),
        published("topic alias 65535", &[0x23, 255, 255], 0x94),
        Case::offence(
            true,
            "an alias never set",
            publish(true, 0x30, 0, b"", &[0x23, 0, 5], b"x"),
            Want::Ended(0x94),
        ),
        Case::offence(
            true,
            "neither topic nor alias",
            publish(true, 0x30, 0, b"", &[], b"x"),
            Want::Ended(0x82),
        ),
    ]
}

fn connect(name: &str, property: &[u8], code: u8) -> Case {
    let bytes = Connect::of(true, "stranger").property(property).bytes();
    Case::knock(&format!("5/{name}"), bytes, refused(true, code))
}

fn will(name: &str, property: &[u8], code: u8) -> Case {
    let bytes = Connect::of(true, "stranger").will(b"a", property).bytes();
    Case::knock(&format!("5/{name}"), bytes, refused(true, code))
}

fn published(name: &str, property: &[u8], code: u8) -> Case {
    Case::offence(
        true,
        name,
        publish(true, 0x30, 0, b"davy/v1/yard/gw-9/readings", property, b"{}"),
        Want::Ended(code),
    )
}
