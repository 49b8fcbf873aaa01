//! An edge node against a real broker: what it says, and what it listens to.

mod common;

use common::{Broker, PATIENCE};
use davy_simulators::sparkplug::{Act, EdgeNode, EdgeNodeConfig, EdgeNodeError, Standing};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// `Node Control/Rebirth` = true, as chapter 6 has it on the wire.
const REBIRTH: &[u8] = b"\x12\x1a\x0a\x14Node Control/Rebirth\x20\x0b\x70\x01";
const STATE: &str = "spBv1.0/STATE/host-1";

/// A host, as far as it listens and commands.
struct Host {
    client: AsyncClient,
    heard: mpsc::UnboundedReceiver<(String, Vec<u8>)>,
}

impl Host {
    async fn connect(broker: &Broker) -> Host {
        let (client, mut events) =
            AsyncClient::new(MqttOptions::new("host-1", "127.0.0.1", broker.port), 100);
        client.try_subscribe("spBv1.0/plant/#", QoS::AtLeastOnce).expect("room");
        let (tell, heard) = mpsc::unbounded_channel();
        let (ready, mut is_ready) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Ok(event) = events.poll().await {
                match event {
                    Event::Incoming(Packet::SubAck(_)) => drop(ready.try_send(())),
                    Event::Incoming(Packet::Publish(publish)) if !publish.topic.contains("/NCMD/") => {
                        let _ = tell.send((publish.topic, publish.payload.to_vec()));
                    }
                    _ => {}
                }
            }
        });
        timeout(PATIENCE, is_ready.recv()).await.expect("subscribed");
        Host { client, heard }
    }

    /// The next message: its verb, and its device where it has one.
    async fn next(&mut self) -> String {
        self.next_whole().await.0
    }

    async fn next_whole(&mut self) -> (String, Vec<u8>) {
        let (topic, payload) =
            timeout(PATIENCE, self.heard.recv()).await.expect("a message").expect("it listens");
        let levels: Vec<&str> = topic.split('/').skip(2).collect();
        assert_eq!(levels[1], "gw-1", "{topic}");
        let rest = levels.get(2).map(|device| format!(" {device}")).unwrap_or_default();
        (format!("{}{rest}", levels[0]), payload)
    }

    async fn say(&self, topic: &str, payload: impl Into<Vec<u8>>) {
        let retain = topic == STATE;
        self.client.publish(topic, QoS::AtLeastOnce, retain, payload.into()).await.expect("the client runs");
    }
}

fn config(broker: &Broker) -> EdgeNodeConfig {
    let metrics = ["volt=12", "gas-01/ch4=0.5:%LEL", "gas-02/ch4=0.5:%LEL"];
    let metrics = metrics.map(|text| text.parse().expect("a metric")).to_vec();
    EdgeNodeConfig::new(broker.url(), "plant", "gw-1", metrics).expect("names")
}

fn set(metric: &str, value: f64) -> Act {
    Act::Set { metric: metric.to_owned(), value }
}

#[tokio::test]
async fn it_is_born_says_what_changes_is_born_again_when_asked_and_leaves_a_will() {
    let Some(broker) = Broker::start().await else { return };
    let mut host = Host::connect(&broker).await;
    let node = EdgeNode::start(config(&broker));
    for want in ["NBIRTH", "DBIRTH gas-01", "DBIRTH gas-02"] {
        assert_eq!(host.next().await, want);
    }
    for (metric, value) in [("gas-01/ch4", 0.6), ("gas-01/ch4", 0.6), ("volt", 12.5)] {
        node.act(set(metric, value)).await.expect("connected");
    }
    assert_eq!(host.next().await, "DDATA gas-01");
    assert_eq!(host.next().await, "NDATA", "the same again is not said");
    assert_eq!(node.act(set("gas-09/ch4", 1.0)).await, Err(EdgeNodeError::NoMetric("gas-09/ch4".to_owned())));
    node.act(Act::DeviceDeath("gas-02".to_owned())).await.expect("connected");
    assert_eq!(host.next().await, "DDEATH gas-02");
    host.say("spBv1.0/plant/NCMD/gw-1", REBIRTH).await;
    assert_eq!(host.next().await, "NBIRTH");
    assert_eq!(host.next().await, "DBIRTH gas-01", "a device that is gone is not born by itself");

    let before = node.seen();
    assert_eq!((before.births, before.rebirths, before.sessions), (2, 1, 1));
    node.act(Act::Cut).await.expect("connected");
    let (verb, will) = host.next_whole().await;
    assert_eq!(verb, "NDEATH");
    assert!(will.ends_with(&varint_field(0x58, before.bd_seq)), "{will:02x?}: bdSeq {}", before.bd_seq);
    assert_eq!(node.act(Act::Births).await, Err(EdgeNodeError::NotConnected));
    node.act(Act::Restore).await.expect("cut");
    assert_eq!(host.next().await, "NBIRTH");
    assert_eq!(node.seen().bd_seq, before.bd_seq.wrapping_add(1));
    assert_eq!(host.next().await, "DBIRTH gas-01");
    node.stop(PATIENCE).await;
    assert_eq!(host.next().await, "NDEATH", "a goodbye takes the will back, so it says so itself");
}

/// A field of a key of one byte, with a number.
fn varint_field(key: u8, value: u8) -> Vec<u8> {
    if value < 128 { vec![key, value] } else { vec![key, value, 1] }
}

#[tokio::test]
async fn births_wait_for_the_primary_host_and_end_with_it() {
    let Some(broker) = Broker::start().await else { return };
    let mut host = Host::connect(&broker).await;
    host.say(STATE, r#"{"online":false,"timestamp":1000}"#).await;
    let node = EdgeNode::start(config(&broker).waiting_for("host-1").expect("a name"));
    let waits = async |what: &str, standing: Standing| {
        node.until(PATIENCE, |seen| seen.standing == standing)
            .await
            .unwrap_or_else(|| panic!("{what}: {:?}", node.seen()))
    };
    assert_eq!(waits("the host is away", Standing::WaitingForHost).await.births, 0);
    host.say(STATE, r#"{"online":true,"timestamp":2000}"#).await;
    assert_eq!(host.next().await, "NBIRTH");
    waits("the host is there", Standing::Born).await;
    // What is older than what is known says nothing.
    host.say(STATE, r#"{"online":false,"timestamp":1500}"#).await;
    host.say("spBv1.0/plant/NCMD/gw-1", REBIRTH).await;
    for want in ["DBIRTH gas-01", "DBIRTH gas-02", "NBIRTH", "DBIRTH gas-01", "DBIRTH gas-02"] {
        assert_eq!(host.next().await, want);
    }
    host.say(STATE, r#"{"online":false,"timestamp":3000}"#).await;
    assert_eq!(host.next().await, "NDEATH");
    assert_eq!(waits("the host is gone", Standing::WaitingForHost).await.births, 2);
}
