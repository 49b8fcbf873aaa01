//! The door, judged and durable, against Mosquitto in memory: messages/s, CPU, publish → PUBACK.
//!
//! Floor: Mosquitto with a QoS 1 publisher and nobody subscribed; it keeps nothing. Budget: ≥ 4 × its messages/s at 1,000 in
//! flight; a single reading ≤ 4 µs of CPU, a reading in a JSON batch ≤ 0.5 µs; PUBACK p99 at half load ≤ commit window + one
//! flush + 1 ms. What can be switched off of the protections (quotas, canary) costs ≤ 10 % of the messages/s.

use anyhow::Result;
use davy_benches::{
    davy::{Davy, Protections},
    load::{Load, Outcome},
    mosquitto::Mosquitto,
    process::Process,
    table::{line, median},
};

const CONNECTIONS: usize = 10;
const TAGS: usize = 10_000;
const ROUNDS: usize = 5;

struct Side {
    per_s: Vec<f64>,
    cpu_us: Vec<f64>,
    p50_us: Vec<f64>,
    p99_us: Vec<f64>,
}

impl Side {
    fn new() -> Side {
        Side { per_s: Vec::new(), cpu_us: Vec::new(), p50_us: Vec::new(), p99_us: Vec::new() }
    }

    fn round(&mut self, load: &Load, process: &Process) -> Result<()> {
        let before = process.cpu_us()?;
        let outcome: Outcome = load.run()?;
        let cpu_us = (process.cpu_us()? - before) as f64 / outcome.messages as f64;
        self.per_s.push(outcome.messages_per_s());
        self.cpu_us.push(cpu_us);
        self.p50_us.push(outcome.latency_us.value_at_quantile(0.5) as f64);
        self.p99_us.push(outcome.latency_us.value_at_quantile(0.99) as f64);
        Ok(())
    }

    fn show(&self, name: &str, batch: usize) {
        let (per_s, cpu_us) = (median(self.per_s.clone()), median(self.cpu_us.clone()));
        line(
            name,
            &format!("{per_s:.0} msg/s, {:.2} µs CPU/reading", cpu_us / batch as f64),
            &format!(
                "p50 {:.1} ms, p99 {:.1} ms",
                median(self.p50_us.clone()) / 1e3,
                median(self.p99_us.clone()) / 1e3
            ),
        );
    }
}

fn compare(
    title: &str,
    window: usize,
    messages: usize,
    batch: usize,
    rate: Option<u32>,
    budget: &str,
) -> Result<()> {
    println!("{title}");
    let davy = Davy::start(TAGS, CONNECTIONS, None)?;
    let mosquitto = Mosquitto::start()?;
    let (mut ours, mut floor) = (Side::new(), Side::new());
    for _ in 0..ROUNDS {
        let load =
            Load { port: davy.door, connections: CONNECTIONS, window, messages, batch, rate, tags: TAGS };
        ours.round(&load, &davy.process)?;
        floor.round(&Load { port: mosquitto.port, ..load }, &mosquitto.process)?;
    }
    ours.show("door, judged and durable", batch);
    floor.show("mosquitto, in memory", batch);
    let ratio = median(ours.per_s.clone()) / median(floor.per_s.clone());
    line("ratio of messages/s", &format!("{ratio:.2}"), budget);
    Ok(())
}

/// The same load on a Davy with quotas and canary and on one without.
fn protections(title: &str, window: usize, messages: usize, batch: usize) -> Result<()> {
    println!("{title}");
    let start = |protections| Davy::start_with(TAGS, CONNECTIONS, None, protections);
    let (on, off) = (start(Protections::On)?, start(Protections::Off)?);
    let (mut with, mut without) = (Side::new(), Side::new());
    for _ in 0..ROUNDS {
        let load =
            Load { port: on.door, connections: CONNECTIONS, window, messages, batch, rate: None, tags: TAGS };
        with.round(&load, &on.process)?;
        without.round(&Load { port: off.door, ..load }, &off.process)?;
    }
    with.show("quotas and canary on", batch);
    without.show("quotas and canary off", batch);
    let ratio = median(with.per_s.clone()) / median(without.per_s.clone());
    line("ratio of messages/s", &format!("{ratio:.2}"), "budget ≥ 0.9");
    Ok(())
}

fn main() -> Result<()> {
    compare(
        "single readings, 1,000 in flight on each of 10 connections",
        1000,
        20_000,
        1,
        None,
        "budget ≥ 4, single ≤ 4 µs CPU",
    )?;
    compare("single readings, 100 in flight on each of 10 connections", 100, 20_000, 1, None, "no budget")?;
    compare(
        "batches of 100, 100 in flight on each of 10 connections",
        100,
        1_000,
        100,
        None,
        "budget ≤ 0.5 µs CPU/reading",
    )?;
    protections("protections: single readings, 1,000 in flight on each of 10 connections", 1000, 20_000, 1)?;
    protections("protections: batches of 100, 100 in flight on each of 10 connections", 100, 1_000, 100)?;
    compare("paced, 10 × 500 msg/s", 100, 2_500, 1, Some(500), "budget: p99 ≤ window + one flush + 1 ms")
}
