//! Bytes a client should not send, and what it gets for them.

use davy_door::{Closed, Version};

use crate::handler::{Receipts, Told, open};
use crate::packets::{
    Connect, PINGREQ, connect, packet, publish, publish_qos0, publish_with, subscribe, text, unsubscribe,
};
use crate::raw::{BOTH, attach, dial, welcome};

use Version::{V3, V5};

/// A first packet, and the whole answer.
fn knocks() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let v5_refusal = |code: u8| vec![0x20, 3, 0, code, 0];
    let no_will = |version, flags| connect(version, "g").flags(flags).bytes();
    let will = |version, flags| connect(version, "g").will_with(flags, &[], "s", "x").bytes();
    let cut = |connect: Connect, by: usize| {
        let whole = connect.bytes();
        packet(0x10, &whole[2..whole.len() - by])
    };
    let longer = |connect: Connect| packet(0x10, &[&connect.bytes()[2..], b"x"].concat());
    let will_to = |topic: &str| connect(V5, "g").will(topic, "x").bytes();
    vec![
        ("PUBLISH first", publish(V3, 1, "t", "x"), vec![]),
        ("PINGREQ first", PINGREQ.to_vec(), vec![]),
        ("CONNACK first", vec![0x20, 2, 0, 0], vec![]),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec(), vec![]),
        ("TLS on the plain port", vec![0x16, 3, 1, 2, 0, 1], vec![]),
        ("CONNECT with flags", packet(0x11, &connect(V3, "g").bytes()[2..]), vec![]),
        ("remaining length of five bytes", vec![0x10, 0x80, 0x80, 0x80, 0x80, 1], vec![]),
        ("remaining length over the cap", vec![0x10, 0xFF, 0xFF, 0xFF, 0x7F], vec![]),
        ("empty CONNECT", packet(0x10, &[]), vec![]),
        ("not MQTT", connect(V3, "g").level("MQTQ", 4).bytes(), vec![]),
        ("MQTT 3.1", connect(V3, "g").level("MQIsdp", 3).bytes(), vec![0x20, 2, 0, 1]),
        ("level 3", connect(V3, "g").level("MQTT", 3).bytes(), vec![0x20, 2, 0, 1]),
        ("level 0", connect(V3, "g").level("MQTT", 0).bytes(), vec![0x20, 2, 0, 1]),
        ("level 6", connect(V3, "g").level("MQTT", 6).bytes(), v5_refusal(0x84)),
        ("bridge level 0x84", connect(V3, "g").level("MQTT", 0x84).bytes(), v5_refusal(0x84)),
        ("v3 reserved flag", no_will(V3, 0x03), vec![]),
        ("v5 reserved flag", no_will(V5, 0x03), v5_refusal(0x81)),
        ("v3 will QoS without will", no_will(V3, 0x0A), vec![]),
        ("v5 will QoS without will", no_will(V5, 0x0A), v5_refusal(0x81)),
        ("v5 will retain without will", no_will(V5, 0x22), v5_refusal(0x81)),
        ("v3 will QoS 2", will(V3, 0x14), vec![]),
        ("v5 will QoS 2", will(V5, 0x14), vec![0x20, 5, 0, 0x9B, 2, 0x24, 1]),
        ("v3 will QoS 3", will(V3, 0x1C), vec![]),
        ("v5 will QoS 3", will(V5, 0x1C), v5_refusal(0x81)),
        ("will to a wildcard", will_to("a/#"), v5_refusal(0x90)),
        ("will to nowhere", will_to(""), v5_refusal(0x90)),
        ("will to NUL", will_to("a\0b"), v5_refusal(0x81)),
        ("v3 password without user", connect(V3, "g").password("p").bytes(), vec![]),
        ("v3 no identifier, not clean", no_identifier(V3), vec![0x20, 2, 0, 2]),
        ("NUL in the identifier", connect(V5, "a\0b").bytes(), v5_refusal(0x81)),
        ("identifier too long", connect(V5, &"x".repeat(1025)).bytes(), v5_refusal(0x85)),
        ("v3 identifier too long", connect(V3, &"x".repeat(1025)).bytes(), vec![0x20, 2, 0, 2]),
        ("v5 cut in the identifier", cut(connect(V5, "gateway"), 1), v5_refusal(0x81)),
        ("v3 cut in the identifier", cut(connect(V3, "gateway"), 1), vec![]),
        ("v5 user missing", connect(V5, "g").flags(0x82).bytes(), v5_refusal(0x81)),
        ("v5 will missing", no_will(V5, 0x06), v5_refusal(0x81)),
        ("v5 bytes at the end", longer(connect(V5, "g")), v5_refusal(0x81)),
        ("v3 bytes at the end", longer(connect(V3, "g")), vec![]),
    ]
}

/// The same, for properties.
fn knocks_by_property() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let v5_refusal = |code: u8| vec![0x20, 3, 0, code, 0];
    let v5 = |property: &[u8]| connect(V5, "g").property(property).bytes();
    vec![
        ("unknown property", v5(&[0x55, 0]), v5_refusal(0x81)),
        ("property id above 63", v5(&[0x7F, 0]), v5_refusal(0x81)),
        ("property of another packet", v5(&[0x23, 0, 1]), v5_refusal(0x81)),
        ("property twice", v5(&[0x21, 0, 1, 0x21, 0, 1]), v5_refusal(0x82)),
        ("property cut", v5(&[0x21, 0]), v5_refusal(0x81)),
        ("receive maximum 0", v5(&[0x21, 0, 0]), v5_refusal(0x82)),
        ("maximum packet size 0", v5(&[0x27, 0, 0, 0, 0]), v5_refusal(0x82)),
        ("request problem information 2", v5(&[0x17, 2]), v5_refusal(0x82)),
        ("request response information 2", v5(&[0x19, 2]), v5_refusal(0x82)),
        ("authentication method", v5(&[0x15, 0, 1, b'x']), v5_refusal(0x8C)),
        ("authentication data alone", v5(&[0x16, 0, 1, b'x']), v5_refusal(0x82)),
        ("user property not UTF-8", v5(&[0x26, 0, 1, 0xFF, 0, 0]), v5_refusal(0x81)),
        ("will property not allowed", will_with(&[0x21, 0, 1]), v5_refusal(0x81)),
        ("will delay twice", will_with(&[0x18, 0, 0, 0, 1, 0x18, 0, 0, 0, 1]), v5_refusal(0x82)),
    ]
}

fn no_identifier(version: Version) -> Vec<u8> {
    connect(version, "").flags(0).bytes()
}

fn will_with(properties: &[u8]) -> Vec<u8> {
    connect(V5, "g").will_with(0x04, properties, "s", "x").bytes()
}

#[tokio::test(start_paused = true)]
async fn whoever_knocks_wrongly_is_told_what_can_be_told() {
    let (door, fake) = open(Receipts::Commit);
    let knocks = [knocks(), knocks_by_property()].concat();
    for (what, bytes, answer) in &knocks {
        let mut raw = attach(&door);
        raw.send(bytes).await;
        assert_eq!(raw.rest().await, *answer, "{what}");
    }
    assert!(fake.told().is_empty(), "the handler heard of {:?}", fake.told());
    let stats = door.stats();
    assert_eq!((stats.connect_failed + stats.connect_refused) as usize, knocks.len());
}

/// What a welcomed client sends, and the reason it is closed with (0: it is not).
fn offences() -> Vec<(&'static str, Version, Vec<u8>, u8)> {
    let mut all = Vec::new();
    for version in BOTH {
        let properties: &[u8] = if version == V5 { &[0] } else { &[] };
        let subscribe_body = [&[0, 1][..], properties].concat();
        let options = |options| subscribe(version, 1, &[("a", options)]);
        all.extend([
            ("second CONNECT", version, connect(version, "g").bytes(), 0x82),
            ("type 0", version, packet(0x00, &[]), 0x81),
            ("CONNACK", version, packet(0x20, &[0, 0]), 0x82),
            ("PUBREC", version, packet(0x50, &[0, 1]), 0x82),
            ("PUBREL", version, packet(0x62, &[0, 1]), 0x82),
            ("PUBCOMP", version, packet(0x70, &[0, 1]), 0x82),
            ("SUBACK", version, packet(0x90, &[0, 1, 0]), 0x82),
            ("UNSUBACK", version, packet(0xB0, &[0, 1]), 0x82),
            ("PINGRESP", version, packet(0xD0, &[]), 0x82),
            ("AUTH", version, packet(0xF0, &[]), 0x82),
            ("PINGREQ with flags", version, packet(0xC1, &[]), 0x81),
            ("PINGREQ with a body", version, packet(0xC0, &[0]), 0x81),
            ("PUBACK with flags", version, packet(0x42, &[0, 1]), 0x81),
            ("PUBACK of 0", version, packet(0x40, &[0, 0]), 0x81),
            ("PUBACK cut", version, packet(0x40, &[0]), 0x81),
            ("PUBACK for nothing we sent", version, packet(0x40, &[0, 1]), 0),
            ("SUBSCRIBE with flags 0", version, packet(0x80, &subscribe_body), 0x81),
            ("SUBSCRIBE without a filter", version, packet(0x82, &subscribe_body), 0x82),
            ("SUBSCRIBE of 0", version, subscribe(version, 0, &[("a", 0)]), 0x81),
            ("SUBSCRIBE with QoS 3", version, options(3), 0x81),
            ("SUBSCRIBE with reserved options", version, options(0xC0), 0x81),
            (
                "SUBSCRIBE without options",
                version,
                packet(0x82, &[&subscribe_body[..], &text("a")].concat()),
                0x81,
            ),
            ("SUBSCRIBE to NUL", version, subscribe(version, 1, &[("a\0", 0)]), 0x81),
            ("UNSUBSCRIBE without a filter", version, packet(0xA2, &subscribe_body), 0x82),
            ("UNSUBSCRIBE with flags 0", version, packet(0xA0, &[0, 1]), 0x81),
            ("UNSUBSCRIBE of 0", version, unsubscribe(version, 0, &["a"]), 0x81),
            ("DISCONNECT with flags", version, packet(0xE1, &[]), 0x81),
        ]);
        all.extend(publish_offences(version));
    }
    all.extend(v3_offences());
    all.extend(v5_offences());
    all
}

fn publish_offences(version: Version) -> Vec<(&'static str, Version, Vec<u8>, u8)> {
    let topic = |bytes: &[u8]| publish_with(version, 0x30, 0, bytes, &[], "x");
    let first = |first| publish_with(version, first, 7, "t", &[], "x");
    vec![
        ("PUBLISH QoS 2", version, first(0x34), 0x9B),
        ("PUBLISH QoS 3", version, first(0x36), 0x81),
        ("PUBLISH QoS 0 with DUP", version, first(0x38), 0x81),
        ("PUBLISH of 0", version, publish(version, 0, "t", "x"), 0x81),
        ("PUBLISH cut in the topic", version, packet(0x30, &[0, 9, b't']), 0x81),
        ("PUBLISH cut in the identifier", version, packet(0x32, &[0, 1, b't', 0]), 0x81),
        ("PUBLISH empty", version, packet(0x30, &[]), 0x81),
        ("PUBLISH to nowhere", version, topic(b""), 0x82),
        ("PUBLISH to #", version, topic(b"a/#"), 0x90),
        ("PUBLISH to +", version, topic(b"+"), 0x90),
        ("PUBLISH to NUL", version, topic(b"a\0"), 0x90),
        ("PUBLISH to U+D800", version, topic(b"\xED\xA0\x80"), 0x90),
        ("PUBLISH to no UTF-8", version, topic(b"\xFF\xFE"), 0x90),
        ("PUBLISH to a long topic", version, topic(&[b'x'; 1025]), 0x90),
        ("PUBLISH to the longest topic", version, topic(&[b'x'; 1024]), 0),
        ("PUBLISH to $SYS", version, publish_qos0(version, "$SYS/x", "x"), 0),
        ("remaining length of five bytes", version, vec![0x30, 0x80, 0x80, 0x80, 0x80, 1], 0x81),
        ("over the packet limit", version, vec![0x30, 0xFF, 0xFF, 0xFF, 0x7F], 0x95),
        ("one byte over the limit", version, vec![0x30, 0xFD, 0xFF, 0x0F], 0x95),
        ("padded remaining length", version, vec![0xC0, 0x80, 0x80, 0x80, 0x00], 0),
    ]
}

fn v3_offences() -> Vec<(&'static str, Version, Vec<u8>, u8)> {
    vec![
        ("SUBSCRIBE with no-local in v3", V3, subscribe(V3, 1, &[("a", 4)]), 0x81),
        ("PUBACK with a reason in v3", V3, packet(0x40, &[0, 1, 0]), 0x81),
        ("DISCONNECT with a reason in v3", V3, packet(0xE0, &[0]), 0x81),
    ]
}

fn v5_offences() -> Vec<(&'static str, Version, Vec<u8>, u8)> {
    let property = |property: &[u8]| publish_with(V5, 0x30, 0, "t", property, "x");
    let alone = |property: &[u8]| publish_with(V5, 0x30, 0, "", property, "x");
    vec![
        ("alias 0", V5, property(&[0x23, 0, 0]), 0x94),
        ("alias above the maximum", V5, property(&[0x23, 0, 33]), 0x94),
        ("alias never set", V5, alone(&[0x23, 0, 5]), 0x94),
        ("alias twice", V5, property(&[0x23, 0, 1, 0x23, 0, 1]), 0x82),
        ("neither topic nor alias", V5, alone(&[]), 0x82),
        ("subscription identifier", V5, property(&[0x0B, 1]), 0x82),
        ("payload format 2", V5, property(&[0x01, 2]), 0x82),
        ("unknown property", V5, property(&[0x04, 0]), 0x81),
        ("property of CONNECT", V5, property(&[0x21, 0, 1]), 0x81),
        ("property cut", V5, property(&[0x02, 0]), 0x81),
        ("properties longer than the packet", V5, packet(0x30, &[0, 1, b't', 9, 1]), 0x81),
        ("padded property length", V5, packet(0x30, &[0, 1, b't', 0x80, 0]), 0x81),
        ("property length of five bytes", V5, packet(0x30, &[0, 1, b't', 255, 255, 255, 255, 1]), 0x81),
        ("subscription identifier asked for", V5, packet(0x82, &[0, 1, 2, 0x0B, 1, 0, 1, b'a', 0]), 0xA1),
        ("retain handling 3", V5, subscribe(V5, 1, &[("a", 0x30)]), 0x82),
        ("PUBACK with a wrong property", V5, packet(0x40, &[0, 1, 0, 3, 0x21, 0, 1]), 0x81),
        ("DISCONNECT with bytes at the end", V5, packet(0xE0, &[0, 0, 7]), 0x81),
        ("DISCONNECT with a wrong property", V5, packet(0xE0, &[0, 3, 0x21, 0, 1]), 0x81),
    ]
}

#[tokio::test(start_paused = true)]
async fn whoever_breaks_the_protocol_is_closed_and_v5_is_told_why() {
    let (door, fake) = open(Receipts::Commit);
    let offences = offences();
    assert!(offences.len() >= 100, "{}", offences.len());
    for (index, (what, version, bytes, reason)) in offences.iter().enumerate() {
        let mut raw = welcome(&door, connect(*version, &format!("g{index}"))).await;
        // What came before counts, what comes behind does not.
        raw.send([&publish_qos0(*version, "t", "before")[..], bytes].concat()).await;
        if *reason == 0 {
            raw.send(publish(*version, 9, "t", "behind")).await;
            loop {
                let (first, body) =
                    raw.packet().await.unwrap_or_else(|| panic!("{version:?}: {what}: closed"));
                if first == 0x40 {
                    assert_eq!(body, [0, 9], "{version:?}: {what}");
                    break;
                }
            }
            continue;
        }
        let told = if *version == V5 { vec![0xE0, 1, *reason] } else { vec![] };
        assert_eq!(raw.rest().await, told, "{version:?}: {what}");
    }
    let closed = offences.iter().filter(|(.., reason)| *reason != 0).count();
    let offender = |told: &&Told| matches!(told, Told::Closed { how: Closed::ProtocolError, .. });
    fake.until("all offenders closed", |told| told.iter().filter(offender).count() == closed).await;
    assert_eq!(fake.payloads().iter().filter(|payload| *payload == "before").count(), offences.len());
    assert_eq!(door.stats().protocol_errors as usize, closed);
}

#[tokio::test]
async fn ten_thousand_pings_are_ten_thousand_answers() {
    let (door, _fake) = open(Receipts::Commit);
    let raw = welcome(&door, connect(V3, "g")).await;
    let (mut read, mut write) = tokio::io::split(raw.stream);
    let flood = tokio::spawn(async move {
        tokio::io::AsyncWriteExt::write_all(&mut write, &PINGREQ.repeat(10_000)).await.expect("read");
        write
    });
    let mut answers = vec![0; 20_000];
    tokio::io::AsyncReadExt::read_exact(&mut read, &mut answers).await.expect("all of them");
    flood.await.expect("no panic");
}

#[tokio::test]
async fn all_packet_ids_may_be_used_up() {
    let (door, fake) = open(Receipts::Commit);
    let raw = welcome(&door, connect(V5, "g")).await;
    let mut raw = raw;
    for chunk in (1..=u16::MAX).collect::<Vec<_>>().chunks(1000) {
        raw.send(chunk.iter().flat_map(|id| publish(V5, *id, "t", "x")).collect::<Vec<_>>()).await;
        raw.expect_pubacks(chunk.iter().copied()).await;
    }
    fake.until_messages(usize::from(u16::MAX)).await;
}

/// A socket closed over unread bytes resets, and some systems then throw away what their side has not read yet.
#[tokio::test]
async fn an_offender_in_full_flow_can_read_its_farewell() {
    let (door, _fake) = open(Receipts::Commit);
    let mut raw = dial(&door).await;
    raw.connect(&connect(V5, "g")).await;
    raw.send([0x30, 0xFF, 0xFF, 0xFF, 0x7F]).await;
    raw.expect([0xE0, 1, 0x95]).await;
    for _ in 0..50 {
        raw.send([0; 1000]).await;
        tokio::task::yield_now().await;
    }
}
