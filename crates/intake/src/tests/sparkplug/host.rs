//! What Davy says as a host, packet by packet, to a broker that does what the test says.

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Connect, ConnectReturnCode, LastWill, Publish, SubAck, Subscribe, SubscribeReasonCode,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::broker::{BrokerConfig, BrokerLink};

struct Peer {
    socket: TcpStream,
    incoming: BytesMut,
}

impl Peer {
    async fn next(&mut self) -> Packet {
        loop {
            match Packet::read(&mut self.incoming, None) {
                Ok(Packet::PingReq(_)) => continue,
                Ok(packet) => return packet,
                Err(_) => {}
            }
            let read = timeout(DEADLINE, self.socket.read_buf(&mut self.incoming)).await;
            assert_ne!(read.expect("in time").expect("readable"), 0, "the link closed");
        }
    }

    async fn publish(&mut self) -> Publish {
        loop {
            if let Packet::Publish(publish) = self.next().await {
                return publish;
            }
        }
    }

    async fn send(&mut self, packet: Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, None).expect("a good packet");
        self.socket.write_all(&bytes).await.expect("writable");
    }
}

/// Lets Davy in; gives what it said before anything else.
async fn accept(listener: &TcpListener) -> (Peer, Connect, Option<LastWill>, Subscribe) {
    let (socket, _) = timeout(DEADLINE, listener.accept()).await.expect("in time").expect("a connection");
    let mut peer = Peer { socket, incoming: BytesMut::new() };
    let Packet::Connect(connect, will, _) = peer.next().await else { panic!("no CONNECT") };
    let connack = ConnAck { session_present: false, code: ConnectReturnCode::Success, properties: None };
    peer.send(Packet::ConnAck(connack)).await;
    let Packet::Subscribe(subscribe) = peer.next().await else { panic!("something before SUBSCRIBE") };
    let granted = SubscribeReasonCode::Success(QoS::AtLeastOnce);
    let return_codes = vec![granted; subscribe.filters.len()];
    peer.send(Packet::SubAck(SubAck { pkid: subscribe.pkid, return_codes, properties: None })).await;
    (peer, connect, will, subscribe)
}

async fn listener() -> (TcpListener, BrokerConfig) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let mut config = BrokerConfig::new("127.0.0.1", port, "davy").for_sparkplug();
    (config.retry_min, config.retry_max) = (Duration::from_millis(10), Duration::from_millis(50));
    (listener, config)
}

const BORN: &[u8] = br#"{"online":true,"timestamp":1795420800000}"#;
const DEAD: &[u8] = br#"{"online":false,"timestamp":1795420800000}"#;

#[tokio::test]
async fn the_session_begins_clean_with_state_as_will_then_subscriptions_then_state() {
    let stage = Stage::new();
    let (listener, config) = listener().await;
    let link = BrokerLink::start(config, &stage.intake);
    let (mut peer, connect, will, subscribe) = accept(&listener).await;
    assert!(connect.clean_start && connect.client_id == "davy-sparkplug");
    assert_eq!(connect.properties.and_then(|properties| properties.session_expiry_interval), Some(0));
    let will = will.expect("a will");
    assert_eq!((&will.topic[..], &will.message[..]), (STATE.as_bytes(), DEAD));
    assert_eq!((will.qos, will.retain), (QoS::AtLeastOnce, true));
    let filters: Vec<&str> = subscribe.filters.iter().map(|filter| &*filter.path).collect();
    assert_eq!(filters, ["spBv1.0/STATE/davy", "spBv1.0/plant/#"]);

    // The first message of all, with the time of the will.
    let Packet::Publish(state) = peer.next().await else { panic!("something before STATE") };
    assert_eq!((&state.topic[..], &state.payload[..]), (STATE.as_bytes(), BORN));
    assert_eq!((state.qos, state.retain), (QoS::AtLeastOnce, true));
    // Edge nodes that are not known to be alive are asked for their births.
    let mut asked = Vec::new();
    for _ in 0..2 {
        let publish = peer.publish().await;
        assert_eq!((publish.qos, publish.retain, publish.payload.len()), (QoS::AtMostOnce, false, 42));
        asked.push(String::from_utf8_lossy(&publish.topic).into_owned());
    }
    assert_eq!(asked, ["spBv1.0/plant/NCMD/Node-2", NCMD]);

    stage.pass(60_000);
    let ((), last) = tokio::join!(link.stop(DEADLINE), peer.publish());
    assert_eq!(&last.payload[..], br#"{"online":false,"timestamp":1795420860000}"#);
    assert_eq!((last.qos, last.retain, &last.topic[..]), (QoS::AtLeastOnce, true, STATE.as_bytes()));
    let rest = async { while peer.socket.read_buf(&mut peer.incoming).await.is_ok_and(|read| read > 0) {} };
    timeout(DEADLINE, rest).await.expect("the link closes");
    assert_eq!(&peer.incoming[..], [0xe0, 0x00], "a DISCONNECT, and nothing between");
}

#[tokio::test]
async fn a_state_that_says_it_is_gone_is_set_right_at_once() {
    let stage = Stage::new();
    let (listener, config) = listener().await;
    let _link = BrokerLink::start(config, &stage.intake);
    let (mut peer, ..) = accept(&listener).await;
    let mut wrong = Publish::new(STATE, QoS::AtLeastOnce, DEAD, None);
    wrong.pkid = 77;
    peer.send(Packet::Publish(wrong)).await;
    let mut said = 0;
    while said < 2 {
        let publish = peer.publish().await;
        said += usize::from(publish.topic == STATE.as_bytes() && &publish.payload[..] == BORN);
    }
    // And it is acknowledged, as any other message.
    loop {
        if let Packet::PubAck(puback) = peer.next().await {
            assert_eq!(puback.pkid, 77);
            break;
        }
    }
}

#[tokio::test]
async fn every_connection_says_its_own_time() {
    let stage = Stage::new();
    let (listener, config) = listener().await;
    let _link = BrokerLink::start(config, &stage.intake);
    let (mut peer, ..) = accept(&listener).await;
    assert_eq!(&peer.publish().await.payload[..], BORN);
    stage.pass(7_000);
    drop(peer);
    let (mut peer, _, will, _) = accept(&listener).await;
    assert_eq!(&will.expect("a will").message[..], br#"{"online":false,"timestamp":1795420807000}"#);
    assert_eq!(&peer.publish().await.payload[..], br#"{"online":true,"timestamp":1795420807000}"#);
}
