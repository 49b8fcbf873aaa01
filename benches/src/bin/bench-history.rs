//! History on its way into PostgreSQL, and a day of one tag on its way out.
//!
//! Budgets: the whole path (journal → names → batch → staging → table, with the site's place in the same transaction) ≥ 0.6 of a
//! bare binary COPY into the same table with the same indexes; a day of one tag at 1 s for 1,000 pixels ≤ 50 ms.
//!
//! `DAVY_BENCH_ROWS` is how many rows lie in the table when it is asked; 10 million, unless it says otherwise.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use davy_benches::{
    davy::{binary, site_files},
    log::{self, TAGS},
    process::{Process, free_port},
    table::{line, median},
};
use davy_history::{PostgresConfig, PostgresStore, Retention, Store, Tls, aggregate, width_for};
use davy_journal::Commit;
use davy_model::Timestamp;
use davy_tests::Postgres;
use futures_util::pin_mut;
use tokio_postgres::{Client, NoTls, binary_copy::BinaryCopyInWriter, types::Type};

/// Commits of a thousand readings.
const COMMITS: u64 = 2_000;
const ROUNDS: usize = 5;
/// Rows of a bare COPY: where it is at its best here.
const COPY_ROWS: usize = 50_000;
/// Pixels of a plot.
const PIXELS: u32 = 1_000;
const DAY: Duration = Duration::from_secs(86_400);

#[tokio::main]
async fn main() -> Result<()> {
    let settings = ["shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min"];
    let Some(postgres) = Postgres::start_with(&settings).await else { bail!("PostgreSQL is not installed") };
    write(&postgres).await?;
    ask(&postgres).await
}

async fn write(postgres: &Postgres) -> Result<()> {
    let bundle = log::bundle()?;
    let commits = log::commits(&bundle, COMMITS);
    let count = log::readings(&commits).count() as f64;
    let (mut bare, mut whole) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let name = format!("bare_{round}");
        bare.push(count / copy(postgres, &name, &commits).await?.as_secs_f64() / 1e3);
        postgres.sql("postgres", &format!("DROP DATABASE {name}"));
        let name = format!("davy_{round}");
        whole.push(count / drain(postgres, &name, &bundle.site, &commits).await?.as_secs_f64() / 1e3);
        if round + 1 < ROUNDS {
            postgres.sql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
    let bytes = "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'davy.readings'::regclass";
    let bytes: f64 = postgres.sql(&format!("davy_{}", ROUNDS - 1), bytes).parse()?;
    let (bare, whole) = (median(bare), median(whole));
    line("a bare COPY into the same table", &format!("{bare:.0} k readings/s"), "floor");
    line("davy serve, from its journal", &format!("{whole:.0} k readings/s"), "");
    line("ratio", &format!("{:.2}", whole / bare), "≥ 0.6");
    line("on disk, plain PostgreSQL, indexes included", &format!("{:.0} bytes/reading", bytes / count), "");
    Ok(())
}

async fn store(postgres: &Postgres, database: &str) -> Result<PostgresStore> {
    let config = PostgresConfig { url: postgres.database(database), password: None, tls: Tls::None };
    let store = PostgresStore::new(&config, Retention::default())?;
    store.migrate().await?;
    Ok(store)
}

async fn client(postgres: &Postgres, database: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(&postgres.url(database), NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The floor: the same rows by COPY alone, in the order they came, one transaction a batch.
async fn copy(postgres: &Postgres, database: &str, commits: &[Commit]) -> Result<Duration> {
    let store = store(postgres, database).await?;
    let begin = commits[0].at;
    // It makes the partitions.
    store.tend(begin, begin).await?;
    let client = client(postgres, database).await?;
    let rows: Vec<_> = log::readings(commits).collect();
    let types = [Type::INT4, Type::TIMESTAMPTZ, Type::TIMESTAMPTZ, Type::FLOAT8, Type::INT2];
    let started = Instant::now();
    for rows in rows.chunks(COPY_ROWS) {
        let sink = client.copy_in("COPY davy.readings FROM STDIN (FORMAT binary)").await?;
        let copy = BinaryCopyInWriter::new(sink, &types);
        pin_mut!(copy);
        for row in rows {
            let at =
                std::time::UNIX_EPOCH + Duration::from_micros(row.source_time.as_micros().unsigned_abs());
            let tag = i32::try_from(row.tag.0)?;
            copy.as_mut().write(&[&tag, &at, &at, &row.value.or_nan(), &0_i16]).await?;
        }
        copy.finish().await?;
    }
    Ok(started.elapsed())
}

/// A Davy that finds a long journal and an empty database: from its first row to its last.
async fn drain(postgres: &Postgres, database: &str, site: &str, commits: &[Commit]) -> Result<Duration> {
    store(postgres, database).await?;
    let folder = tempfile::tempdir()?;
    let davy = serve(folder.path(), &postgres.url(database), site, commits)?;
    let client = client(postgres, database).await?;
    let stands = async || -> Result<i64> {
        let row = client.query_opt("SELECT number FROM davy.positions WHERE site = $1", &[&site]).await?;
        Ok(row.map_or(0, |row| row.get(0)))
    };
    let last = i64::try_from(commits.len())?;
    let (mut began, until) = (None, Instant::now() + Duration::from_secs(300));
    loop {
        let number = stands().await?;
        // What the first batch brought is not counted: nobody saw it begin.
        let (first, since) = match began {
            None if number > 0 => *began.insert((number, Instant::now())),
            Some(began) => began,
            None => (0, Instant::now()),
        };
        if number >= last {
            drop(davy);
            return Ok(since.elapsed().mul_f64(last as f64 / (last - first) as f64));
        }
        anyhow::ensure!(Instant::now() < until, "history does not come to its end: {number} of {last}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn serve(folder: &Path, url: &str, site: &str, commits: &[Commit]) -> Result<Process> {
    for (path, text) in site_files(TAGS as usize, 1) {
        let path = folder.join("site").join(path);
        fs::create_dir_all(path.parent().context("a folder")?)?;
        fs::write(path, text)?;
    }
    fs::create_dir(folder.join("data"))?;
    log::write(&folder.join("data").join(format!("{site}.sqlite")), site, commits)?;
    let (http, door) = (free_port()?, free_port()?);
    let config = format!(
        "data_dir = \"data\"\nsites = [\"site\"]\n[http]\nlisten = \"127.0.0.1:{http}\"\n[door]\nlisten = \"127.0.0.1:{door}\"\n\
         [history]\nstore = \"postgres\"\nurl = \"{url}\"\n"
    );
    let path = folder.join("davy.toml");
    fs::write(&path, config)?;
    let mut command = Command::new(binary()?);
    command.args(["serve", "--config"]).arg(&path).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(Process { child: command.spawn().context("starting davy")? })
}

/// A day of one tag, of as many tags as fill the table.
async fn ask(postgres: &Postgres) -> Result<()> {
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
