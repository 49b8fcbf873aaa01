//! History on its way into a database, a day of one tag on its way out, and what it takes on disk.
//!
//! Budgets: the whole path (journal → names → batch → staging → table, with the site's place in the same transaction) ≥ 0.6 of a
//! bare binary COPY into the same table with the same indexes; a day of one tag at 1 s for 1,000 pixels ≤ 50 ms; a
//! database that was away is caught up with at ≥ 3 × the rate that goes on coming.
//!
//! `bench-history write ask back size` runs some of its parts; all of them without. `DAVY_BENCH_ROWS` is how many rows lie in the table
//! when it is asked; 10 million, unless it says otherwise.

mod ask;
mod back;
mod served;
mod size;
mod write;

use std::env;

use anyhow::{Result, bail};
use davy_history::{PostgresConfig, PostgresStore, Retention, Tls};
use davy_tests::Postgres;
use tokio_postgres::{Client, NoTls};

const PARTS: [&str; 4] = ["write", "ask", "back", "size"];

#[tokio::main]
async fn main() -> Result<()> {
    let asked: Vec<String> = env::args().skip(1).collect();
    if let Some(unknown) = asked.iter().find(|part| !PARTS.contains(&part.as_str())) {
        bail!("{unknown}: expected some of {}", PARTS.join(", "));
    }
    let settings = ["shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min"];
    let Some(mut postgres) = Postgres::start_with(&settings).await else {
        bail!("PostgreSQL is not installed")
    };
    for part in PARTS.into_iter().filter(|part| asked.is_empty() || asked.iter().any(|asked| asked == part)) {
        match part {
            "write" => write::write(&postgres).await?,
            "ask" => ask::ask(&postgres).await?,
            "back" => back::back(&mut postgres).await?,
            _ => size::size(&postgres).await?,
        }
    }
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
