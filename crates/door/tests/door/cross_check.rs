//! The codec against the one of `rumqttc`, both ways, both versions.

use bytes::{Bytes, BytesMut};
use davy_door::codec::{self, Connack, Connect, Frame, Packet, Reason, Version, frame};
use davy_door::{Qos, codec::DecodeError};
use rumqttc::mqttbytes::v4;
use rumqttc::v5::mqttbytes::{QoS as QoS5, v5};

fn v4_bytes(write: impl FnOnce(&mut BytesMut) -> Result<usize, rumqttc::mqttbytes::Error>) -> Bytes {
    let mut out = BytesMut::new();
    write(&mut out).expect("theirs writes");
    out.freeze()
}

fn v5_bytes(packet: &v5::Packet) -> Bytes {
    let mut out = BytesMut::new();
    packet.write(&mut out, None).expect("theirs writes");
    out.freeze()
}

fn whole(bytes: &[u8]) -> Frame<'_> {
    let frame = frame::first(bytes, usize::MAX).expect("a header").expect("all of it");
    assert_eq!(frame.len, bytes.len());
    frame
}

fn decode(version: Version, bytes: &[u8]) -> Result<Packet<'_>, DecodeError> {
    codec::decode(version, whole(bytes))
}

fn their_v4(bytes: &BytesMut) -> v4::Packet {
    v4::Packet::read(&mut bytes.clone(), 1 << 20).expect("theirs reads")
}

fn their_v5(bytes: &BytesMut) -> v5::Packet {
    v5::Packet::read(&mut bytes.clone(), None).expect("theirs reads")
}

fn ours(write: impl FnOnce(&mut BytesMut)) -> BytesMut {
    let mut out = BytesMut::new();
    write(&mut out);
    out
}

const LENGTHS: [usize; 8] = [0, 1, 100, 127, 128, 16_383, 16_384, 70_000];

#[test]
fn their_v4_connect_is_read() {
    let mut theirs = v4::Connect::new("g");
    theirs.keep_alive = 17;
    theirs.set_login("user", "secret");
    theirs.last_will = Some(v4::LastWill::new("s", "gone", rumqttc::QoS::AtLeastOnce, true));
    let bytes = v4_bytes(|out| theirs.write(out));
    let connect = Connect::decode(whole(&bytes).body).expect("ours reads");
    assert_eq!((connect.version, connect.keep_alive_s, connect.clean_start), (Version::V3, 17, true));
    assert_eq!((&*connect.client_id, connect.username.as_deref()), ("g", Some("user")));
    assert_eq!(connect.password.as_deref(), Some(&b"secret"[..]));
    let will = connect.will.expect("the will");
    assert_eq!(
        (&*will.topic, &will.payload[..], will.qos, will.retain),
        ("s", &b"gone"[..], Qos::AtLeastOnce, true)
    );
}

#[test]
fn their_v5_connect_is_read() {
    let properties = v5::ConnectProperties {
        session_expiry_interval: Some(60),
        receive_maximum: Some(7),
        max_packet_size: Some(1000),
        topic_alias_max: Some(3),
        request_response_info: Some(0),
        request_problem_info: Some(1),
        user_properties: vec![("k".into(), "v".into()), ("k".into(), "w".into())],
        authentication_method: None,
        authentication_data: None,
    };
    let will_properties = v5::LastWillProperties {
        delay_interval: Some(9),
        payload_format_indicator: Some(1),
        message_expiry_interval: Some(5),
        content_type: Some("c".into()),
        response_topic: Some("r".into()),
        correlation_data: Some(Bytes::from_static(b"d")),
        user_properties: vec![("k".into(), "v".into())],
    };
    let will = v5::LastWill {
        topic: "s".into(),
        message: "gone".into(),
        qos: QoS5::AtMostOnce,
        retain: false,
        properties: Some(will_properties),
    };
    let theirs = v5::Connect {
        keep_alive: 3,
        client_id: "g".into(),
        clean_start: false,
        properties: Some(properties),
    };
    let login = v5::Login { username: "u".into(), password: "p".into() };
    let bytes = v5_bytes(&v5::Packet::Connect(theirs, Some(will), Some(login)));
    let connect = Connect::decode(whole(&bytes).body).expect("ours reads");
    assert_eq!((connect.version, connect.session_expiry_s, connect.receive_max), (Version::V5, 60, 7));
    assert_eq!((connect.packet_size_max, connect.clean_start), (1000, false));
    assert_eq!(connect.will.map(|will| (will.delay_s, will.qos)), Some((9, Qos::AtMostOnce)));
}

#[test]
fn their_publish_is_read() {
    for len in LENGTHS {
        for (their_qos, their_v5_qos, qos) in [
            (rumqttc::QoS::AtMostOnce, QoS5::AtMostOnce, Qos::AtMostOnce),
            (rumqttc::QoS::AtLeastOnce, QoS5::AtLeastOnce, Qos::AtLeastOnce),
        ] {
            let payload = vec![b'x'; len];
            let mut four = v4::Publish::new("a/b", their_qos, payload.clone());
            (four.pkid, four.retain) = (513, true);
            let mut five = v5::Publish::new("a/b", their_v5_qos, payload.clone(), Some(publish_properties()));
            (five.pkid, five.retain) = (513, true);
            let cases = [
                (Version::V3, v4_bytes(|out| four.write(out)), None),
                (Version::V5, v5_bytes(&v5::Packet::Publish(five)), Some(4)),
            ];
            for (version, bytes, alias) in cases {
                let Ok(Packet::Publish(read)) = decode(version, &bytes) else { panic!("a PUBLISH") };
                assert_eq!(
                    (read.topic, read.payload, read.qos, read.alias),
                    (&b"a/b"[..], &payload[..], qos, alias)
                );
                let id = if qos == Qos::AtLeastOnce { 513 } else { 0 };
                assert_eq!((read.packet_id, read.retain, read.duplicate), (id, true, false));
            }
        }
    }
}

fn publish_properties() -> v5::PublishProperties {
    v5::PublishProperties {
        payload_format_indicator: Some(1),
        message_expiry_interval: Some(5),
        topic_alias: Some(4),
        response_topic: Some("r".into()),
        correlation_data: Some(Bytes::from_static(b"d")),
        user_properties: vec![("k".into(), "v".into())],
        subscription_identifiers: vec![],
        content_type: Some("c".into()),
    }
}

#[test]
fn their_other_packets_are_read() {
    let four = v4_bytes(|out| v4::Subscribe::new("a/#", rumqttc::QoS::ExactlyOnce).write(out));
    // Theirs leaves the packet identifier to its event loop.
    assert_eq!(decode(Version::V3, &four), Err(DecodeError::Malformed("packet identifier 0")));
    let mut theirs = v4::Subscribe::new("a/#", rumqttc::QoS::ExactlyOnce);
    theirs.pkid = 5;
    let bytes = v4_bytes(|out| theirs.write(out));
    let Ok(Packet::Subscribe(read)) = decode(Version::V3, &bytes) else { panic!("a SUBSCRIBE") };
    let filters: Vec<_> = read.filters().map(|request| (request.filter, request.qos)).collect();
    assert_eq!((read.packet_id, filters), (5, vec![("a/#", Qos::AtLeastOnce)]));
    let filters = [v5::Filter::new("a", QoS5::AtMostOnce), v5::Filter::new("b/+", QoS5::AtLeastOnce)];
    let mut theirs = v5::Subscribe::new_many(filters, None);
    theirs.pkid = 6;
    let bytes = v5_bytes(&v5::Packet::Subscribe(theirs));
    let Ok(Packet::Subscribe(read)) = decode(Version::V5, &bytes) else { panic!("a SUBSCRIBE") };
    let filters: Vec<_> = read.filters().map(|request| (request.filter, request.qos)).collect();
    assert_eq!(filters, [("a", Qos::AtMostOnce), ("b/+", Qos::AtLeastOnce)]);
    let mut theirs = v5::Unsubscribe::new("a/b", None);
    theirs.pkid = 7;
    let bytes = v5_bytes(&v5::Packet::Unsubscribe(theirs));
    let Ok(Packet::Unsubscribe(read)) = decode(Version::V5, &bytes) else { panic!("an UNSUBSCRIBE") };
    assert_eq!((read.packet_id, read.filters().collect::<Vec<_>>()), (7, vec!["a/b"]));
    let bytes = v5_bytes(&v5::Packet::PubAck(v5::PubAck::new(8, None)));
    assert!(
        matches!(decode(Version::V5, &bytes), Ok(Packet::Puback(ack)) if ack.packet_id == 8 && ack.reason == 0)
    );
    // Without properties theirs writes one byte more than it announces.
    let mut goodbye = v5::Disconnect::new(v5::DisconnectReasonCode::DisconnectWithWillMessage);
    goodbye.properties = Some(v5::DisconnectProperties {
        session_expiry_interval: Some(0),
        reason_string: Some("why".into()),
        user_properties: vec![("k".into(), "v".into())],
        server_reference: None,
    });
    let bytes = v5_bytes(&v5::Packet::Disconnect(goodbye));
    assert!(matches!(decode(Version::V5, &bytes), Ok(Packet::Disconnect(read)) if read.reason == 4));
    let bytes = v4_bytes(|out| v4::PingReq.write(out));
    assert_eq!(decode(Version::V3, &bytes), Ok(Packet::Pingreq));
}

#[test]
fn our_connack_is_read() {
    let connack = Connack {
        assigned_client_id: Some("auto-1"),
        receive_max: 77,
        packet_size_max: 4321,
        topic_alias_max: 9,
        keep_alive_s: Some(30),
    };
    let v4::Packet::ConnAck(read) = their_v4(&ours(|out| connack.write(out, Version::V3))) else {
        panic!("a CONNACK")
    };
    assert_eq!((read.code, read.session_present), (v4::ConnectReturnCode::Success, false));
    let v5::Packet::ConnAck(read) = their_v5(&ours(|out| connack.write(out, Version::V5))) else {
        panic!("a CONNACK")
    };
    let granted = read.properties.expect("properties");
    assert_eq!(
        (granted.receive_max, granted.max_qos, granted.retain_available),
        (Some(77), Some(1), Some(1))
    );
    assert_eq!((granted.max_packet_size, granted.topic_alias_max), (Some(4321), Some(9)));
    assert_eq!(
        (granted.assigned_client_identifier.as_deref(), granted.server_keep_alive),
        (Some("auto-1"), Some(30))
    );
    assert_eq!((granted.session_expiry_interval, granted.shared_subscription_available), (Some(0), Some(0)));
    assert_eq!(granted.subscription_identifiers_available, Some(0));
}

#[test]
fn our_refusals_are_read() {
    let refuse = |version, reason| ours(|out| assert!(codec::write_refusal(out, version, reason)));
    let v4::Packet::ConnAck(read) = their_v4(&refuse(Version::V3, Reason::BadUserNameOrPassword)) else {
        panic!("a CONNACK")
    };
    assert_eq!(read.code, v4::ConnectReturnCode::BadUserNamePassword);
    let v5::Packet::ConnAck(read) = their_v5(&refuse(Version::V5, Reason::QosNotSupported)) else {
        panic!("a CONNACK")
    };
    assert_eq!(read.code, v5::ConnectReturnCode::QoSNotSupported);
    assert!(!codec::write_refusal(&mut BytesMut::new(), Version::V3, Reason::MalformedPacket));
}

#[test]
fn our_publish_is_read_by_them_and_by_us() {
    for len in LENGTHS {
        for version in [Version::V3, Version::V5] {
            for qos in [Qos::AtMostOnce, Qos::AtLeastOnce] {
                let payload = vec![b'y'; len];
                let out = ours(|out| {
                    assert!(codec::write_publish(out, version, "温/度", &payload, qos, 300, usize::MAX));
                });
                let Ok(Packet::Publish(read)) = decode(version, &out) else { panic!("a PUBLISH") };
                assert_eq!((read.topic, read.payload, read.qos), ("温/度".as_bytes(), &payload[..], qos));
                let (topic, theirs) = match version {
                    Version::V3 => match their_v4(&out) {
                        v4::Packet::Publish(read) => (Bytes::from(read.topic), read.payload),
                        other => panic!("{other:?}"),
                    },
                    Version::V5 => match their_v5(&out) {
                        v5::Packet::Publish(read) => (read.topic, read.payload),
                        other => panic!("{other:?}"),
                    },
                };
                assert_eq!((&topic[..], &theirs[..]), ("温/度".as_bytes(), &payload[..]));
                let exact = out.len();
                assert!(!codec::write_publish(
                    &mut BytesMut::new(),
                    version,
                    "温/度",
                    &payload,
                    qos,
                    300,
                    exact - 1
                ));
                assert!(codec::write_publish(
                    &mut BytesMut::new(),
                    version,
                    "温/度",
                    &payload,
                    qos,
                    300,
                    exact
                ));
            }
        }
    }
}

#[test]
fn our_answers_are_read() {
    let reasons = [Reason::Success, Reason::GrantedQos1, Reason::NotAuthorized];
    let out = ours(|out| codec::write_suback(out, Version::V3, 3, &reasons));
    assert!(
        matches!(their_v4(&out), v4::Packet::SubAck(read) if read.pkid == 3 && read.return_codes.len() == 3)
    );
    let out = ours(|out| codec::write_suback(out, Version::V5, 3, &reasons));
    let v5::Packet::SubAck(read) = their_v5(&out) else { panic!("a SUBACK") };
    assert_eq!(read.return_codes[2], v5::SubscribeReasonCode::NotAuthorized);
    let out = ours(|out| codec::write_unsuback(out, Version::V3, 4, &[Reason::Success]));
    assert!(matches!(their_v4(&out), v4::Packet::UnsubAck(read) if read.pkid == 4));
    let out = ours(|out| codec::write_unsuback(out, Version::V5, 4, &[Reason::NoSubscriptionExisted]));
    let v5::Packet::UnsubAck(read) = their_v5(&out) else { panic!("an UNSUBACK") };
    assert_eq!(read.reasons, [v5::UnsubAckReason::NoSubscriptionExisted]);
    for (reason, theirs) in [
        (Reason::Success, v5::PubAckReason::Success),
        (Reason::QuotaExceeded, v5::PubAckReason::QuotaExceeded),
    ] {
        let out = ours(|out| codec::write_puback(out, Version::V5, 5, reason));
        assert!(
            matches!(their_v5(&out), v5::Packet::PubAck(read) if read.pkid == 5 && read.reason == theirs)
        );
    }
    let out = ours(|out| codec::write_puback(out, Version::V3, 5, Reason::QuotaExceeded));
    assert!(matches!(their_v4(&out), v4::Packet::PubAck(read) if read.pkid == 5));
    assert!(matches!(their_v4(&ours(codec::write_pingresp)), v4::Packet::PingResp));
    let out = ours(|out| codec::write_disconnect(out, Reason::SessionTakenOver));
    // Theirs asks for a property length behind the reason, which the specification lets us leave out.
    let padded = BytesMut::from(&[&[0xE0, 2][..], &out[2..], &[0]].concat()[..]);
    let v5::Packet::Disconnect(read) = their_v5(&padded) else { panic!("a DISCONNECT") };
    assert_eq!(read.reason_code, v5::DisconnectReasonCode::SessionTakenOver);
}
