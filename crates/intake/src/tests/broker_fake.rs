//! A broker that does what the test says, packet by packet.

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5::{ConnAck, ConnectReturnCode, Publish, SubAck, SubscribeReasonCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::broker::{BrokerConfig, BrokerLink, LinkState};

struct FakeBroker {
    listener: TcpListener,
}

struct Connection {
    socket: TcpStream,
    incoming: BytesMut,
}

impl FakeBroker {
    async fn new() -> FakeBroker {
        FakeBroker { listener: TcpListener::bind("127.0.0.1:0").await.expect("a free port") }
    }

    fn config(&self) -> BrokerConfig {
        let port = self.listener.local_addr().expect("bound").port();
        let mut config = BrokerConfig::new("127.0.0.1", port, "davy");
        config.retry_min = Duration::from_millis(10);
        config.retry_max = Duration::from_millis(50);
        config
    }

    /// Lets the next connection in, and answers its subscription.
    async fn accept(&self, session_present: bool, granted: SubscribeReasonCode) -> Connection {
        let accepted = timeout(DEADLINE, self.listener.accept()).await.expect("in time");
        let (socket, _) = accepted.expect("a connection");
        let mut connection = Connection { socket, incoming: BytesMut::new() };
        let Packet::Connect(connect, ..) = connection.next().await else { panic!("no CONNECT") };
        assert!(!connect.clean_start);
        let code = ConnectReturnCode::Success;
        connection.send(&[Packet::ConnAck(ConnAck { session_present, code, properties: None })]).await;
        let Packet::Subscribe(subscribe) = connection.next().await else { panic!("no SUBSCRIBE") };
        let return_codes = vec![granted; subscribe.filters.len()];
        let suback = SubAck { pkid: subscribe.pkid, return_codes, properties: None };
        connection.send(&[Packet::SubAck(suback)]).await;
        connection
    }
}

impl Connection {
    async fn next(&mut self) -> Packet {
        loop {
            if let Ok(packet) = Packet::read(&mut self.incoming, None) {
                return packet;
            }
            let read = timeout(DEADLINE, self.socket.read_buf(&mut self.incoming)).await;
            assert_ne!(read.expect("in time").expect("readable"), 0, "the link closed");
        }
    }

    async fn send(&mut self, packets: &[Packet]) {
        let mut bytes = BytesMut::new();
        for packet in packets {
            packet.write(&mut bytes, None).expect("a good packet");
        }
        self.socket.write_all(&bytes).await.expect("writable");
    }

    async fn closed(&mut self) {
        let read =
            async { while self.socket.read_buf(&mut self.incoming).await.is_ok_and(|read| read > 0) {} };
        timeout(DEADLINE, read).await.expect("the link closes");
    }

    async fn packet_ids(&mut self, count: usize) -> Vec<u16> {
        let mut ids = Vec::new();
        while ids.len() < count {
            match self.next().await {
                Packet::PubAck(puback) => ids.push(puback.pkid),
                Packet::PingReq(_) | Packet::Publish(_) => {}
                other => panic!("not a PUBACK: {other:?}"),
            }
        }
        ids
    }
}

const GRANTED: SubscribeReasonCode = SubscribeReasonCode::Success(QoS::AtLeastOnce);

fn message(packet_id: u16, seq: u64, dup: bool) -> Packet {
    let payload = format!(r#"{{"seq":{seq},"values":{{"AT-1/h2s":{seq}}}}}"#);
    let mut publish = Publish::new(READINGS, QoS::AtLeastOnce, payload, None);
    publish.pkid = packet_id;
    publish.dup = dup;
    Packet::Publish(publish)
}

#[tokio::test]
async fn pubacks_go_out_in_receive_order_whatever_the_order_of_commits() {
    let broker = FakeBroker::new().await;
    let mut setting = Setting::new(1 << 20);
    let _link = BrokerLink::start(broker.config(), &setting.intake);
    let mut connection = broker.accept(false, GRANTED).await;
    let mut parcels = Vec::new();
    for (packet_id, seq) in [(9, 1), (4, 2), (7, 3)] {
        connection.send(&[message(packet_id, seq, false)]).await;
        parcels.push(setting.writer.readings().await.0);
    }
    for place in [2, 0, 0] {
        parcels.remove(place).committed();
    }
    assert_eq!(connection.packet_ids(3).await, [9, 4, 7]);
}

#[tokio::test]
async fn acknowledgements_of_a_lost_connection_are_not_sent_on_the_next() {
    let broker = FakeBroker::new().await;
    let mut setting = Setting::new(1 << 20);
    let link = BrokerLink::start(broker.config(), &setting.intake);
    let mut connection = broker.accept(false, GRANTED).await;
    connection.send(&[message(1, 1, false)]).await;
    let (before, _) = setting.writer.readings().await;
    drop(connection);
    let mut connection = broker.accept(true, GRANTED).await;
    before.committed();
    // Sent again without DUP: its number tells that it is not new.
    connection.send(&[message(2, 1, false), message(3, 2, false), message(4, 9, true)]).await;
    let mut redelivered = Vec::new();
    while redelivered.len() < 3 {
        let (parcel, block) = setting.writer.readings().await;
        redelivered.extend(block.messages.iter().map(|head| head.redelivered));
        parcel.committed();
    }
    assert_eq!(redelivered, [true, false, true]);
    assert_eq!(connection.packet_ids(3).await, [2, 3, 4]);
    assert_eq!((link.stats().connections, link.stats().sessions_lost), (2, 0));
}

#[tokio::test]
async fn what_cannot_be_made_durable_is_asked_for_again() {
    let broker = FakeBroker::new().await;
    let mut setting = Setting::new(1 << 20);
    let link = BrokerLink::start(broker.config(), &setting.intake);
    let mut connection = broker.accept(false, GRANTED).await;
    connection.send(&[message(1, 1, false)]).await;
    drop(setting.writer.readings().await);
    connection.closed().await;
    let mut connection = broker.accept(false, GRANTED).await;
    connection.send(&[message(1, 1, true)]).await;
    setting.writer.readings().await.0.committed();
    assert_eq!(connection.packet_ids(1).await, [1]);
    assert_eq!(link.stats().sessions_lost, 1, "the broker did not know the session any more");
}

#[tokio::test]
async fn a_refused_subscription_is_an_error_and_is_tried_again() {
    let broker = FakeBroker::new().await;
    let setting = Setting::new(1 << 20);
    let link = BrokerLink::start(broker.config(), &setting.intake);
    let mut refused = broker.accept(false, SubscribeReasonCode::NotAuthorized).await;
    refused.closed().await;
    until(
        "it says why",
        || matches!(link.state(), LinkState::Lost { why, .. } if why.contains("davy/v1/park/+/readings")),
    )
    .await;
    let _connection = broker.accept(false, GRANTED).await;
    until("it is granted", || matches!(link.state(), LinkState::Subscribed { .. })).await;
}

#[tokio::test]
async fn a_silent_broker_is_left_and_a_broken_one_too() {
    let broker = FakeBroker::new().await;
    let setting = Setting::new(1 << 20);
    let mut config = broker.config();
    config.keep_alive = Duration::from_secs(1);
    let link = BrokerLink::start(config, &setting.intake);
    let mut silent = broker.accept(false, GRANTED).await;
    silent.closed().await;
    let mut broken = broker.accept(true, GRANTED).await;
    broken.socket.write_all(&[0xff; 64]).await.expect("writable");
    broken.closed().await;
    let _connection = broker.accept(true, GRANTED).await;
    until("it stands again", || matches!(link.state(), LinkState::Subscribed { .. })).await;
}

#[tokio::test]
async fn a_stopped_link_acknowledges_what_is_durable_and_says_goodbye() {
    let broker = FakeBroker::new().await;
    let mut setting = Setting::new(1 << 20);
    let link = BrokerLink::start(broker.config(), &setting.intake);
    let mut connection = broker.accept(false, GRANTED).await;
    connection.send(&[message(1, 1, false), message(2, 2, false)]).await;
    let mut taken = 0;
    while taken < 2 {
        let (parcel, block) = setting.writer.readings().await;
        taken += block.messages.len();
        parcel.committed();
    }
    let stop = tokio::spawn(link.stop(DEADLINE));
    assert_eq!(connection.packet_ids(2).await, [1, 2]);
    connection.closed().await;
    stop.await.expect("it stops");
}
