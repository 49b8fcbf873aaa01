//! Into PostgreSQL: a bare COPY, and a Davy that catches up.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::Result;
use davy_benches::{
    log,
    table::{line, median},
};
use davy_history::Store;
use davy_journal::Commit;
use davy_tests::Postgres;
use futures_util::pin_mut;
use tokio_postgres::{binary_copy::BinaryCopyInWriter, types::Type};

use crate::{client, served::Served, store};

/// Commits of a thousand readings.
const COMMITS: u64 = 2_000;
const ROUNDS: usize = 5;
/// Rows of a bare COPY: where it is at its best here.
const COPY_ROWS: usize = 50_000;

pub(super) async fn write(postgres: &Postgres) -> Result<()> {
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
    fs::create_dir(folder.path().join("data"))?;
    log::write(&folder.path().join("data").join(format!("{site}.sqlite")), site, commits)?;
    let davy = Served::start(folder.path(), &postgres.url(database), 1)?;
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
