//! Reading → alert heard, by the ninety of a hundred consumers who read in both: once the other ten read too, once they never do.
//!
//! Floor: the hundred of which all read. Budget: p99 as theirs within what rounds differ by themselves, and memory that stays.
//! Two Davys run side by side and are alarmed in turn; the first of a round is the second of the next.

use std::time::Duration;

use anyhow::{Result, ensure};
use davy_benches::table::{line, median};
use davy_tests::{
    Davy, Grpc, Setup,
    consumers::{Crowd, Gateway, setup, told},
};
use hdrhistogram::Histogram;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Who are measured.
const READERS: usize = 90;
/// Who read, or never do.
const OTHERS: usize = 10;
/// Alerts before anything is measured: more than a queue, a live stream and a connection's window hold.
const FILL: u64 = 6000;
const ROUNDS: usize = 7;
/// Alerts of a round, on each side.
const ALERTS: u64 = 400;
const EVERY: Duration = Duration::from_millis(5);

/// A Davy, its hundred, and how long the ninety waited.
struct Side {
    name: &'static str,
    // Goes before the Davy that it listens to.
    crowd: Crowd,
    gateway: Gateway,
    davy: Davy,
    sent: u64,
    filled_kib: u64,
    waits_us: Histogram<u64>,
    p99_us: Vec<f64>,
    _setup: Setup,
}

impl Side {
    async fn fill(name: &'static str, readers: usize, dead: usize) -> Result<Side> {
        let setup = setup("");
        let davy = Davy::serve(&setup.config()).await;
        let mut crowd = Crowd::gather(&davy, readers, dead).await;
        let mut gateway = Gateway::of(&davy, "park").await;
        for _ in 0..FILL / 50 {
            gateway.changes(50).await;
        }
        crowd.has_heard(FILL).await;
        let (filled_kib, waits_us) = (davy.memory_kib(), Histogram::new(3)?);
        Ok(Side {
            name,
            crowd,
            gateway,
            davy,
            sent: FILL,
            filled_kib,
            waits_us,
            p99_us: Vec::new(),
            _setup: setup,
        })
    }

    async fn round(&mut self) -> Result<()> {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut began = Vec::new();
        for _ in 0..ALERTS {
            ticks.tick().await;
            began.push(Instant::now());
            self.gateway.changes(1).await;
        }
        self.crowd.has_heard(self.sent + ALERTS).await;
        let mut waits_us = Histogram::<u64>::new(3)?;
        for began in began {
            self.sent += 1;
            for heard in self.crowd.heard_at(self.sent).take(READERS) {
                waits_us.record(u64::try_from(heard.duration_since(began).as_micros())?.max(1))?;
            }
        }
        self.p99_us.push(waits_us.value_at_quantile(0.99) as f64);
        self.waits_us.add(waits_us)?;
        Ok(())
    }

    fn show(&self) {
        let (least, most) = range(&self.p99_us);
        line(
            self.name,
            &format!(
                "p50 {:.2} ms, p99 {:.2} ms",
                self.waits_us.value_at_quantile(0.5) as f64 / 1e3,
                self.waits_us.value_at_quantile(0.99) as f64 / 1e3,
            ),
            &format!("p99 of a round {:.2} to {:.2} ms", least / 1e3, most / 1e3),
        );
    }

    fn show_memory(&self) {
        let (now, peak) = (self.davy.memory_kib(), self.davy.memory_peak_kib());
        line(
            self.name,
            &format!("{} MiB at the most", peak / 1024),
            &format!("{} MiB before the first round, {} after the last", self.filled_kib / 1024, now / 1024),
        );
    }
}

fn range(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, 0.0), |(least, most), value| (least.min(*value), most.max(*value)))
}

#[tokio::main]
async fn main() -> Result<()> {
    println!(
        "{} consumers, one alert every {} ms, {ROUNDS} rounds of {ALERTS} alerts on each side",
        READERS + OTHERS,
        EVERY.as_millis()
    );
    let mut all = Side::fill("all read", READERS + OTHERS, 0).await?;
    let mut some = Side::fill("ten never read", READERS, OTHERS).await?;
    for round in 0..ROUNDS {
        if round.is_multiple_of(2) {
            all.round().await?;
            some.round().await?;
        } else {
            some.round().await?;
            all.round().await?;
        }
    }
    let grpc = Grpc::connect(some.davy.http()).await;
    for number in 0..OTHERS {
        let sent = told(&grpc, &format!("dead-{number}"), some.sent).await;
        ensure!(sent.is_empty(), "one of those who never read was sent everything: nothing was measured");
    }
    all.show();
    some.show();
    let ratios: Vec<f64> = some.p99_us.iter().zip(&all.p99_us).map(|(some, all)| some / all).collect();
    let (least, most) = range(&ratios);
    line(
        "p99, ten never read against all read",
        &format!("ratio {:.2}, median of rounds", median(ratios)),
        &format!("{least:.2} to {most:.2}; budget: 1 within noise"),
    );
    all.show_memory();
    some.show_memory();
    Ok(())
}
