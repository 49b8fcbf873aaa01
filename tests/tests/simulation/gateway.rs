//! A gateway: a device with a clock of its own, an outbox that forgets nothing unacknowledged, and one MQTT connection.

use std::collections::{BTreeMap, VecDeque};

use crate::scenario::{Node, Value};

/// How many messages wait for their PUBACK at a time.
const WINDOW: usize = 8;

/// Tag, value and source time in ms of each reading.
pub(crate) type Readings = Vec<(String, f64, i64)>;

/// One message, from the outbox to its acknowledgement.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) seq: u64,
    pub(crate) topic: String,
    pub(crate) payload: String,
    /// What of it must be found in the journal.
    pub(crate) told: Readings,
    sent: bool,
}

#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) node: Node,
    seq: u64,
    pub(crate) outbox: VecDeque<Message>,
    /// What Davy acknowledged.
    pub(crate) acknowledged: Vec<Message>,
    /// The connection as the gateway sees it.
    pub(crate) conn: Option<u64>,
    /// Its network is gone, and it does not know yet.
    pub(crate) is_cut: bool,
    in_flight: BTreeMap<u16, u64>,
    next_id: u16,
    input: Vec<u8>,
    pub(crate) offset_ms: i64,
    pub(crate) drift_ppm: i64,
    pub(crate) delay_us: u64,
    pub(crate) down_until_us: u64,
    /// Cut after so many bytes to Davy, and from it.
    pub(crate) cut_there: Option<usize>,
    pub(crate) cut_back: Option<usize>,
    pub(crate) twice: bool,
    pub(crate) leaves: bool,
}

impl Gateway {
    pub(crate) fn new(node: Node) -> Gateway {
        Gateway {
            node,
            seq: 0,
            outbox: VecDeque::new(),
            acknowledged: Vec::new(),
            conn: None,
            is_cut: false,
            in_flight: BTreeMap::new(),
            next_id: 1,
            input: Vec::new(),
            offset_ms: 0,
            drift_ppm: 0,
            delay_us: 5_000,
            down_until_us: 0,
            cut_there: None,
            cut_back: None,
            twice: false,
            leaves: false,
        }
    }

    fn topic(&self, channel: &str) -> String {
        format!("davy/v1/s{}/n{}/{channel}", self.node.site, self.node.node)
    }

    /// Puts what was measured at `true_ms` into the outbox, stamped by the device's own clock.
    pub(crate) fn say(&mut self, true_ms: i64, since_start_ms: i64, values: &[Value]) {
        let ts = true_ms + self.offset_ms + since_start_ms * self.drift_ppm / 1_000_000;
        let tag = |value: &Value| format!("n{}/{}", self.node.node, value.tag);
        let readings: Vec<String> = values
            .iter()
            .map(|value| {
                let quality = if value.quality.is_empty() { "good" } else { &value.quality };
                format!(
                    r#"{{"tag":"{}","value":{},"ts":{ts},"quality":"{quality}"}}"#,
                    tag(value),
                    value.value
                )
            })
            .collect();
        let told = values.iter().map(|value| (tag(value), value.value, ts)).collect();
        self.put(&format!(r#""readings":[{}]"#, readings.join(",")), told);
    }

    /// A tag nobody knows, a value that is none, and one good reading.
    pub(crate) fn say_junk(&mut self, true_ms: i64) {
        let ts = true_ms + self.offset_ms;
        let tag = format!("n{}/q", self.node.node);
        let body = format!(
            r#""readings":[{{"tag":"nobody/x","value":1}},{{"tag":"{tag}","value":"9"}},{{"tag":"{tag}","value":11,"ts":{ts}}}]"#
        );
        self.put(&body, vec![(tag, 11.0, ts)]);
    }

    fn put(&mut self, body: &str, told: Readings) {
        self.seq += 1;
        let payload = format!(r#"{{"seq":{},{body}}}"#, self.seq);
        let message = Message { seq: self.seq, topic: self.topic("readings"), payload, told, sent: false };
        self.outbox.push_back(message);
    }

    /// A connection is there: everything that is not acknowledged goes again.
    pub(crate) fn connected(&mut self, conn: u64) {
        self.conn = Some(conn);
        self.is_cut = false;
        self.in_flight.clear();
        self.input.clear();
    }

    pub(crate) fn lost(&mut self) {
        self.conn = None;
        self.cut_there = None;
        self.cut_back = None;
    }

    /// The bytes that may go out now.
    pub(crate) fn send(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.conn.is_none() || self.is_cut {
            return bytes;
        }
        let waiting: Vec<u64> = self.in_flight.values().copied().collect();
        for message in self.outbox.iter_mut().filter(|message| !waiting.contains(&message.seq)) {
            let copies = if std::mem::take(&mut self.twice) { 2 } else { 1 };
            for _ in 0..copies {
                if self.in_flight.len() >= WINDOW {
                    return bytes;
                }
                self.in_flight.insert(self.next_id, message.seq);
                publish(&mut bytes, self.next_id, &message.topic, message.payload.as_bytes(), message.sent);
                self.next_id = self.next_id.checked_add(1).unwrap_or(1);
                message.sent = true;
            }
        }
        if std::mem::take(&mut self.leaves) {
            publish(&mut bytes, 65_535, &self.topic("status"), b"offline", false);
            bytes.extend([0xE0, 0]);
        }
        bytes
    }

    /// Bytes from Davy: only PUBACKs matter here.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.input.extend(bytes);
        while self.input.len() >= 4 {
            let packet: Vec<u8> = self.input.drain(..4).collect();
            assert_eq!(packet[..2], [0x40, 2], "Davy says nothing but PUBACK here");
            let id = u16::from_be_bytes([packet[2], packet[3]]);
            let Some(seq) = self.in_flight.remove(&id) else { continue };
            if let Some(place) = self.outbox.iter().position(|message| message.seq == seq) {
                self.acknowledged.extend(self.outbox.remove(place));
            }
        }
    }
}

fn publish(bytes: &mut Vec<u8>, id: u16, topic: &str, payload: &[u8], again: bool) {
    bytes.push(if again { 0x3A } else { 0x32 });
    let mut len = 2 + topic.len() + 2 + payload.len();
    while len >= 0x80 {
        bytes.push((len & 0x7F) as u8 | 0x80);
        len >>= 7;
    }
    bytes.push(len as u8);
    bytes.extend((topic.len() as u16).to_be_bytes());
    bytes.extend(topic.as_bytes());
    bytes.extend(id.to_be_bytes());
    bytes.extend(payload);
}
