//! What the database can do.

use tokio_postgres::Client;

use crate::HistoryError;

/// What the database can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// PostgreSQL alone: partitions and roll-ups of our own.
    Plain,
    /// TimescaleDB's Apache-licensed build: hypertables; roll-ups and retention of our own.
    Apache,
    /// TimescaleDB: hypertables, columnstore, continuous aggregates and policies.
    Timescale,
}

impl Mode {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Mode::Plain => "postgresql",
            Mode::Apache => "timescaledb (apache)",
            Mode::Timescale => "timescaledb",
        }
    }

    /// The mode of that word.
    pub fn from_word(word: &str) -> Option<Mode> {
        [Mode::Plain, Mode::Apache, Mode::Timescale].into_iter().find(|mode| mode.word() == word)
    }

    /// Whether readings are in a hypertable.
    pub const fn has_hypertables(self) -> bool {
        !matches!(self, Mode::Plain)
    }

    /// What a database that has no history yet can do. Makes the extension where it may be made.
    pub(super) async fn detect(client: &Client) -> Result<Mode, HistoryError> {
        let available = "SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'";
        if client.query_opt(available, &[]).await?.is_none() {
            return Ok(Mode::Plain);
        }
        let installed = "SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'";
        if client.query_opt(installed, &[]).await?.is_none() {
            // Who may not make it is told to have it made, and not given half of what the server can do.
            client.batch_execute("CREATE EXTENSION timescaledb").await.map_err(|error| {
                HistoryError::Schema(format!(
                    "the server has TimescaleDB, and this user may not make it available here ({error}): have `CREATE EXTENSION timescaledb` run in this database"
                ))
            })?;
        }
        let licence = client.query_one("SHOW timescaledb.license", &[]).await?;
        Ok(if licence.get::<_, &str>(0) == "apache" { Mode::Apache } else { Mode::Timescale })
    }
}
