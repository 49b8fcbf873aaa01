//! A gateway that sends for its life: everything goes again until it is acknowledged, in order.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use davy_tests::mqtt::{Login, Mqtt, Packet, Version};
use davy_tests::{LONG, Told};
use jiff::Timestamp;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Interval, MissedTickBehavior, interval, timeout},
};

use crate::{Ports, TAGS, next_ports, tag_name, until_elsewhere};

/// How often it sends: one reading of every tag each time makes 5,000 a second.
const EVERY: Duration = Duration::from_millis(10);
/// Most readings without a PUBACK.
const IN_FLIGHT_MAX: usize = 1000;
/// After so many readings a tag goes past its limit, or back.
const PHASE: u64 = 100;
/// How long the last PUBACKs may take.
const LAST: Duration = Duration::from_secs(120);

/// Which reading: its tag, its number there, and its source time in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sample {
    tag: usize,
    number: u64,
    at_us: i64,
}

/// What was sent in all.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) acknowledged: HashSet<Told>,
    pub(crate) resent: u64,
    pub(crate) connections: u64,
}

/// The gateway, at work.
pub(crate) struct Publisher {
    stop: watch::Sender<bool>,
    counted: watch::Receiver<u64>,
    task: JoinHandle<Sent>,
}

struct Gateway {
    seen: watch::Receiver<Option<Ports>>,
    stop: watch::Receiver<bool>,
    /// Acknowledgements so far.
    counted: watch::Sender<u64>,
    made: u64,
    last_us: i64,
    messages: u64,
    /// Not acknowledged, the oldest first.
    waiting: VecDeque<Message>,
    sent: Sent,
}

struct Message {
    sample: Sample,
    payload: String,
}

impl Sample {
    /// Different for every reading of a tag, and past the limit in every other phase.
    fn value(&self) -> f64 {
        let past = (self.number / PHASE + self.tag as u64) % 2 == 1;
        (if past { 10.0 } else { 1.0 }) + self.number as f64 / 1e6
    }

    /// As the journal tells it.
    fn told(&self) -> Told {
        (self.tag, self.at_us, self.value().to_bits())
    }
}

impl Publisher {
    pub(crate) fn start(seen: watch::Receiver<Option<Ports>>) -> Publisher {
        let (stop, stopped) = watch::channel(false);
        let (counted, acknowledgements) = watch::channel(0);
        let gateway = Gateway {
            seen,
            stop: stopped,
            counted,
            made: 0,
            last_us: 0,
            messages: 0,
            waiting: VecDeque::new(),
            sent: Sent::default(),
        };
        Publisher { stop, counted: acknowledgements, task: tokio::spawn(gateway.run()) }
    }

    /// Waits for the next acknowledgement.
    pub(crate) async fn next_acknowledgement(&self) {
        let mut counted = self.counted.clone();
        counted.mark_unchanged();
        timeout(LONG, counted.changed()).await.expect("acknowledgements come").expect("the gateway runs");
    }

    /// Makes no more, and waits until everything is acknowledged.
    pub(crate) async fn finish(self) -> Sent {
        self.stop.send_replace(true);
        timeout(LAST, self.task).await.expect("the last PUBACKs come").expect("the gateway does not panic")
    }
}

impl Gateway {
    async fn run(mut self) -> Sent {
        let mut ticks = interval(EVERY);
        // The rate is kept as long as Davy can take it; the window bounds what is made up for.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        while !self.is_done() {
            let ports = next_ports(&mut self.seen).await;
            // Whatever the socket says, it says that Davy was killed.
            if self.session(ports, &mut ticks).await.is_err() {
                until_elsewhere(&mut self.seen, ports).await;
            }
        }
        self.sent
    }

    fn is_done(&self) -> bool {
        *self.stop.borrow() && self.waiting.is_empty()
    }

    async fn session(&mut self, ports: Ports, ticks: &mut Interval) -> io::Result<()> {
        let login = Login { id: "kill-gw-1", user: None };
        let mut mqtt = Mqtt::connect(ports.door, Version::V311, login).await?;
        self.sent.connections += 1;
        let mut ids = HashMap::new();
        self.send(&mut mqtt, &mut ids, 0, true).await?;
        while !self.is_done() {
            tokio::select! {
                packet = mqtt.next() => self.take(&packet?, &mut ids),
                _ = ticks.tick(), if !*self.stop.borrow() => {
                    let first = self.waiting.len();
                    if first + TAGS <= IN_FLIGHT_MAX {
                        self.make();
                        self.send(&mut mqtt, &mut ids, first, false).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// One reading of every tag.
    fn make(&mut self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        // A clock that stands still or steps back must not make two readings one.
        self.last_us = i64::try_from(now.as_micros()).expect("before 294247").max(self.last_us + 1);
        for tag in 0..TAGS {
            let sample = Sample { tag, number: self.made, at_us: self.last_us };
            let ts = Timestamp::from_microsecond(sample.at_us).expect("in range");
            let (name, value) = (tag_name(tag), sample.value());
            self.messages += 1;
            let seq = self.messages;
            let payload = format!(
                r#"{{"seq":{seq},"readings":[{{"tag":"{name}","value":{value},"unit":"ppm","ts":"{ts}"}}]}}"#
            );
            self.waiting.push_back(Message { sample, payload });
        }
        self.made += 1;
    }

    /// Sends what waits from there on, in one go.
    async fn send(
        &mut self,
        mqtt: &mut Mqtt,
        ids: &mut HashMap<u16, Sample>,
        from: usize,
        again: bool,
    ) -> io::Result<()> {
        let mut bytes = Vec::new();
        for message in self.waiting.iter().skip(from) {
            let payload = message.payload.as_bytes();
            let id = mqtt.write_publish(&mut bytes, "davy/v1/kill/gw-1/readings", payload, again);
            ids.insert(id, message.sample);
            self.sent.resent += u64::from(again);
        }
        mqtt.send(&bytes).await
    }

    fn take(&mut self, packet: &Packet, ids: &mut HashMap<u16, Sample>) {
        let Packet::PubAck { id, .. } = packet else { return };
        let sample = ids.remove(id).unwrap_or_else(|| panic!("a PUBACK for {id}, which was not sent"));
        let place = self.waiting.iter().position(|message| message.sample == sample);
        self.waiting.remove(place.expect("what was sent waits for its PUBACK"));
        self.sent.acknowledged.insert(sample.told());
        self.counted.send_modify(|count| *count += 1);
    }
}
