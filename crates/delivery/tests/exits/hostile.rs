//! A broker that lies to the exit in every way a broker can: nothing counts as delivered, the exit says why, and an honest broker gets
//! the alert afterwards.

use std::{sync::Arc, time::Duration};

use bytes::BytesMut;
use davy_delivery::exits::{Exit, Mqtt, MqttConfig, Outcome};
use davy_model::Condition;
use parking_lot::Mutex;
use rumqttc::v5::mqttbytes::{
    QoS,
    v5::{
        ConnAck, ConnAckProperties, ConnectReturnCode, Disconnect, DisconnectReasonCode, Packet, PubAck,
        PubAckReason, PubRec, Publish,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::mqtt::notice;

/// What it says to CONNECT, and what to the first PUBLISH; then it is silent, or closes.
#[derive(Clone)]
struct Script {
    greeting: Vec<u8>,
    answer: Vec<u8>,
    closes: bool,
}

fn bytes_of(packets: &[Packet]) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    for packet in packets {
        packet.write(&mut bytes, None).unwrap();
    }
    bytes.to_vec()
}

fn connack(code: ConnectReturnCode, change: impl FnOnce(&mut ConnAckProperties)) -> ConnAck {
    let mut terms = ConnAckProperties {
        session_expiry_interval: None,
        receive_max: None,
        max_qos: None,
        retain_available: None,
        max_packet_size: None,
        assigned_client_identifier: None,
        topic_alias_max: None,
        reason_string: None,
        user_properties: Vec::new(),
        wildcard_subscription_available: None,
        subscription_identifiers_available: None,
        shared_subscription_available: None,
        server_keep_alive: None,
        response_information: None,
        server_reference: None,
        authentication_method: None,
        authentication_data: None,
    };
    change(&mut terms);
    ConnAck { session_present: false, code, properties: Some(terms) }
}

fn welcome(change: impl FnOnce(&mut ConnAckProperties)) -> Vec<u8> {
    bytes_of(&[Packet::ConnAck(connack(ConnectReturnCode::Success, change))])
}

fn greets(greeting: Vec<u8>) -> Script {
    Script { greeting, answer: Vec::new(), closes: false }
}

fn answers(packets: &[Packet]) -> Script {
    Script { answer: bytes_of(packets), ..greets(welcome(|_| {})) }
}

fn sends(bytes: &[u8]) -> Script {
    Script { answer: bytes.to_vec(), ..greets(welcome(|_| {})) }
}

type Heard = Arc<Mutex<Vec<u16>>>;

/// Does as the scripts say, a connection each; takes everything after them. Keeps the ids of the last connection's publishes.
async fn broker(scripts: Vec<Script>) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, heard) = (listener.local_addr().unwrap().port(), Heard::default());
    let book = Arc::clone(&heard);
    tokio::spawn(async move {
        let mut scripts = scripts.into_iter();
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, scripts.next(), Arc::clone(&book)));
        }
    });
    (port, heard)
}

async fn serve(mut stream: TcpStream, script: Option<Script>, heard: Heard) -> Option<()> {
    heard.lock().clear();
    let mut incoming = BytesMut::new();
    loop {
        let answer = match (Packet::read(&mut incoming, None), &script) {
            (Ok(Packet::Connect(..)), Some(script)) => script.greeting.clone(),
            (Ok(Packet::Connect(..)), None) => welcome(|_| {}),
            (Ok(Packet::Publish(publish)), script) => {
                let is_first = heard.lock().is_empty();
                heard.lock().push(publish.pkid);
                match script {
                    Some(script) if is_first => script.answer.clone(),
                    Some(_) => continue,
                    None => bytes_of(&[Packet::PubAck(PubAck::new(publish.pkid, None))]),
                }
            }
            (Ok(_), _) => continue,
            (Err(_), _) if stream.read_buf(&mut incoming).await.ok()? == 0 => return None,
            (Err(_), _) => continue,
        };
        stream.write_all(&answer).await.ok()?;
        if script.as_ref().is_some_and(|script| script.closes) {
            return None;
        }
    }
}

fn way(port: u16, timeout: Duration) -> Mqtt {
    Mqtt::new(MqttConfig {
        host: "127.0.0.1".to_owned(),
        port,
        tls: None,
        client_id: "davy-exit-desk".to_owned(),
        login: None,
        prefix: "davy/v1".to_owned(),
        timeout,
    })
}

const NO_PUBACK: &str = "no PUBACK within";

type Lie = (&'static str, Script, &'static str);

fn at_the_door() -> Vec<Lie> {
    let refuses = |code, change: fn(&mut ConnAckProperties)| {
        greets(bytes_of(&[Packet::ConnAck(connack(code, change))]))
    };
    let elsewhere = |terms: &mut ConnAckProperties| terms.server_reference = Some("other.example".to_owned());
    let session = ConnAck { session_present: true, ..connack(ConnectReturnCode::Success, |_| {}) };
    vec![
        ("refuses", refuses(ConnectReturnCode::NotAuthorized, |_| {}), "NotAuthorized"),
        ("sends Davy elsewhere", refuses(ConnectReturnCode::UseAnotherServer, elsewhere), "other.example"),
        ("has a session", greets(bytes_of(&[Packet::ConnAck(session)])), "a new one was asked for"),
        ("takes no message", greets(welcome(|terms| terms.receive_max = Some(0))), "receive maximum of 0"),
        ("takes nothing", greets(welcome(|terms| terms.max_packet_size = Some(0))), "packet size of 0"),
        ("takes little", greets(welcome(|terms| terms.max_packet_size = Some(99))), "of 99 bytes at most"),
        ("acknowledges nothing", greets(welcome(|terms| terms.max_qos = Some(0))), "QoS 1 is needed"),
        ("keeps nothing", greets(welcome(|terms| terms.retain_available = Some(0))), "retained messages"),
        ("says another thing first", greets(bytes_of(&[Packet::PubAck(PubAck::new(1, None))])), "no CONNACK"),
        ("says half a CONNACK", greets(vec![0x20, 3, 0]), NO_PUBACK),
        (
            "leaves after half of it",
            Script { closes: true, ..greets(vec![0x20, 3, 0]) },
            "closes the connection",
        ),
        ("forgets the properties", greets(vec![0x20, 2, 0, 0]), "end missing"),
        ("refuses for no reason there is", greets(vec![0x20, 3, 0, 0x7f, 0]), "cannot be read"),
        ("rambles", greets(vec![0xff; 64]), "cannot be read"),
        ("says nothing", greets(Vec::new()), NO_PUBACK),
    ]
}

fn afterwards() -> Vec<Lie> {
    let puback = |pkid, reason| Packet::PubAck(PubAck { pkid, reason, properties: None });
    let good = |pkid| puback(pkid, PubAckReason::Success);
    let other = Publish::new("davy/v1/park/alarms/red", QoS::AtMostOnce, "{}", None);
    let goodbye = Packet::Disconnect(Disconnect::new(DisconnectReasonCode::ServerShuttingDown));
    vec![
        ("acknowledges one of two", answers(&[good(1)]), NO_PUBACK),
        ("acknowledges one twice", answers(&[good(1), good(1)]), NO_PUBACK),
        ("acknowledges one, and no id", answers(&[good(2), good(0), good(0)]), NO_PUBACK),
        ("acknowledges others", answers(&(3..1000).map(good).collect::<Vec<_>>()), NO_PUBACK),
        ("has a quota", answers(&[good(1), puback(2, PubAckReason::QuotaExceeded)]), "QuotaExceeded"),
        ("sends messages", answers(&[Packet::Publish(other)]), "nobody asked for"),
        ("speaks of QoS 2", answers(&[Packet::PubRec(PubRec::new(1, None))]), "nobody asked for"),
        ("says goodbye", answers(&[goodbye]), "ServerShuttingDown"),
        ("says goodbye in two bytes", sends(&[0xe0, 0]), "NormalDisconnection"),
        ("sends half a PUBACK", sends(&[0x40, 2, 0]), NO_PUBACK),
        ("sends a PUBACK of nothing", sends(&[0x40, 0]), "cannot be read"),
        ("gives a reason there is not", sends(&[0x40, 3, 0, 1, 0x55]), "cannot be read"),
        ("announces a packet that is too long", sends(&[0x30, 0xff, 0xff, 0xff, 0x7f]), "cannot be read"),
    ]
}

#[tokio::test]
async fn what_a_lying_broker_says_is_no_delivery_and_an_honest_one_has_it_afterwards() {
    for (what, script, why) in at_the_door().into_iter().chain(afterwards()) {
        let (port, heard) = broker(vec![script]).await;
        let patience = if why == NO_PUBACK { Duration::from_millis(300) } else { Duration::from_secs(30) };
        let outcome = way(port, patience).deliver(&notice(Condition::Active)).await;
        let Outcome::Again { why: told, .. } = &outcome else { panic!("{what}: {outcome:?}") };
        assert!(told.contains(why), "{what}: {told}");
        let outcome = way(port, Duration::from_secs(30)).deliver(&notice(Condition::Active)).await;
        assert!(matches!(outcome, Outcome::Delivered(_)), "{what}: {outcome:?}");
        assert_eq!(heard.lock().len(), 2, "{what}");
    }
}

#[tokio::test]
async fn a_broker_that_takes_one_message_at_a_time_is_told_one_at_a_time() {
    let one = Script {
        answer: bytes_of(&[Packet::PubAck(PubAck::new(1, None))]),
        ..greets(welcome(|terms| terms.receive_max = Some(1)))
    };
    // It acknowledges the first, and never the second; so it has heard both.
    let (port, heard) = broker(vec![one]).await;
    let outcome = way(port, Duration::from_millis(500)).deliver(&notice(Condition::Active)).await;
    assert!(matches!(outcome, Outcome::Again { .. }), "{outcome:?}");
    assert_eq!(*heard.lock(), [1, 2]);
    // This one acknowledges nothing, and has heard one.
    let none = greets(welcome(|terms| terms.receive_max = Some(1)));
    let (port, heard) = broker(vec![none]).await;
    let outcome = way(port, Duration::from_millis(500)).deliver(&notice(Condition::Active)).await;
    assert!(matches!(outcome, Outcome::Again { .. }), "{outcome:?}");
    assert_eq!(*heard.lock(), [1]);
}
