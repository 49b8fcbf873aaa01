//! A broker has what it acknowledged: transitions, and how each alarm stands.

use std::{sync::Arc, time::Duration};

use bytes::BytesMut;
use davy_delivery::exits::{Exit, Mqtt, MqttConfig, Notice, Outcome};
use davy_model::{Condition, Tier};
use davy_proto::alert_of;
use parking_lot::Mutex;
use rumqttc::v5::mqttbytes::{
    Error,
    v5::{ConnAck, ConnectReturnCode, Packet, PubAck, PubAckReason},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::plant::transition;

/// How a broker answers publishes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Broker {
    Acknowledges(PubAckReason),
    RefusesConnections,
    SaysNothing,
    HangsUp,
}

/// A message: its topic, its payload, whether it is to be kept.
type Said = (String, String, bool);

/// How a broker does now, and what it was told.
#[derive(Clone)]
pub(crate) struct Book(Arc<Mutex<(Broker, Vec<Said>)>>);

impl Book {
    pub(crate) fn does(&self, how: Broker) {
        self.0.lock().0 = how;
    }

    pub(crate) fn said(&self) -> Vec<Said> {
        self.0.lock().1.clone()
    }
}

pub(crate) async fn broker(how: Broker) -> (u16, Book) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let book = Book(Arc::new(Mutex::new((how, Vec::new()))));
    let (port, of_task) = (listener.local_addr().unwrap().port(), book.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, of_task.clone()));
        }
    });
    (port, book)
}

async fn serve(mut stream: TcpStream, book: Book) {
    let mut incoming = BytesMut::new();
    loop {
        let how = book.0.lock().0;
        let answer = match Packet::read(&mut incoming, None) {
            Ok(Packet::Connect(..)) => {
                let code = match how {
                    Broker::RefusesConnections => ConnectReturnCode::NotAuthorized,
                    _ => ConnectReturnCode::Success,
                };
                Some(Packet::ConnAck(ConnAck { session_present: false, code, properties: None }))
            }
            Ok(Packet::Publish(publish)) => {
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                book.0.lock().1.push((text(&publish.topic), text(&publish.payload), publish.retain));
                match how {
                    Broker::Acknowledges(reason) => {
                        Some(Packet::PubAck(PubAck { pkid: publish.pkid, reason, properties: None }))
                    }
                    Broker::HangsUp => return,
                    Broker::RefusesConnections | Broker::SaysNothing => None,
                }
            }
            Ok(_) => None,
            Err(Error::InsufficientBytes(_)) => {
                if stream.read_buf(&mut incoming).await.unwrap_or(0) == 0 {
                    return;
                }
                None
            }
            Err(_) => return,
        };
        if let Some(answer) = answer {
            let mut outgoing = BytesMut::new();
            answer.write(&mut outgoing, None).unwrap();
            if stream.write_all(&outgoing).await.is_err() {
                return;
            }
        }
    }
}

pub(crate) fn way(port: u16) -> Mqtt {
    Mqtt::new(MqttConfig {
        host: "127.0.0.1".to_owned(),
        port,
        tls: None,
        client_id: "davy-exit-desk".to_owned(),
        login: None,
        prefix: "davy/v1".to_owned(),
        timeout: Duration::from_millis(400),
    })
}

pub(crate) fn notice(condition: Condition) -> Notice {
    let mut alarm = transition(1, Tier::Red);
    alarm.facts.condition = condition;
    alarm.facts.acknowledged = condition == Condition::Normal;
    Notice::Alert(Box::new(alert_of(&alarm, true)))
}

#[tokio::test]
async fn what_stands_is_kept_by_the_broker_and_what_is_over_is_not() {
    let (port, broker) = broker(Broker::Acknowledges(PubAckReason::Success)).await;
    let mut way = way(port);
    for condition in [Condition::Active, Condition::Normal] {
        let outcome = way.deliver(&notice(condition)).await;
        assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
    }
    let said = broker.said();
    let (alarms, states) = ("davy/v1/park/alarms/red", "davy/v1/park/states/park:h2s:AT-0412%2Fh2s");
    let topics: Vec<(&str, bool, bool)> =
        said.iter().map(|(topic, payload, retain)| (topic.as_str(), payload.is_empty(), *retain)).collect();
    assert_eq!(
        topics,
        [(alarms, false, false), (states, false, true), (alarms, false, false), (states, true, true)]
    );
}

#[tokio::test]
async fn only_a_puback_is_a_delivery() {
    for (how, is_refused) in [
        (Broker::Acknowledges(PubAckReason::NotAuthorized), false),
        (Broker::Acknowledges(PubAckReason::QuotaExceeded), false),
        (Broker::Acknowledges(PubAckReason::PayloadFormatInvalid), true),
        (Broker::RefusesConnections, false),
        (Broker::SaysNothing, false),
        (Broker::HangsUp, false),
    ] {
        let (port, _) = broker(how).await;
        let outcome = way(port).deliver(&notice(Condition::Active)).await;
        let is_as_due = match &outcome {
            Outcome::Refused(_) => is_refused,
            Outcome::Again { .. } => !is_refused,
            Outcome::Delivered(_) | Outcome::Gone(_) => false,
        };
        assert!(is_as_due, "{how:?}: {outcome:?}");
    }
}
