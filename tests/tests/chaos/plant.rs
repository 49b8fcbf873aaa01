//! A site with some edge nodes and their tags, and a gateway that sends again until it is heard.

use std::{net::SocketAddr, path::Path, time::Duration};

use davy_tests::{
    Davy, LONG, Metrics, Record, Setup, Told, check_journal,
    mqtt::{Login, Mqtt, Packet, Version},
    wait_until,
};
use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

/// The site.
pub(crate) const SITE: &str = "chaos";
/// Past this, a value raises.
pub(crate) const LIMIT: f64 = 5.0;
/// How long a gateway waits for a PUBACK before it believes the connection dead.
const PATIENCE: Duration = Duration::from_secs(3);

/// Between two changes of one message, µs.
const APART_US: i64 = 20;

/// Edge nodes `gw-0`, `gw-1`... with so many tags each, in the order of the file.
pub(crate) struct Plant {
    pub(crate) nodes: usize,
    pub(crate) tags_each: usize,
}

impl Plant {
    pub(crate) fn setup(&self, config: &str) -> Setup {
        let mut setup = Setup::new();
        let mut tags = "tag,quantity,unit,interval,edge_node\n".to_owned();
        for tag in 0..self.nodes * self.tags_each {
            tags.push_str(&format!("{},gas.ch4,ppm,1s,gw-{}\n", tag_name(tag), tag / self.tags_each));
        }
        let nodes: Vec<String> = (0..self.nodes).map(|node| format!("{{id: gw-{node}}}")).collect();
        let site = format!("site: {SITE}\nedge_nodes: [{}]\n", nodes.join(", "));
        let rules = format!(
            "rules:\n  - id: high\n    applies_to: {{quantity: gas.ch4}}\n    limit:\n\
             \x20     - {{name: H, tier: orange, at_or_above: {LIMIT} ppm}}\n\
             \x20   response: {{action: Look, time_to_respond: 1m}}\n"
        );
        setup.site(SITE, &[("site.yaml", &site), ("tags.csv", &tags), ("rules/high.yaml", &rules)]);
        setup.configure(config);
        setup
    }
}

pub(crate) fn tag_name(tag: usize) -> String {
    format!("T-{tag:05}")
}

pub(crate) fn alarm(tag: usize) -> String {
    format!("{SITE}:high:{}", tag_name(tag))
}

pub(crate) fn topic(node: usize) -> String {
    format!("davy/v1/{SITE}/gw-{node}/readings")
}

/// One message with these readings, now, and what it says.
pub(crate) fn message(seq: u64, readings: &[(usize, f64)]) -> (String, Vec<Told>) {
    let now = Timestamp::now();
    let now = now - SignedDuration::from_nanos(i64::from(now.subsec_nanosecond() % 1000));
    let line = |(tag, value): &(usize, f64)| {
        format!(r#"{{"tag":"{}","value":{value},"unit":"ppm","ts":"{now}"}}"#, tag_name(*tag))
    };
    let lines: Vec<String> = readings.iter().map(line).collect();
    let told = readings.iter().map(|(tag, value)| (*tag, now.as_microsecond(), value.to_bits()));
    (format!(r#"{{"seq":{seq},"readings":[{}]}}"#, lines.join(",")), told.collect())
}

/// A value that is never the same twice running, past the limit in every other ten.
pub(crate) fn value(number: u64) -> f64 {
    let past = number / 10 % 2 == 1;
    (if past { 10.0 } else { 1.0 }) + (number % 1000) as f64 / 1e3
}

/// A gateway that sends one message after the other, each again until it is acknowledged.
pub(crate) struct Sender {
    pub(crate) addr: SocketAddr,
    pub(crate) acknowledged: Vec<Told>,
    pub(crate) connections: u64,
    version: Version,
    node: usize,
    mqtt: Option<Mqtt>,
    sent: u64,
    last_us: i64,
}

impl Sender {
    pub(crate) fn new(addr: SocketAddr, version: Version, node: usize) -> Sender {
        Sender {
            addr,
            acknowledged: Vec::new(),
            connections: 0,
            version,
            node,
            mqtt: None,
            sent: 0,
            last_us: 0,
        }
    }

    /// Goes away without a word. It connects again with the next message.
    pub(crate) fn drop_connection(&mut self) {
        self.mqtt = None;
    }

    /// Delivers a reading of a tag, however often it takes.
    pub(crate) async fn deliver(&mut self, tag: usize) {
        self.sent += 1;
        let (payload, told) = message(self.sent, &[(tag, value(self.sent))]);
        self.deliver_message(&payload, told).await;
    }

    /// Delivers a message with so many readings of a tag, a moment apart, each of which raises or clears.
    pub(crate) async fn deliver_changes(&mut self, tag: usize, changes: usize) {
        // Closer together than messages follow each other, or the stamps would run ahead of the clock.
        let began = Timestamp::now() - SignedDuration::from_micros(APART_US * changes as i64);
        let began_us = began.as_microsecond().max(self.last_us + 1);
        let mut told = Vec::new();
        let mut lines = Vec::new();
        for change in 0..changes {
            let at_us = began_us + APART_US * change as i64;
            let value: f64 = if change % 2 == 0 { 10.0 } else { 1.0 };
            let ts = Timestamp::from_microsecond(at_us).expect("in range");
            lines.push(format!(r#"{{"tag":"{}","value":{value},"ts":"{ts}"}}"#, tag_name(tag)));
            told.push((tag, at_us, value.to_bits()));
            self.last_us = at_us;
        }
        self.sent += 1;
        let payload = format!(r#"{{"seq":{},"readings":[{}]}}"#, self.sent, lines.join(","));
        self.deliver_message(&payload, told).await;
    }

    async fn deliver_message(&mut self, payload: &str, told: Vec<Told>) {
        let delivering = async {
            let mut again = false;
            while self.attempt(payload.as_bytes(), again).await.is_err() {
                self.mqtt = None;
                again = true;
            }
        };
        timeout(LONG, delivering).await.expect("a message is acknowledged in the end");
        self.acknowledged.extend(told);
    }

    async fn attempt(&mut self, payload: &[u8], again: bool) -> std::io::Result<()> {
        if self.mqtt.is_none() {
            let id = format!("gw-{}", self.node);
            let login = Login { id: &id, user: None };
            let connecting = Mqtt::connect(self.addr, self.version, login);
            self.mqtt = Some(timeout(PATIENCE, connecting).await.map_err(std::io::Error::other)??);
            self.connections += 1;
        }
        let mqtt = self.mqtt.as_mut().expect("connected above");
        let mut bytes = Vec::new();
        let id = mqtt.write_publish(&mut bytes, &topic(self.node), payload, again);
        mqtt.send(&bytes).await?;
        loop {
            match timeout(PATIENCE, mqtt.next()).await.map_err(std::io::Error::other)?? {
                Packet::PubAck { id: found, code: 0 } if found == id => return Ok(()),
                Packet::PubAck { code: 0, .. } | Packet::Publish { .. } => {}
                Packet::Other(_) => return Err(std::io::ErrorKind::ConnectionAborted.into()),
                other => panic!("no PUBACK: {other:?}"),
            }
        }
    }
}

/// Waits until so many readings are judged.
pub(crate) async fn judged(server: &Davy, readings: usize) {
    let http = server.http();
    wait_until(&format!("{readings} readings are judged"), LONG, async || {
        (judged_now(http).await >= readings as f64).then_some(())
    })
    .await;
}

pub(crate) async fn judged_now(http: SocketAddr) -> f64 {
    Metrics::of(http).await.figure("davy_readings_judged_total", &[("site", SITE)])
}

/// Ends it well and checks everything: the account balances, each of `sent` was judged once in this life of Davy, the
/// journal is whole, gives itself again, and has what was acknowledged.
pub(crate) async fn end_well(mut server: Davy, setup: &Setup, plant: &Plant, sent: &[Told]) -> Record {
    assert_eq!(judged_now(server.http()).await, sent.len() as f64, "each reading is judged once");
    assert_eq!(server.stop().await, 0, "a stop that was asked for is no failure");
    server.check_account();
    check(&setup.journal(SITE), plant, sent).await
}

/// Checks the journal of a Davy that has ended.
pub(crate) async fn check(journal: &Path, plant: &Plant, acknowledged: &[Told]) -> Record {
    check_journal(journal).await;
    let record = Record::read(journal);
    record.check_numbers();
    record.check_acknowledged(acknowledged);
    for tag in 0..plant.nodes * plant.tags_each {
        record.check_changes(tag, &alarm(tag), LIMIT);
    }
    record
}
