//! What an edge node says, message by message: its metrics, its devices, its numbers.
//!
//! Pure bookkeeping: what time it is, it is told; where its messages go, it does not know.

use std::collections::BTreeSet;

use bytes::Bytes;
use prost::Message;
use rand::{Rng, rngs::StdRng};

use super::payload::{BOOLEAN, DOUBLE, INT64, Metric, Payload, PropertySet, Value};
use super::{EdgeNodeError, MetricSpec};

/// By how much a value moves of itself, of its first value.
const MOVES_BY: f64 = 0.02;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    pub(super) verb: &'static str,
    pub(super) device: Option<String>,
    pub(super) payload: Bytes,
}

/// A metric, and what it measures now; `None` is null.
#[derive(Debug)]
struct Point {
    spec: MetricSpec,
    value: Option<f64>,
}

/// Everything an edge node knows of itself. A metric's alias is its place, from 1.
#[derive(Debug)]
pub(super) struct Book {
    points: Vec<Point>,
    gone: BTreeSet<String>,
    bd_seq: u8,
    seq: u8,
    /// The stamp of the last message, ms: no two have the same.
    last_ms: u64,
}

impl Book {
    /// `bd_seq`: of the session before the first.
    pub(super) fn new(metrics: Vec<MetricSpec>, bd_seq: u8) -> Book {
        let points = metrics.into_iter().map(|spec| Point { value: Some(spec.value), spec });
        Book { points: points.collect(), gone: BTreeSet::new(), bd_seq, seq: 0, last_ms: 0 }
    }

    pub(super) fn bd_seq(&self) -> u8 {
        self.bd_seq
    }

    /// A new connection is about to be made.
    pub(super) fn next_session(&mut self) {
        self.bd_seq = self.bd_seq.wrapping_add(1);
    }

    /// The will of this session.
    pub(super) fn death(&self) -> Said {
        self.death_of(self.bd_seq)
    }

    /// The will of the session before.
    pub(super) fn old_death(&self) -> Said {
        self.death_of(self.bd_seq.wrapping_sub(1))
    }

    fn death_of(&self, bd_seq: u8) -> Said {
        let payload = Payload { metrics: vec![bd_metric(bd_seq)], ..Payload::default() };
        Said { verb: "NDEATH", device: None, payload: payload.encode_to_vec().into() }
    }

    /// NBIRTH, and the DBIRTH of each device that is there.
    pub(super) fn births(&mut self, now_ms: u64) -> Vec<Said> {
        self.seq = 0;
        let mut metrics = vec![bd_metric(self.bd_seq), rebirth_metric()];
        metrics.extend(self.born(None, now_ms));
        let mut said = vec![self.say("NBIRTH", None, metrics, now_ms)];
        for device in self.devices() {
            if !self.gone.contains(&device) {
                said.extend(self.device_birth(&device, now_ms));
            }
        }
        said
    }

    /// DBIRTH of a device, which is there from now on.
    pub(super) fn device_birth(&mut self, device: &str, now_ms: u64) -> Vec<Said> {
        self.gone.remove(device);
        let metrics = self.born(Some(device), now_ms);
        vec![self.say("DBIRTH", Some(device), metrics, now_ms)]
    }

    /// DDEATH of a device, which is gone from now on.
    pub(super) fn device_death(&mut self, device: &str, now_ms: u64) -> Vec<Said> {
        self.gone.insert(device.to_owned());
        vec![self.say("DDEATH", Some(device), Vec::new(), now_ms)]
    }

    /// Data of these metrics: one message for the edge node's own, and one a device that is there.
    pub(super) fn data(&mut self, places: &[usize], now_ms: u64) -> Vec<Said> {
        let owners: BTreeSet<Option<String>> =
            places.iter().map(|place| self.points[*place].spec.device.clone()).collect();
        let mut said = Vec::new();
        for owner in owners {
            let of_owner = places.iter().filter(|place| self.points[**place].spec.device == owner);
            let metrics = of_owner.map(|place| self.points[*place].changed(*place, now_ms)).collect();
            said.extend(self.tell(owner.as_deref(), metrics, now_ms));
        }
        said
    }

    /// What a metric measured while it could not be said, oldest first: how many ms ago, and the value.
    pub(super) fn history(&mut self, place: usize, values: &[(u64, f64)], now_ms: u64) -> Vec<Said> {
        let metric = |(ago_ms, value): &(u64, f64)| Metric {
            alias: Some(alias(place)),
            timestamp: Some(now_ms.saturating_sub(*ago_ms)),
            is_historical: Some(true),
            value: Some(Value::Double(*value)),
            ..Metric::default()
        };
        let device = self.points[place].spec.device.clone();
        self.tell(device.as_deref(), values.iter().map(metric).collect(), now_ms)
    }

    fn tell(&mut self, device: Option<&str>, metrics: Vec<Metric>, now_ms: u64) -> Vec<Said> {
        if device.is_some_and(|device| self.gone.contains(device)) {
            return Vec::new();
        }
        let verb = if device.is_some() { "DDATA" } else { "NDATA" };
        vec![self.say(verb, device, metrics, now_ms)]
    }

    /// A number that no message has.
    pub(super) fn skip_seq(&mut self) {
        self.seq = self.seq.wrapping_add(1);
    }

    /// Where a metric is.
    pub(super) fn place(&self, path: &str) -> Result<usize, EdgeNodeError> {
        let place = self.points.iter().position(|point| point.spec.path() == path);
        place.ok_or_else(|| EdgeNodeError::NoMetric(path.to_owned()))
    }

    /// Whether there is such a device, gone or not.
    pub(super) fn has_device(&self, device: &str) -> Result<(), EdgeNodeError> {
        let is_there = self.points.iter().any(|point| point.spec.device.as_deref() == Some(device));
        if is_there { Ok(()) } else { Err(EdgeNodeError::NoDevice(device.to_owned())) }
    }

    /// A metric measures that from now on: `None` is null. True when it is news. What moves of itself moves around it.
    pub(super) fn set(&mut self, place: usize, value: Option<f64>) -> bool {
        let point = &mut self.points[place];
        point.spec.value = value.unwrap_or(point.spec.value);
        std::mem::replace(&mut point.value, value) != value
    }

    /// Every value may move a little; gives the places of those that did. Null stays null.
    pub(super) fn wander(&mut self, random: &mut StdRng) -> Vec<usize> {
        let mut moved = Vec::new();
        for (place, point) in self.points.iter_mut().enumerate() {
            let steps = f64::from(random.random_range(-5..=5_i8));
            let span = if point.spec.value == 0.0 { 1.0 } else { point.spec.value.abs() };
            let to = Some(point.spec.value + steps / 5.0 * MOVES_BY * span);
            if point.value.is_some() && point.value != to {
                point.value = to;
                moved.push(place);
            }
        }
        moved
    }

    fn devices(&self) -> BTreeSet<String> {
        self.points.iter().filter_map(|point| point.spec.device.clone()).collect()
    }

    fn born(&self, device: Option<&str>, now_ms: u64) -> Vec<Metric> {
        let all = self.points.iter().enumerate();
        let own = all.filter(|(_, point)| point.spec.device.as_deref() == device);
        own.map(|(place, point)| point.born(place, now_ms)).collect()
    }

    fn say(&mut self, verb: &'static str, device: Option<&str>, metrics: Vec<Metric>, now_ms: u64) -> Said {
        self.last_ms = now_ms.max(self.last_ms + 1);
        let seq = Some(u64::from(self.seq));
        self.seq = self.seq.wrapping_add(1);
        let mut payload = Payload { timestamp: Some(self.last_ms), metrics, seq };
        for metric in payload.metrics.iter_mut().filter(|metric| metric.is_historical.is_none()) {
            metric.timestamp = payload.timestamp;
        }
        Said { verb, device: device.map(str::to_owned), payload: payload.encode_to_vec().into() }
    }
}

impl Point {
    /// In a birth: with everything that data leaves out.
    fn born(&self, place: usize, now_ms: u64) -> Metric {
        let unit = &self.spec.unit;
        Metric {
            name: Some(self.spec.name.clone()),
            datatype: Some(DOUBLE),
            properties: (!unit.is_empty()).then(|| PropertySet::unit(unit)),
            ..self.changed(place, now_ms)
        }
    }

    /// In data: by its alias alone.
    fn changed(&self, place: usize, now_ms: u64) -> Metric {
        Metric {
            alias: Some(alias(place)),
            timestamp: Some(now_ms),
            is_null: self.value.is_none().then_some(true),
            value: self.value.map(Value::Double),
            ..Metric::default()
        }
    }
}

fn alias(place: usize) -> u64 {
    place as u64 + 1
}

fn bd_metric(bd_seq: u8) -> Metric {
    Metric {
        name: Some("bdSeq".to_owned()),
        datatype: Some(INT64),
        value: Some(Value::Long(bd_seq.into())),
        ..Metric::default()
    }
}

fn rebirth_metric() -> Metric {
    Metric {
        name: Some(super::REBIRTH.to_owned()),
        datatype: Some(BOOLEAN),
        value: Some(Value::Boolean(false)),
        ..Metric::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn book() -> Book {
        let metrics = ["volt=12", "gas-01/ch4=0.5:%LEL", "gas-01/h2s=1:ppm", "gas-02/ch4=0:%LEL"];
        Book::new(metrics.map(|text| text.parse().expect("a metric")).to_vec(), 255)
    }

    fn read(said: &Said) -> Payload {
        Payload::decode(&said.payload[..]).expect("Sparkplug B")
    }

    /// A message in words: verb, device, number, and each metric as `name/alias=value`.
    fn words(said: &Said) -> String {
        let payload = read(said);
        let metric = |metric: &Metric| {
            let (name, alias) = (metric.name.as_deref().unwrap_or("-"), metric.alias.unwrap_or(0));
            let value = match (&metric.value, metric.is_null) {
                (Some(Value::Double(value)), None) => value.to_string(),
                (Some(Value::Long(value)), None) => value.to_string(),
                (Some(Value::Boolean(value)), None) => value.to_string(),
                (None, Some(true)) => "null".to_owned(),
                other => panic!("{other:?}"),
            };
            format!("{name}/{alias}={value}")
        };
        let metrics: Vec<String> = payload.metrics.iter().map(metric).collect();
        let (device, seq) = (said.device.as_deref().unwrap_or("-"), payload.seq.map_or(-1, |seq| seq as i64));
        format!("{} {device} {seq} {}", said.verb, metrics.join(" "))
    }

    fn all(said: &[Said]) -> Vec<String> {
        said.iter().map(words).collect()
    }

    #[test]
    fn a_session_is_counted_from_its_births_and_data_names_aliases_alone() {
        let mut book = book();
        book.next_session();
        assert_eq!(words(&book.death()), "NDEATH - -1 bdSeq/0=0");
        assert_eq!(
            all(&book.births(1000)),
            [
                "NBIRTH - 0 bdSeq/0=0 Node Control/Rebirth/0=false volt/1=12",
                "DBIRTH gas-01 1 ch4/2=0.5 h2s/3=1",
                "DBIRTH gas-02 2 ch4/4=0",
            ]
        );
        assert!(book.set(1, Some(60.0)) && !book.set(1, Some(60.0)), "by exception");
        assert_eq!(all(&book.data(&[1, 0], 1001)), ["NDATA - 3 -/1=12", "DDATA gas-01 4 -/2=60"]);
        assert!(book.set(2, None));
        assert_eq!(all(&book.data(&[2], 1002)), ["DDATA gas-01 5 -/3=null"]);
        book.skip_seq();
        assert_eq!(all(&book.device_death("gas-02", 1003)), ["DDEATH gas-02 7 "]);
        assert!(book.data(&[3], 1004).is_empty(), "a device that is gone says nothing");
        assert_eq!(book.births(1005).len(), 2, "nor is it born again by itself");
        assert_eq!(all(&book.device_birth("gas-02", 1006)), ["DBIRTH gas-02 2 ch4/4=0"]);
        book.next_session();
        assert_eq!(words(&book.death()), "NDEATH - -1 bdSeq/0=1");
        assert_eq!(words(&book.old_death()), "NDEATH - -1 bdSeq/0=0");
    }

    #[test]
    fn numbers_turn_over_and_no_two_messages_have_one_stamp() {
        let mut book = book();
        let mut last = read(&book.births(5000)[2]);
        for _ in 0..600 {
            let next = read(&book.data(&[0], 5000)[0]);
            assert_eq!(next.seq, last.seq.map(|seq| (seq + 1) % 256));
            assert!(next.timestamp > last.timestamp && next.metrics[0].timestamp == next.timestamp);
            last = next;
        }
    }

    #[test]
    fn what_was_measured_before_keeps_its_time_and_says_so() {
        let mut book = book();
        book.births(100_000);
        let said = book.history(1, &[(20_000, 70.0), (10_000, 80.0)], 100_001);
        let payload = read(&said[0]);
        let told: Vec<_> =
            payload.metrics.iter().map(|metric| (metric.timestamp, metric.is_historical)).collect();
        assert_eq!(told, [(Some(80_001), Some(true)), (Some(90_001), Some(true))]);
    }

    #[test]
    fn values_move_around_what_they_were_set_to_and_null_does_not_move() {
        let (mut book, mut random) = (book(), StdRng::seed_from_u64(7));
        book.set(2, None);
        let mut moved = BTreeSet::new();
        for _ in 0..100 {
            moved.extend(book.wander(&mut random));
            let volt = book.points[0].value.expect("a value");
            assert!((11.76 - 1e-9..=12.24 + 1e-9).contains(&volt), "{volt}");
        }
        assert_eq!(moved.into_iter().collect::<Vec<_>>(), [0, 1, 3]);
    }
}
