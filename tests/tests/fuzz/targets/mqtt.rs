//! MQTT packets of the door, against the codec of `rumqttc`, and whole streams at any split.

use bytes::BytesMut;
use davy_door::{
    Qos, Version,
    codec::{self, Connect, DecodeError, Frame, Packet, frame},
};
use rumqttc::{
    mqttbytes::v4,
    v5::mqttbytes::{QoS as Qos5, v5},
};

use super::{kept::choice, packets};
use crate::harness::{Gauge, Growth, Target};

const PLAIN: Target = Target {
    words: &[
        "\0\u{4}MQTT\u{4}", "\0\u{4}MQTT\u{5}", "\0\u{6}MQIsdp\u{3}", "\0\0", "\0\u{1}a", "\0\u{3}a/b", "\u{21}\0\u{7}", "\u{23}\0\u{1}",
        "\u{26}\0\u{1}k\0\u{1}v", "\u{1}\u{1}", "\u{11}\0\0\0\u{3c}", "\u{18}\0\0\0\u{3}", "\u{15}\0\u{1}x", "\u{b}\u{1}", "\u{27}\0\0\u{1}\0", "\u{10}", "\u{30}", "\u{32}",
    ],
    ..Target::PLAIN
};

/// The body of a CONNECT.
pub(crate) const CONNECT: Target =
    Target { name: "mqtt_connect", runs: 100_000, check: check_connect, seeds: packets::connects, growth: CONNECTS, ..PLAIN };

/// Flags, and the body of a PUBLISH.
pub(crate) const PUBLISH: Target =
    Target { name: "mqtt_publish", runs: 100_000, check: check_publish, seeds: packets::publishes, growth: PUBLISHES, ..PLAIN };

/// The body of a SUBSCRIBE or UNSUBSCRIBE.
pub(crate) const SUBSCRIBE: Target =
    Target { name: "mqtt_subscribe", runs: 100_000, check: check_subscribe, seeds: packets::subscribes, growth: SUBSCRIBES, ..PLAIN };

/// Everything a client sends, in one stream.
pub(crate) const STREAM: Target = Target {
    name: "mqtt_stream",
    runs: 60_000,
    check: check_stream,
    seeds: packets::streams,
    mend: Some(packets::mend),
    growth: &[
        Growth { what: "pings", make: |len| [0xC0, 0].repeat(len / 2) },
        Growth { what: "small messages", make: |len| b"\x32\x07\0\x01t\0\x01\0x".repeat(len / 9) },
        Growth { what: "packets of nothing", make: |len| vec![0; len] },
    ],
    ..PLAIN
};

const CONNECTS: &[Growth] = &[
    Growth { what: "user properties", make: |len| packets::connect_with(&b"\x26\0\x01k\0\x01v".repeat(len / 7)) },
    Growth { what: "a long password", make: |len| packets::connect_with_password(&vec![0xff; len.min(65_535)]) },
];
const PUBLISHES: &[Growth] = &[
    Growth { what: "a long payload", make: |len| [b"\x02\0\x01t\0\x01\0".as_slice(), &vec![0; len]].concat() },
    Growth { what: "user properties", make: |len| packets::publish_with(&b"\x26\0\x01k\0\x01v".repeat(len / 7)) },
];
const SUBSCRIBES: &[Growth] = &[
    Growth { what: "filters", make: |len| [b"\0\x01\0".as_slice(), &b"\0\x01#\x01".repeat(len / 4)].concat() },
    Growth { what: "empty filters", make: |len| [b"\0\x01\0".as_slice(), &b"\0\0\x01".repeat(len / 3)].concat() },
];

const VERSIONS: [Version; 2] = [Version::V3, Version::V5];
/// The longest packet the door is asked to take here, bytes.
const LEN_MAX: usize = 4096;

fn check_connect(gauge: &mut Gauge, input: &[u8]) {
    let decoded = gauge.measure(input.len(), || Connect::decode(input));
    let whole = packets::packet(0x10, input);
    let connect = match decoded {
        Ok(connect) => connect,
        Err((version, error)) => return saw(gauge, version, error),
    };
    assert_eq!(Connect::decode(input).as_ref(), Ok(&connect));
    assert!(!format!("{connect:?}").contains("password"), "a log would have it");
    gauge.saw((connect.version == Version::V5, connect.will.is_some(), connect.username.is_some(), connect.password.is_some()));
    assert!(connect.receive_max > 0 && connect.packet_size_max > 0);
    match connect.version {
        Version::V3 => {
            let Ok(v4::Packet::Connect(theirs)) = v4::Packet::read(&mut BytesMut::from(&whole[..]), usize::MAX) else {
                assert!(needs_text(&connect), "theirs does not read it");
                return;
            };
            assert_eq!((connect.keep_alive_s, &connect.client_id), (theirs.keep_alive, &theirs.client_id));
            assert_eq!(connect.will.map(|will| will.topic), theirs.last_will.map(|will| will.topic));
        }
        Version::V5 => {
            let Ok(v5::Packet::Connect(theirs, will, _)) = v5::Packet::read(&mut BytesMut::from(&whole[..]), None) else {
                assert!(needs_text(&connect), "theirs does not read it");
                return;
            };
            assert_eq!((connect.keep_alive_s, &connect.client_id), (theirs.keep_alive, &theirs.client_id));
            assert_eq!(connect.clean_start, theirs.clean_start);
            let properties = theirs.properties.unwrap_or_else(v5::ConnectProperties::new);
            assert_eq!(connect.receive_max, properties.receive_maximum.unwrap_or(u16::MAX));
            assert_eq!(connect.session_expiry_s, properties.session_expiry_interval.unwrap_or(0));
            assert_eq!(connect.packet_size_max, properties.max_packet_size.unwrap_or(u32::MAX));
            assert_eq!(connect.will.map(|will| will.payload), will.map(|will| will.message));
        }
    }
}

/// Theirs wants a password to be text, and a user name where there is a password.
fn needs_text(connect: &Connect) -> bool {
    let is_binary = connect.password.as_ref().is_some_and(|password| std::str::from_utf8(password).is_err());
    is_binary || (connect.password.is_some() && connect.username.is_none())
}

fn saw(gauge: &mut Gauge, version: Option<Version>, error: DecodeError) {
    gauge.saw((version == Some(Version::V5), version.is_none(), error.reason().code()));
    // Some names stand in the words.
    if let DecodeError::Malformed(said) | DecodeError::Protocol(said) = error {
        gauge.saw(said);
    }
}

fn check_publish(gauge: &mut Gauge, input: &[u8]) {
    let Some((flags, body)) = input.split_first() else { return };
    let first = frame::PUBLISH << 4 | (flags & 0x0F);
    for version in VERSIONS {
        let frame = Frame { first, body, len: input.len() };
        let publish = match gauge.measure(0, || codec::decode(version, frame)) {
            Ok(Packet::Publish(publish)) => publish,
            Ok(other) => panic!("a PUBLISH is {other:?}"),
            Err(error) => {
                saw(gauge, Some(version), error);
                continue;
            }
        };
        gauge.saw((publish.qos.bits(), publish.alias.is_some(), publish.topic.is_empty()));
        assert!(within(publish.topic, body) && within(publish.payload, body));
        let whole = packets::packet(first, body);
        same_publish(version, &publish, &whole);
        written_again(version, &publish);
    }
}

fn same_publish(version: Version, publish: &codec::Publish<'_>, whole: &[u8]) {
    let Ok(topic) = std::str::from_utf8(publish.topic) else { return };
    let theirs = match version {
        Version::V3 => match v4::Packet::read(&mut BytesMut::from(whole), usize::MAX) {
            Ok(v4::Packet::Publish(theirs)) => {
                (theirs.topic, theirs.payload, theirs.pkid, theirs.qos == rumqttc::QoS::AtLeastOnce)
            }
            other => panic!("theirs reads {other:?}"),
        },
        Version::V5 => match v5::Packet::read(&mut BytesMut::from(whole), None) {
            Ok(v5::Packet::Publish(theirs)) => {
                let topic = String::from_utf8(theirs.topic.to_vec()).expect("the same bytes");
                (topic, theirs.payload, theirs.pkid, theirs.qos == Qos5::AtLeastOnce)
            }
            other => panic!("theirs reads {other:?}"),
        },
    };
    let ours = (publish.payload, publish.packet_id, publish.qos == Qos::AtLeastOnce);
    assert_eq!((topic, ours), (&*theirs.0, (&theirs.1[..], theirs.2, theirs.3)));
}

/// What we write of it reads as it was.
fn written_again(version: Version, publish: &codec::Publish<'_>) {
    let Ok(topic) = std::str::from_utf8(publish.topic) else { return };
    if topic.is_empty() {
        return;
    }
    let mut out = BytesMut::new();
    let id = publish.packet_id;
    assert!(codec::write_publish(&mut out, version, topic, publish.payload, publish.qos, id, usize::MAX));
    let frame = frame::first(&out, usize::MAX).expect("a header").expect("all of it");
    let Ok(Packet::Publish(again)) = codec::decode(version, frame) else { panic!("not a PUBLISH any more") };
    assert_eq!((again.topic, again.payload, again.packet_id), (publish.topic, publish.payload, id));
}

fn check_subscribe(gauge: &mut Gauge, input: &[u8]) {
    for version in VERSIONS {
        for first in [0x82, 0xA2] {
            let frame = Frame { first, body: input, len: input.len() + 2 };
            let whole = packets::packet(first, input);
            match gauge.measure(0, || codec::decode(version, frame)) {
                Ok(Packet::Subscribe(subscribe)) => {
                    let filters: Vec<String> = subscribe.filters().map(|asked| asked.filter.to_owned()).collect();
                    assert!(subscribe.filters().all(|asked| within(asked.filter.as_bytes(), input)));
                    same_filters(version, subscribe.packet_id, &filters, &whole);
                    gauge.saw(filters.len().min(3));
                }
                Ok(Packet::Unsubscribe(unsubscribe)) => {
                    let filters: Vec<String> = unsubscribe.filters().map(str::to_owned).collect();
                    same_filters(version, unsubscribe.packet_id, &filters, &whole);
                    gauge.saw(filters.len().min(3));
                }
                Ok(other) => panic!("{other:?}"),
                Err(error) => saw(gauge, Some(version), error),
            }
        }
    }
}

fn same_filters(version: Version, packet_id: u16, filters: &[String], whole: &[u8]) {
    assert!(!filters.is_empty() && packet_id > 0);
    let theirs = match version {
        Version::V3 => match v4::Packet::read(&mut BytesMut::from(whole), usize::MAX) {
            Ok(v4::Packet::Subscribe(theirs)) => {
                (theirs.pkid, theirs.filters.into_iter().map(|filter| filter.path).collect())
            }
            Ok(v4::Packet::Unsubscribe(theirs)) => (theirs.pkid, theirs.topics),
            other => panic!("theirs reads {other:?}"),
        },
        Version::V5 => match v5::Packet::read(&mut BytesMut::from(whole), None) {
            Ok(v5::Packet::Subscribe(theirs)) => {
                (theirs.pkid, theirs.filters.into_iter().map(|filter| filter.path).collect::<Vec<_>>())
            }
            Ok(v5::Packet::Unsubscribe(theirs)) => (theirs.pkid, theirs.filters),
            other => panic!("theirs reads {other:?}"),
        },
    };
    assert_eq!((packet_id, filters), (theirs.0, &theirs.1[..]));
}

fn check_stream(gauge: &mut Gauge, input: &[u8]) {
    let version = VERSIONS[choice(input) % 2];
    let (whole, fault) = gauge.measure(0, || frame::whole(input, LEN_MAX));
    assert!(whole <= input.len());
    let packets = gauge.measure(input.len(), || {
        let (mut at, mut packets) = (0, 0_u64);
        while at < whole {
            let frame = frame::first(&input[at..], LEN_MAX).expect("whole").expect("whole");
            at += frame.len;
            packets += 1;
            let _ = Connect::decode(frame.body);
            let _ = codec::decode(version, frame);
        }
        (at == whole).then_some(packets)
    });
    gauge.saw(packets.expect("`whole` is where a packet ends").min(5));
    let mut at = 0;
    while at < whole {
        let frame = frame::first(&input[at..], LEN_MAX).expect("whole").expect("whole");
        assert!((2..=LEN_MAX).contains(&frame.len) && within(frame.body, input));
        match codec::decode(version, frame) {
            Ok(_) => gauge.saw(frame.kind()),
            Err(error) => saw(gauge, Some(version), error),
        }
        at += frame.len;
    }
    in_two_parts(input, whole, fault);
}

/// Wherever the stream is cut: what came first, and then the rest behind what was left of it, are the same packets.
fn in_two_parts(input: &[u8], whole: usize, fault: Option<DecodeError>) {
    if input.is_empty() {
        return;
    }
    let cut = choice(input) % input.len();
    let (first, early) = frame::whole(&input[..cut], LEN_MAX);
    assert!(first <= whole && first <= cut);
    let (second, late) = frame::whole(&input[first..], LEN_MAX);
    assert_eq!((first + second, late), (whole, fault), "cut at {cut}");
    assert!(early.is_none() || early == fault, "cut at {cut}: a fault that the whole has not");
}

fn within(part: &[u8], whole: &[u8]) -> bool {
    part.is_empty() || (whole.as_ptr_range().start <= part.as_ptr() && part.as_ptr_range().end <= whole.as_ptr_range().end)
}
