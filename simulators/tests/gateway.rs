//! A gateway against a real broker.

mod common;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use common::acker::{Acker, Manner};
use common::{Broker, Heard, PATIENCE, next};
use davy_simulators::{BrokerUrl, Gateway, GatewayConfig, GatewayError, Link};

fn config(broker: &Broker) -> GatewayConfig {
    let mut config = GatewayConfig::new(broker.url(), "park", "gw-1").expect("names");
    config.reconnect_delay = (Duration::from_millis(20), Duration::from_millis(200));
    config
}

fn numbered(number: u32) -> Bytes {
    format!(r#"{{"seq":{number},"readings":[]}}"#).into()
}

fn number(heard: &Heard) -> Option<u32> {
    let document: serde_json::Value = serde_json::from_str(&heard.payload).expect("JSON");
    heard.topic.ends_with("/readings").then(|| document["seq"].as_u64()).flatten().map(|seq| seq as u32)
}

fn status(heard: &Heard) -> Option<bool> {
    let document: serde_json::Value = serde_json::from_str(&heard.payload).expect("JSON");
    (heard.topic == "davy/v1/park/gw-1/status").then(|| document["online"].as_bool()).flatten()
}

#[tokio::test]
async fn it_is_born_is_cut_off_and_comes_back() {
    let Some(broker) = Broker::start().await else { return };
    let mut heard = broker.listen().await;
    let gateway = Gateway::connect(config(&broker));
    assert!(next(&mut heard, status).await, "born");
    gateway.cut();
    assert!(!next(&mut heard, status).await, "the last will");
    assert_eq!(gateway.link(), Link::Cut);
    gateway.restore();
    assert!(next(&mut heard, status).await, "born again");
    let report = gateway.stop(PATIENCE).await;
    assert_eq!((report.unacknowledged, report.counts.connections), (0, 2));
    // A clean goodbye leaves no last will: the next thing heard is the next birth.
    let again = Gateway::connect(config(&broker));
    assert!(next(&mut heard, status).await, "no last will after a goodbye");
    drop(again);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_dies_and_forgets_loses_nothing_of_the_outbox() {
    const MESSAGES: u32 = 20_000;
    let Some(mut broker) = Broker::start().await else { return };
    let mut heard = broker.listen().await;
    let gateway = Gateway::connect(config(&broker));
    gateway.online(PATIENCE).await.expect("online");
    let publisher = async {
        for n in 0..MESSAGES {
            gateway.publish(numbered(n)).await.expect("running");
        }
    };
    let killer = async {
        for share in [4, 2] {
            while gateway.counts().acknowledged < u64::from(MESSAGES / share) {
                tokio::task::yield_now().await;
            }
            broker.restart().await;
        }
    };
    let both = async { tokio::join!(publisher, killer) };
    tokio::time::timeout(PATIENCE * 2, both)
        .await
        .expect("nothing is lost, so all is acknowledged in the end");
    assert!(gateway.drained(PATIENCE).await);
    let counts = gateway.counts();
    assert_eq!((counts.taken, counts.sent, counts.acknowledged), (20_000, 20_000, 20_000), "{counts:?}");
    assert!(counts.connections >= 3, "{counts:?}");
    // What was acknowledged before a kill may have died in the broker before the listener had it. What was not, may not be
    // missing: the last messages all were in flight or behind.
    let mut seen = BTreeSet::new();
    while !seen.contains(&(MESSAGES - 1)) {
        seen.insert(next(&mut heard, number).await);
    }
    assert!((MESSAGES / 2 + 5_000..MESSAGES).all(|n| seen.contains(&n)));
    gateway.stop(PATIENCE).await;
}

#[tokio::test]
async fn what_a_cut_gateway_holds_goes_out_in_order_and_the_outbox_is_bounded() {
    let Some(broker) = Broker::start().await else { return };
    let mut heard = broker.listen().await;
    let mut config = config(&broker);
    config.outbox_len_max = 50;
    let gateway = Gateway::connect(config);
    gateway.online(PATIENCE).await.expect("online");
    gateway.cut();
    while gateway.link() != Link::Cut {
        tokio::task::yield_now().await;
    }
    for n in 0..50 {
        gateway.publish(numbered(n)).await.expect("room");
    }
    let one_more = tokio::time::timeout(Duration::from_millis(50), gateway.publish(numbered(50))).await;
    assert!(one_more.is_err(), "the outbox is full, so it waits");
    gateway.restore();
    for n in 0..50 {
        assert_eq!(next(&mut heard, number).await, n);
    }
    assert_eq!(gateway.stop(Duration::from_secs(5)).await.counts.acknowledged, 50);
}

#[tokio::test]
async fn feedback_is_heard_and_counted() {
    let Some(broker) = Broker::start().await else { return };
    let gateway = Gateway::connect(config(&broker));
    gateway.online(PATIENCE).await.expect("online");
    gateway.publish(numbered(1)).await.expect("running");
    // Its subscription is older than this acknowledgement.
    assert!(gateway.drained(PATIENCE).await);
    let options = rumqttc::MqttOptions::new("davy", "127.0.0.1", broker.port);
    let (client, mut events) = rumqttc::AsyncClient::new(options, 10);
    let answer =
        r#"{"accepted": 3, "rejected": 2, "problems": [{"tag": "TK-999/level", "code": "UNKNOWN_TAG"}]}"#;
    client.try_publish("davy/v1/park/gw-1/feedback", rumqttc::QoS::AtLeastOnce, false, answer).expect("room");
    let poll = tokio::spawn(async move { while events.poll().await.is_ok() {} });
    assert!(gateway.answered(5, PATIENCE).await);
    let counts = gateway.counts();
    assert_eq!((counts.accepted, counts.rejected, counts.problems.len()), (3, 2, 1));
    poll.abort();
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_named() {
    let url: BrokerUrl = "mqtt://127.0.0.1:1".parse().expect("a URL");
    let gateway = Gateway::connect(GatewayConfig::new(url, "park", "gw-1").expect("names"));
    let error = gateway.online(Duration::from_millis(300)).await.expect_err("nobody listens on port 1");
    assert!(matches!(error, GatewayError::NotOnline { .. }));
    let text = error.to_string();
    assert!(text.contains("mqtt://127.0.0.1:1") && text.contains("refused"), "{text}");
    let report = gateway.stop(Duration::from_millis(50)).await;
    assert_eq!(report.unacknowledged, 0);
}

#[tokio::test]
async fn a_broker_that_stops_acknowledging_is_left_and_gets_everything_again() {
    let acker = Acker::start(&[Manner::Silent, Manner::Silent]).await;
    let mut config = GatewayConfig::new(acker.url.clone(), "park", "gw-1").expect("names");
    config.reconnect_delay = (Duration::from_millis(20), Duration::from_millis(100));
    config.ack_timeout = Duration::from_millis(200);
    let gateway = Gateway::connect(config);
    for n in 0..10 {
        gateway.publish(numbered(n)).await.expect("running");
    }
    assert!(gateway.drained(PATIENCE).await);
    let counts = gateway.stop(PATIENCE).await.counts;
    assert_eq!(
        (counts.sent, counts.resent, counts.acknowledged, acker.connections()),
        (10, 20, 10, 3),
        "{counts:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledgements_out_of_order_free_what_they_name() {
    let acker = Acker::start(&[Manner::Backwards]).await;
    let mut config = GatewayConfig::new(acker.url.clone(), "park", "gw-1").expect("names");
    config.in_flight_max = 20;
    let gateway = Gateway::connect(config);
    for n in 0..5_000 {
        gateway.publish(numbered(n)).await.expect("running");
    }
    assert!(gateway.drained(PATIENCE).await);
    let counts = gateway.stop(PATIENCE).await.counts;
    assert_eq!((counts.sent, counts.resent, counts.acknowledged), (5_000, 0, 5_000), "{counts:?}");
}

/// Prints how fast one gateway is here, against a server that only acknowledges; a figure of the machine, not asserted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_fast() {
    const MESSAGES: u32 = 100_000;
    let acker = Acker::start(&[]).await;
    let gateway = Gateway::connect(GatewayConfig::new(acker.url.clone(), "park", "gw-1").expect("names"));
    gateway.online(PATIENCE).await.expect("online");
    let started = Instant::now();
    for n in 0..MESSAGES {
        gateway.publish(numbered(n)).await.expect("running");
    }
    assert!(gateway.drained(PATIENCE).await);
    println!("{:.0} messages/s", f64::from(MESSAGES) / started.elapsed().as_secs_f64());
    let counts = gateway.stop(PATIENCE).await.counts;
    assert_eq!((counts.acknowledged, counts.resent), (u64::from(MESSAGES), 0));
}
