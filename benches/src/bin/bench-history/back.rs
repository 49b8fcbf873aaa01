//! A database that was away comes back, while readings go on coming.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use davy_benches::{
    load::{Load, Outcome},
    log::TAGS,
    process::wait_for_port,
    table::line,
};
use davy_tests::Postgres;

use crate::{client, served::Served, store};

const DATABASE: &str = "back";
const NODES: usize = 4;
/// Messages a second of each edge node, of so many readings.
const RATE: u32 = 250;
const BATCH: usize = 20;
/// How long each part of it takes, s: all is well; the database is away; it is back.
const WELL_S: u32 = 15;
const AWAY_S: u32 = 60;
const BACK_S: u32 = 30;
/// History is as far as the log when it is no further behind than this.
const NEAR: Duration = Duration::from_secs(3);

pub(super) async fn back(postgres: &mut Postgres) -> Result<()> {
    drop(store(postgres, DATABASE).await?);
    let folder = tempfile::tempdir()?;
    let davy = Served::start(folder.path(), &postgres.url(DATABASE), NODES)?;
    wait_for_port(davy.door)?;
    let well = load(davy.door, WELL_S).await?;
    postgres.stop().await;
    let away = load(davy.door, AWAY_S).await?;
    let live = tokio::spawn(load(davy.door, BACK_S));
    postgres.start_again().await;
    let took = caught_up(postgres).await?;
    let back = live.await??;
    let live_rate = f64::from(RATE) * BATCH as f64 * NODES as f64;
    let rate = live_rate * (f64::from(AWAY_S) + took.as_secs_f64()) / took.as_secs_f64();
    let ratio = format!("{:.0} k/s, {:.1} ×", rate / 1e3, rate / live_rate);
    line(&format!("catching up beside {:.0} k readings/s live", live_rate / 1e3), &ratio, "≥ 3 ×");
    for (what, found) in [("well", &well), ("away", &away), ("back", &back)] {
        let at = |share| found.latency_us.value_at_quantile(share) as f64 / 1e3;
        line(
            &format!("PUBACK, database {what}: p50, p99"),
            &format!("{:.1}, {:.1} ms", at(0.5), at(0.99)),
            "",
        );
    }
    Ok(())
}

async fn load(port: u16, seconds: u32) -> Result<Outcome> {
    let load = Load {
        port,
        connections: NODES,
        window: 500,
        messages: (RATE * seconds) as usize,
        batch: BATCH,
        rate: Some(RATE),
        tags: TAGS as usize,
    };
    let run = thread::spawn(move || load.run());
    let joined = tokio::task::spawn_blocking(move || run.join()).await?;
    joined.map_err(|_| anyhow::anyhow!("a publisher panicked"))?
}

/// How long it takes from the first batch that lands.
async fn caught_up(postgres: &Postgres) -> Result<Duration> {
    let client = client(postgres, DATABASE).await?;
    let behind = async || -> Result<f64> {
        let row =
            client.query_one("SELECT extract(epoch FROM now() - max(at))::float8 FROM davy.positions", &[]);
        row.await?.get::<_, Option<f64>>(0).context("history was written")
    };
    let (first, limit) = (behind().await?, Instant::now() + Duration::from_secs(120));
    let mut began = None;
    loop {
        let behind = behind().await?;
        if behind < first - 1.0 {
            began.get_or_insert_with(Instant::now);
        }
        if behind <= NEAR.as_secs_f64() {
            return Ok(began.map_or(Duration::from_secs(1), |began: Instant| began.elapsed()));
        }
        ensure!(Instant::now() < limit, "history is {behind:.0} s behind after two minutes");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
