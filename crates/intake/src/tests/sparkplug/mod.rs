//! Davy as a Sparkplug host: edge nodes at the door and by way of a broker.

mod again;
mod broker;
mod door;
#[path = "../../../../codec/tests/support/sparkplug.rs"]
mod edge_node;
mod host;
mod tck;

use std::sync::atomic::{AtomicI64, Ordering};

use davy_codec::sparkplug::Verb;
use davy_model::{NodeChange, SourceForm, Timestamp};

use super::*;
use crate::directory::Keeping;
use crate::sparkplug::SparkplugConfig;
use crate::testing::{park, tag};
use crate::{DoorIntake, Inbox};
use edge_node::{EdgeNode, Metric, Sent, aliased, by_name, named};

const STATE: &str = "spBv1.0/STATE/davy";
const NCMD: &str = "spBv1.0/plant/NCMD/gw-1";

/// `park`, which listens to the group `plant`, and a clock that the test moves.
pub(super) struct Stage {
    pub(super) intake: Arc<Intake>,
    pub(super) door: Arc<SiteDoor>,
    writer: Writer,
    now_us: Arc<AtomicI64>,
    watch: JoinHandle<()>,
}

impl Stage {
    pub(super) fn new() -> Stage {
        let mut site = park();
        site.tags.push(tag("gas-01/ch4", "gas.ch4", "%LEL"));
        site.tags.push(tag("volt", "level", "m"));
        site.tags.sort_by(|a, b| a.name.cmp(&b.name));
        let form = SourceForm::Sparkplug {
            group: "plant".into(),
            edge_nodes: vec![("Node-2".into(), "gw-2".into())],
        };
        site.sources = vec![davy_model::Source { form, topic: None, edge_node: None }];
        let (inbox, receiver) = Inbox::new(1 << 20);
        let door = SiteDoor::new(Arc::new(site), "rev-1".into(), Arc::from([]), inbox, Keeping::default());
        let door = Arc::new(door);
        let now_us = Arc::new(AtomicI64::new(NOW.as_micros()));
        let lent = Arc::clone(&now_us);
        let clock = Arc::new(move || Timestamp::from_micros(lent.load(Ordering::Relaxed)));
        let intake = Intake::with_sparkplug(
            Directory::new([Arc::clone(&door)]),
            clock,
            PAYLOAD_BYTES_MAX,
            SparkplugConfig::default(),
        );
        let watched = Arc::clone(&intake);
        let watch = tokio::spawn(async move { watched.watch_sparkplug().await });
        Stage { intake, door, writer: Writer(receiver), now_us, watch }
    }

    fn pass(&self, ms: i64) {
        self.now_us.fetch_add(ms * 1000, Ordering::Relaxed);
    }

    /// The next inputs of the site, in words: `online`, `lost`, `gas-01/ch4=0.5`, `!` behind a bad one. An edge
    /// node that is heard for the first time is `lost` first: what it had said before Davy's time holds no more.
    async fn told(&mut self, count: usize) -> Vec<String> {
        let mut told = Vec::new();
        while told.len() < count {
            let parcel = self.writer.next().await;
            match &parcel.input {
                Input::Node { change, .. } => told.push(format!("{change:?}").to_lowercase()),
                Input::Readings(block) => told.extend(block.readings.iter().map(|reading| {
                    let bad = if reading.quality.is_evidence() { "" } else { "!" };
                    format!("{}={}{bad}", self.door.site.tag(reading.tag).name, reading.value)
                })),
                other => panic!("not of an edge node: {other:?}"),
            }
            parcel.committed();
        }
        told
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// Where an edge node of this id says that.
fn topic_of(id: &str, sent: &Sent) -> String {
    let verb = sent.verb.word();
    match &sent.device {
        None => format!("spBv1.0/plant/{verb}/{id}"),
        Some(device) => format!("spBv1.0/plant/{verb}/{id}/{device}"),
    }
}

impl Gateway {
    async fn say(&self, sent: &Sent) {
        let qos = if sent.verb == Verb::NodeDeath { QoS::AtLeastOnce } else { QoS::AtMostOnce };
        let topic = topic_of("gw-1", sent);
        self.client.publish(topic, qos, false, sent.payload.clone()).await.expect("the client runs");
    }

    /// Waits for a message of that topic.
    async fn heard(&mut self, topic: &str) -> rumqttc::v5::mqttbytes::v5::Publish {
        self.hear(|packet| match packet {
            Packet::Publish(publish) if publish.topic == topic.as_bytes() => Some(publish.clone()),
            _ => None,
        })
        .await
    }
}

/// An edge node as the specification has it: its will is its NDEATH, and it listens for commands and for its host.
async fn edge(node: &EdgeNode, port: u16) -> Gateway {
    let death = node.ndeath();
    let mut options = options("edge-gw-1", port);
    let will = rumqttc::v5::mqttbytes::v5::LastWill::new(
        topic_of("gw-1", &death),
        death.payload.clone(),
        QoS::AtLeastOnce,
        false,
        None,
    );
    options.set_last_will(will);
    let mut gateway = Gateway::connect(options).await;
    for filter in [NCMD, STATE] {
        gateway.client.subscribe(filter, QoS::AtLeastOnce).await.expect("the client runs");
        gateway.hear(|packet| matches!(packet, Packet::SubAck(_)).then_some(())).await;
    }
    gateway
}

fn births(node: &mut EdgeNode) -> [Sent; 2] {
    [node.nbirth(vec![named("volt", 1, 12.0)]), node.dbirth("gas-01", vec![named("ch4", 2, 0.5)])]
}

/// The clock of the edge node, ms: a little behind Davy's.
fn edge_node() -> EdgeNode {
    EdgeNode::new(NOW.as_micros().unsigned_abs() / 1000 - 1000)
}

fn ch4(value: f64) -> Vec<Metric> {
    vec![aliased(2, value)]
}

fn is(change: NodeChange) -> String {
    format!("{change:?}").to_lowercase()
}
