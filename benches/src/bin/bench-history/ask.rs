//! A day of one tag, for a plot.

use std::{
    env,
    time::{Duration, Instant},
};

use anyhow::Result;
use davy_benches::table::{line, median};
use davy_history::{Store, aggregate, width_for};
use davy_model::Timestamp;
use davy_tests::Postgres;

use crate::{client, store};

/// Pixels of a plot.
const PIXELS: u32 = 1_000;
const DAY: Duration = Duration::from_secs(86_400);

/// A day of one tag, of as many tags as fill the table.
pub(super) async fn ask(postgres: &Postgres) -> Result<()> {
    let rows: u64 = env::var("DAVY_BENCH_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(10_000_000);
    let tags = rows / 86_400;
    let store = store(postgres, "asked").await?;
    let from: Timestamp = Timestamp::from_millis(1_795_392_000_000);
    let until = from.plus(DAY);
    store.tend(from, from).await?;
    let names = "INSERT INTO davy.tags (site, tag, unit, quantity, title_en, title_zh)
                 SELECT 'bench', 't' || n, 'ppm', 'gas.h2s', '', '' FROM generate_series(1, $1::bigint) n";
    let client = client(postgres, "asked").await?;
    client.execute(names, &[&i64::try_from(tags)?]).await?;
    for hour in 0..24_i64 {
        let fill = format!(
            "INSERT INTO davy.readings
             SELECT tag, at, at, 40 + (tag * 7 + extract(epoch FROM at)::bigint) % 37 / 4.0, 0
             FROM generate_series(to_timestamp({0}), to_timestamp({0} + 3599), '1 second') at, generate_series(1, {tags}) tag",
            from.as_micros() / 1_000_000 + hour * 3600
        );
        client.batch_execute(&fill).await?;
    }
    client.batch_execute("VACUUM ANALYZE davy.readings").await?;
    while store.tend(until, until).await?.rolled_until != Some(until) {}
    client.batch_execute("VACUUM ANALYZE davy.readings_1m").await?;
    let width = width_for(DAY, PIXELS, Duration::ZERO);
    let mut took = Vec::new();
    for round in 0..101_i32 {
        let tag = 1 + round * 7 % i32::try_from(tags)?;
        let started = Instant::now();
        let buckets = aggregate(&store, tag, from, until, width).await?;
        took.push(started.elapsed().as_secs_f64() * 1e3);
        anyhow::ensure!(buckets.len() >= PIXELS as usize, "{} buckets", buckets.len());
    }
    let what = format!("a day of one tag, {} M rows in the table", tags * 86_400 / 1_000_000);
    line(&what, &format!("{:.1} ms", median(took)), "≤ 50 ms");
    Ok(())
}
