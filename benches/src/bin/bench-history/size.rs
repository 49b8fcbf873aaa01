//! What it takes on disk, and a table of sizes made of that.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use davy_benches::{
    log::{self, measured},
    table::line,
};
use davy_history::{Retention, Row, Series, SqliteConfig, SqliteStore, Store};
use davy_model::{Quality, Timestamp};
use davy_tests::Postgres;
use rusqlite::Connection;

use crate::{client, store};

const SITE: &str = "bench";
const DAY_S: f64 = 86_400.0;
const GIB: f64 = 1_073_741_824.0;
const BEGIN: Timestamp = Timestamp::from_micros(1_795_392_000_000_000);
const HOURS: u64 = 24;
/// When it is looked at: all has come to rest.
const LOOKED_AT: Duration = Duration::from_secs((HOURS + 6) * 3600);
const TAGS: u32 = 25;
/// How often tags report, s.
const INTERVALS_S: [u64; 3] = [1, 10, 60];
/// Readings at a time.
const BATCH: usize = 50_000;
/// Readings in a commit: of a small plant, and of a large one.
const BLOCKS: [u32; 2] = [50, 1000];
/// Buckets of each level that a tag has in a day.
const BUCKETS_A_DAY: [f64; 3] = [1440.0, 288.0, 24.0];
const LEVELS: [&str; 3] = ["readings_1m", "readings_5m", "readings_1h"];

/// What a store takes, with tags that report so often.
struct Taken {
    interval_s: u64,
    /// Readings taken in, a second.
    rate: f64,
    /// A reading, bytes.
    reading: f64,
    /// A bucket of each level, bytes.
    buckets: [f64; 3],
}

pub(super) async fn size(postgres: &Postgres) -> Result<()> {
    let [small, large] = [journal(BLOCKS[0])?, journal(BLOCKS[1])?];
    for (block, bytes) in BLOCKS.iter().zip([small, large]) {
        line(&format!("journal, {block} readings a commit"), &format!("{bytes:.1} bytes/reading"), "");
    }
    let (mut sqlite, mut plain) = (Vec::new(), Vec::new());
    for interval_s in INTERVALS_S {
        sqlite.push(in_sqlite(interval_s).await?);
        plain.push(in_postgres(postgres, interval_s).await?);
    }
    sqlite.iter().for_each(|taken| tell("SQLite, packed", taken));
    plain.iter().for_each(|taken| tell("plain PostgreSQL", taken));
    println!(
        "\n| Tags | Each | Readings/s | Journal, a day | SQLite, a year | of its writer | PostgreSQL, a year | of its writer |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for tags in [1_000_u32, 50_000, 440_000] {
        let journal = if tags > 10_000 { large } else { small };
        for (sqlite, plain) in sqlite.iter().zip(&plain) {
            println!("{}", table_row(tags, journal, sqlite, plain));
        }
    }
    Ok(())
}

fn tell(what: &str, taken: &Taken) {
    let Taken { interval_s, rate, reading, buckets } = taken;
    let [minute, five, hour] = buckets.map(|bytes| format!("{bytes:.0}"));
    let measured = format!("{reading:.1} bytes/reading, {:.0} k/s", rate / 1e3);
    line(&format!("{what}, every {interval_s} s; buckets {minute}, {five}, {hour} bytes"), &measured, "");
}

/// A line of the table: what is kept of a year by what a Davy keeps that nobody told otherwise.
fn table_row(tags: u32, journal: f64, sqlite: &Taken, plain: &Taken) -> String {
    let rate = f64::from(tags) / sqlite.interval_s as f64;
    let year = |taken: &Taken| {
        let keep = Retention::default();
        let days = [keep.minutes, keep.five_minutes, keep.hours]
            .map(|keep| keep.as_secs_f64().min(365.0 * DAY_S) / DAY_S);
        let buckets: f64 = (0..3)
            .map(|level| {
                // No more buckets than readings.
                let a_day = BUCKETS_A_DAY[level].min(DAY_S / taken.interval_s as f64);
                a_day * days[level] * taken.buckets[level]
            })
            .sum();
        (rate * keep.readings.as_secs_f64() * taken.reading + f64::from(tags) * buckets) / GIB
    };
    let share = |taken: &Taken| {
        let share = 100.0 * rate / taken.rate;
        if share > 100.0 { format!("{share:.0} %: too much") } else { format!("{share:.1} %") }
    };
    format!(
        "| {tags} | {} s | {rate:.0} | {:.2} GiB | {:.1} GiB | {} | {:.0} GiB | {} |",
        sqlite.interval_s,
        rate * DAY_S * journal / GIB,
        year(sqlite),
        share(sqlite),
        year(plain),
        share(plain)
    )
}

/// What a journal takes, bytes a reading.
fn journal(block: u32) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let bundle = log::bundle()?;
    let commits = log::commits_of(&bundle, 1_000_000 / u64::from(block), block);
    let path = folder.path().join("log.sqlite");
    log::write(&path, &bundle.site, &commits)?;
    Ok(fs::metadata(&path)?.len() as f64 / log::readings(&commits).count() as f64)
}

/// Writes some hours, and lets them come to rest. Gives how many readings, and how many a second.
async fn fill(store: &dyn Store, interval_s: u64) -> Result<(f64, f64)> {
    let series: Vec<Series> = (0..TAGS).map(series).collect();
    let steps = HOURS * 3600 / interval_s;
    let rows: Vec<Row> =
        (0..steps).flat_map(|step| (0..TAGS).map(move |tag| row(tag, step * interval_s))).collect();
    let started = Instant::now();
    for some in rows.chunks(BATCH) {
        store.import(SITE, &series, some, BEGIN.plus(LOOKED_AT)).await?;
    }
    let rate = rows.len() as f64 / started.elapsed().as_secs_f64();
    let now = BEGIN.plus(LOOKED_AT);
    let mut bytes = u64::MAX;
    loop {
        let tended = store.tend(now, now).await?;
        let taken = store.state().await?.bytes;
        if tended.rolled_until == Some(now) && tended.due == 0 && taken == bytes {
            return Ok((rows.len() as f64, rate));
        }
        bytes = taken;
    }
}

fn series(tag: u32) -> Series {
    Series {
        tag: format!("t{tag}").into(),
        unit: "ppm".into(),
        quantity: "gas.h2s".into(),
        title_en: "".into(),
        title_zh: "".into(),
        area: None,
    }
}

/// It arrives some milliseconds after it was measured.
fn row(tag: u32, second: u64) -> Row {
    let time = BEGIN.plus(Duration::from_secs(second));
    let arrival =
        time.plus(Duration::from_micros(20_000 + (u64::from(tag) * 7919 + second * 104_729) % 30_000));
    Row { series: tag, time, arrival, value: measured(tag, second).into(), quality: Quality::Good }
}

async fn in_sqlite(interval_s: u64) -> Result<Taken> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("history.db");
    let config = SqliteConfig { path: path.clone(), bytes_max: 20 << 30 };
    let store = SqliteStore::open(&config, Retention::default())?;
    let (readings, rate) = fill(&store, interval_s).await?;
    let conn = Connection::open(&path)?;
    let mut reading = 0.0;
    for table in ["readings", "packs", "sqlite_autoindex_packs_1"] {
        reading += used(&conn, table)? / readings;
    }
    let count: i64 = conn.query_row("SELECT sum(buckets) FROM bucket_packs", [], |row| row.get(0))?;
    let packed = used(&conn, "bucket_packs")? + used(&conn, "sqlite_autoindex_bucket_packs_1")?;
    Ok(Taken { interval_s, rate, reading, buckets: [packed / count as f64; 3] })
}

/// The pages of a table, bytes.
fn used(conn: &Connection, table: &str) -> Result<f64> {
    let sql = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = ?1";
    let bytes: i64 = conn.query_row(sql, [table], |row| row.get(0)).context("the pages of a table")?;
    Ok(bytes as f64)
}

async fn in_postgres(postgres: &Postgres, interval_s: u64) -> Result<Taken> {
    let database = format!("size_{interval_s}");
    let store = store(postgres, &database).await?;
    let (_, rate) = fill(&store, interval_s).await?;
    let client = client(postgres, &database).await?;
    let mut taken = [0.0; 4];
    for (table, bytes) in ["readings"].iter().chain(&LEVELS).zip(&mut taken) {
        let sql = format!(
            "SELECT (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'davy.{table}'::regclass)::float8
               / (SELECT count(*) FROM davy.{table})"
        );
        *bytes = client.query_one(&sql, &[]).await?.get(0);
    }
    let [reading, minute, five, hour] = taken;
    Ok(Taken { interval_s, rate, reading, buckets: [minute, five, hour] })
}
