//! Sparkplug B: payloads by themselves, everything an edge node sends, topics, and what hosts say of themselves.

use std::{fs, time::Duration};

use davy_codec::{
    Metric, Rejection, Sink, Summary,
    sparkplug::{Host, Message, Session, Settings, SparkplugB, SparkplugTopic, Verb, decode_state},
};
use davy_model::NodeChange;
use davy_tests::shared;

use super::kept::{ARRIVAL, decode};
use crate::harness::{Gauge, Growth, Heap, Target, text};

#[path = "../../../../crates/codec/tests/support/sparkplug.rs"]
mod edge_node;

use edge_node::{EdgeNode, Sent, aliased, by_name, named, with_properties};

const WORDS: &[&str] = &[
    "\u{12}\0", "\u{a}\u{1}a", "\u{10}\u{1}", "\u{20}\u{a}", "\u{38}\u{1}", "\u{28}\u{1}", "\u{18}\u{0}", "\u{18}\u{1}", "\u{1a}\u{5}bdSeq", "Node Control/Rebirth", "engUnit", "Quality", "\u{4a}\0", "\u{8a}", "\u{b}", "\u{8}\u{1}",
];

/// One payload.
pub(crate) const PAYLOAD: Target = Target {
    name: "sparkplug",
    runs: 20_000,
    check: |gauge, input| drop(decode(gauge, &SparkplugB::default(), input)),
    seeds: || sent().into_iter().map(|sent| sent.payload).chain(real()).collect(),
    words: WORDS,
    growth: &[
        Growth { what: "metrics", make: |len| metrics(len, |n| named(&format!("m{n}"), n as u64, 1.0)) },
        Growth { what: "metrics of one name", make: |len| metrics(len, |n| named("m", n as u64, 1.0)) },
        Growth { what: "metrics by alias", make: |len| metrics(len, |n| aliased(n as u64, 1.0)) },
        Growth { what: "empty metrics", make: |len| b"\x12\x00".repeat(len / 2) },
        Growth { what: "properties", make: |len| metrics(len, |n| with_properties(named(&format!("m{n}"), None, 1.0), "ppm", Some(192))) },
        Growth { what: "unknown fields", make: |len| b"\x78\x01".repeat(len / 2) },
        Growth { what: "groups", make: |len| vec![0x0b; len] },
        Growth { what: "a body", make: |len| [b"\x2a\x80\x80\x0f".as_slice(), &vec![0; len]].concat() },
    ],
    // A birth's metrics are remembered: name, alias and type of each.
    heap: OF_A_BIRTH,
    ..Target::PLAIN
};

/// A metric that is remembered is more than one that is read.
const OF_A_BIRTH: Heap = Heap { times: 64, bytes: 256 * 1024 };

/// Messages of one edge node, each behind three bytes: verb, what arrives how, how long it is.
pub(crate) const SESSION: Target = Target {
    name: "sparkplug_session",
    runs: 6_000,
    check: check_session,
    seeds: || vec![joined(&sent()), joined(&sent()[..3]), joined(&sent().into_iter().rev().collect::<Vec<_>>())],
    words: WORDS,
    heap: OF_A_BIRTH,
    len_max: 8192,
    ..Target::PLAIN
};

pub(crate) const TOPIC: Target = Target {
    name: "sparkplug_topic",
    runs: 100_000,
    check: check_topic,
    seeds: || {
        let texts = ["spBv1.0/plant/NBIRTH/gw1", "spBv1.0/园区/DDATA/网关/一号", "spBv1.0/STATE/host", "spBv1.0/+/NDATA/#", "{\"online\":true,\"timestamp\":1795420800000}", "{\"online\":false,\"timestamp\":0}"];
        texts.map(|text| text.as_bytes().to_vec()).into()
    },
    words: &["spBv1.0", "/", "NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDATA", "STATE", "\"online\":", "\"timestamp\":", "true", "false", "+", "#"],
    ..Target::PLAIN
};

fn metrics(len: usize, metric: impl Fn(usize) -> edge_node::Metric) -> Vec<u8> {
    let mut node = EdgeNode::new(1_795_420_800_000);
    let one = node.clone().nbirth(vec![metric(1000), metric(1001)]).payload.len() - node.clone().nbirth(vec![metric(1000)]).payload.len();
    node.nbirth((0..len / one.max(1)).map(metric).collect()).payload
}

/// A life: birth, data, a device, death.
fn sent() -> Vec<Sent> {
    let mut node = EdgeNode::new(1_795_420_800_000);
    let mut sent = vec![
        node.nbirth(vec![with_properties(named("volt", 1, 12.0), "V", Some(192)), named("amp", 2, 1.0)]),
        node.ndata(vec![aliased(1, 13.0), by_name("amp", 2.0), aliased(9, 1.0)]),
        node.dbirth("d", vec![named("h2s", 3, 7.0)]),
        node.ndata(vec![aliased(3, 8.0)]),
    ];
    sent.push(node.ndeath());
    sent
}

fn real() -> Vec<Vec<u8>> {
    let names = ["our_dbirth_alias", "our_ddata_alias_only", "our_ddata_historical_null", "spec_ddata", "spec_nbirth", "spec_ncmd_rebirth"];
    names.iter().filter_map(|name| shared(&format!("payloads/sparkplug_b/{name}.bin"))).filter_map(|path| fs::read(path).ok()).collect()
}

const VERBS: [Verb; 8] = [
    Verb::NodeBirth, Verb::NodeDeath, Verb::NodeData, Verb::NodeCommand, Verb::DeviceBirth, Verb::DeviceDeath, Verb::DeviceData, Verb::DeviceCommand,
];

fn joined(all: &[Sent]) -> Vec<u8> {
    let one = |sent: &Sent| {
        let verb = VERBS.iter().position(|verb| *verb == sent.verb).expect("one of them") as u8;
        [&[verb, 0, u8::try_from(sent.payload.len()).expect("a short payload")][..], &sent.payload].concat()
    };
    all.iter().flat_map(one).collect()
}

/// Counts what it is told.
#[derive(Default)]
struct Ear {
    metrics: u32,
    rejected: u32,
    asked: u64,
    open: bool,
    said: Vec<&'static str>,
}

impl Sink for Ear {
    fn metric(&mut self, metric: Metric<'_>) {
        assert!(self.open && metric.value.is_none_or(f64::is_finite) && !metric.name.is_empty());
        self.metrics += 1;
    }

    fn problem(&mut self, rejection: Rejection) {
        assert!(self.open && rejection.got.chars().count() <= 80);
        self.rejected += rejection.readings;
        self.said.push(rejection.reason.word());
    }
}

impl Host for Ear {
    fn begin(&mut self, _message: &Message<'_>) {
        assert!(!self.open, "a message in a message");
        (self.open, self.metrics, self.rejected) = (true, 0, 0);
    }

    fn end(&mut self, _message: &Message<'_>, summary: Summary) {
        assert!(self.open);
        self.open = false;
        assert_eq!((summary.accepted, summary.rejected), (self.metrics, self.rejected));
    }

    fn node(&mut self, _change: NodeChange) {}

    fn ask_rebirth(&mut self) -> bool {
        self.asked += 1;
        !self.asked.is_multiple_of(3)
    }
}

fn check_session(gauge: &mut Gauge, input: &[u8]) {
    let settings = Settings { pending_max: 8, pending_bytes_max: 2048, metrics_max: 50, devices_max: 3, ..Settings::default() };
    let mut ear = Ear::default();
    let counts = gauge.measure(input.len(), || {
        let mut session = Session::new(settings);
        let (mut rest, mut now) = (input, ARRIVAL);
        while let Some((head, behind)) = rest.split_first_chunk::<3>() {
            let verb = VERBS[usize::from(head[0] % 8)];
            let (payload, next) = behind.split_at(usize::from(head[2]).min(behind.len()));
            let device = matches!(verb, Verb::DeviceBirth | Verb::DeviceDeath | Verb::DeviceData | Verb::DeviceCommand);
            let device = device.then_some(["d", "e", "f", "g"][usize::from(head[1] >> 6)]);
            now = now.plus(Duration::from_millis(u64::from(head[1] & 15) * 700));
            session.take(&Message { verb, device, payload, arrival: now, is_stored: head[1] & 16 != 0 }, &mut ear);
            if head[1] & 32 != 0 {
                session.tick(session.deadline().unwrap_or(now), &mut ear);
            }
            rest = next;
        }
        session.lose(&mut ear);
        assert!(session.weight_bytes() <= 64 * 1024, "a session of {} bytes", session.weight_bytes());
        assert!(!session.is_alive());
        session.counts()
    });
    assert!(!ear.open && counts.rebirths_asked <= ear.asked);
    gauge.saw((counts.births.min(3), counts.deaths.min(3), counts.gaps.min(3), counts.reordered.min(3), counts.duplicates.min(2), counts.stale_deaths.min(2)));
    gauge.saw(&ear.said[..ear.said.len().min(3)]);
}

fn check_topic(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    if let Some(topic) = gauge.measure(0, || SparkplugTopic::parse(&text)) {
        let device = topic.device.map(|device| format!("/{device}")).unwrap_or_default();
        assert_eq!(text, format!("spBv1.0/{}/{}/{}{device}", topic.group, topic.verb.word(), topic.edge_node));
        gauge.saw(topic.verb.word());
    }
    if let Some(state) = gauge.measure(input.len(), || decode_state(input)) {
        let read: serde_json::Value = serde_json::from_slice(input).unwrap_or_default();
        gauge.saw((format!("{state:?}").len(), read.is_object()));
    }
}
