//! The sample plants, published by their gateways.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::plant::{Measured, Plant, STEP, Truth};
use crate::{BrokerUrl, Gateway, GatewayConfig, GatewayError, Reading, StopReport, readings_message};

/// How long a stopping gateway may take to have everything acknowledged.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// What is simulated, and for whom.
#[derive(Clone, Debug)]
pub struct SimulationConfig {
    /// The broker, or Davy's door.
    pub broker: BrokerUrl,
    /// The plants.
    pub plants: Vec<Plant>,
    /// How many seconds of plant time pass in one second: 0.01..=10,000, clamped. Stamps are the wall clock's.
    pub speed: f64,
}

impl SimulationConfig {
    /// The three sample plants at their own pace.
    pub fn samples(broker: BrokerUrl, seed: u64) -> SimulationConfig {
        SimulationConfig { broker, plants: Plant::samples(seed), speed: 1.0 }
    }
}

/// What all gateways together have done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Messages of readings given to the gateways.
    pub messages: u64,
    /// Readings in them.
    pub readings: u64,
    /// Messages acknowledged.
    pub acknowledged: u64,
    /// Messages never acknowledged.
    pub unacknowledged: u64,
    /// Messages sent more than once.
    pub resent: u64,
    /// Readings Davy's feedback rejected.
    pub rejected: u64,
    /// What Davy says is wrong, as JSON; the first twenty an edge node.
    pub problems: Vec<String>,
}

impl Totals {
    fn of(readings: u64, StopReport { counts, unacknowledged }: StopReport) -> Totals {
        Totals {
            messages: counts.taken,
            readings,
            acknowledged: counts.acknowledged,
            unacknowledged,
            resent: counts.resent,
            rejected: counts.rejected,
            problems: counts.problems,
        }
    }

    fn add(&mut self, other: Totals) {
        self.messages += other.messages;
        self.readings += other.readings;
        self.acknowledged += other.acknowledged;
        self.unacknowledged += other.unacknowledged;
        self.resent += other.resent;
        self.rejected += other.rejected;
        self.problems.extend(other.problems);
    }
}

/// A running simulation: one task and one gateway an edge node.
#[derive(Debug)]
pub struct Simulation {
    stop: CancellationToken,
    nodes: Vec<JoinHandle<Totals>>,
    plants: Vec<Plant>,
    pace: Pace,
}

impl Simulation {
    /// Starts all gateways of all plants. To be called within a tokio runtime.
    ///
    /// # Errors
    /// [`GatewayError::Name`] when a plant's names cannot stand in a topic.
    pub fn start(config: SimulationConfig) -> Result<Simulation, GatewayError> {
        let pace = Pace::new(config.speed);
        let stop = CancellationToken::new();
        let mut nodes = Vec::new();
        for plant in &config.plants {
            for edge_node in plant.edge_nodes() {
                let gateway = GatewayConfig::new(config.broker.clone(), plant.site(), edge_node)?;
                let gateway = Gateway::connect(gateway);
                let node = Node { plant: plant.clone(), edge_node, gateway, pace, stop: stop.clone() };
                nodes.push(tokio::spawn(node.run()));
            }
        }
        Ok(Simulation { stop, nodes, plants: config.plants, pace })
    }

    /// What has come to pass so far, with the wall clock's times of beginning and end.
    pub fn truth(&self) -> Vec<(Truth, Timestamp, Timestamp)> {
        let until = self.pace.started.elapsed().mul_f64(self.pace.speed);
        let all = self.plants.iter().flat_map(|plant| plant.truth(until));
        let mut all: Vec<_> = all
            .map(|truth| {
                let (start, end) = (self.pace.stamp(truth.start), self.pace.stamp(truth.end));
                (truth, start, end)
            })
            .collect();
        all.sort_by_key(|(_, start, _)| *start);
        all
    }

    /// Stops measuring, sends what is left, says goodbye, and gives the account.
    pub async fn stop(self) -> Totals {
        self.stop.cancel();
        let mut totals = Totals::default();
        for node in self.nodes {
            match node.await {
                Ok(one) => totals.add(one),
                Err(error) => tracing::error!(%error, "a simulated edge node ended badly"),
            }
        }
        totals
    }
}

/// Plant time against the wall clock.
#[derive(Clone, Copy, Debug)]
struct Pace {
    speed: f64,
    started: Instant,
    started_at: Timestamp,
}

impl Pace {
    fn new(speed: f64) -> Pace {
        let speed = if speed.is_finite() { speed.clamp(0.01, 10_000.0) } else { 1.0 };
        Pace { speed, started: Instant::now(), started_at: Timestamp::now() }
    }

    /// The wall clock's time at plant time `t`.
    fn stamp(&self, t: Duration) -> Timestamp {
        let passed = SignedDuration::try_from(t.div_f64(self.speed)).unwrap_or(SignedDuration::MAX);
        self.started_at.checked_add(passed).unwrap_or(Timestamp::MAX)
    }
}

/// One edge node: a plant's points, and the gateway that publishes them.
struct Node {
    plant: Plant,
    edge_node: &'static str,
    gateway: Gateway,
    pace: Pace,
    stop: CancellationToken,
}

impl Node {
    async fn run(self) -> Totals {
        let readings = match self.publish().await {
            Ok(readings) => readings,
            Err(error) => {
                tracing::error!(edge_node = self.edge_node, %error, "a simulated gateway cannot publish");
                0
            }
        };
        Totals::of(readings, self.gateway.stop(STOP_PATIENCE).await)
    }

    /// Publishes what is due, step by step, until stopped. Gives the number of readings.
    async fn publish(&self) -> Result<u64, GatewayError> {
        let mut ticks = tokio::time::interval_at(self.pace.started, STEP.div_f64(self.pace.speed));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        // Greater than any number of an earlier run, so that Davy does not take a restart for a repetition.
        let mut seq = u64::try_from(self.pace.started_at.as_microsecond()).unwrap_or(0);
        let (mut t, mut readings, mut was_cut) = (Duration::ZERO, 0, false);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return Ok(readings),
                _ = ticks.tick() => {}
            }
            let is_cut = self.plant.is_cut(self.edge_node, t);
            match (was_cut, is_cut) {
                (false, true) => self.gateway.cut(),
                (true, false) => self.gateway.restore(),
                (false, false) | (true, true) => {}
            }
            let due = if was_cut && !is_cut {
                self.plant.all_of(self.edge_node, t)
            } else {
                self.plant.values_of(self.edge_node, t)
            };
            was_cut = is_cut;
            if !due.is_empty() {
                seq += 1;
                readings += due.len() as u64;
                let payload = message(seq, &due, self.pace.stamp(t));
                tokio::select! {
                    () = self.stop.cancelled() => return Ok(readings - due.len() as u64),
                    taken = self.gateway.publish(payload) => taken?,
                }
            }
            t += STEP;
        }
    }
}

fn message(seq: u64, due: &[Measured], stamp: Timestamp) -> bytes::Bytes {
    let source_time = format!("{stamp:.6}");
    let reading = |measured: &Measured| Reading {
        tag: measured.tag,
        value: measured.value,
        unit: measured.unit,
        source_time: source_time.clone(),
        quality: measured.quality,
    };
    let readings: Vec<_> = due.iter().map(reading).collect();
    readings_message(seq, &readings)
}
