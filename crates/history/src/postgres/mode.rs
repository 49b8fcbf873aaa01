//! What the database can do.

use tokio_postgres::Client;

use crate::HistoryError;

/// What the database can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// PostgreSQL alone: partitions and roll-ups of our own.
    Plain,
    /// TimescaleDB's Apache-licensed build, or one before 2.19.1: hypertables; roll-ups and retention of our own.
    Apache,
    /// TimescaleDB from 2.19.1 on: hypertables, columnstore, continuous aggregates and policies.
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
        let version = "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'";
        let version = client.query_one(version, &[]).await?;
        Mode::of(licence.get(0), version.get(0))
    }

    fn of(licence: &str, version: &str) -> Result<Mode, HistoryError> {
        match numbers(version) {
            // Before it, an INSERT with ON CONFLICT DO NOTHING into what is kept by column could leave out the rows after the first
            // conflict, and say nothing (timescaledb issue 7672). Without columns it does not.
            since if since >= [2, 19, 1] && licence != "apache" => Ok(Mode::Timescale),
            since if since >= [2, 13, 0] => Ok(Mode::Apache),
            _ => Err(HistoryError::Schema(format!(
                "TimescaleDB {version} is too old: bring it up to 2.19.1 or later with `ALTER EXTENSION timescaledb UPDATE`, or make a database without it"
            ))),
        }
    }
}

/// The first three numbers of a version; what is no number counts as 0.
fn numbers(version: &str) -> [u32; 3] {
    let mut parts = version.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loses_rows_is_used_without_what_makes_it_lose_them() {
        for (licence, version, due) in [
            ("timescale", "2.29.2", Some(Mode::Timescale)),
            ("timescale", "2.19.1", Some(Mode::Timescale)),
            ("timescale", "3.0.0-dev", Some(Mode::Timescale)),
            ("timescale", "2.19.0", Some(Mode::Apache)),
            ("timescale", "2.17.2", Some(Mode::Apache)),
            ("apache", "2.29.2", Some(Mode::Apache)),
            ("apache", "2.13.0", Some(Mode::Apache)),
            ("timescale", "2.9.3", None),
            ("apache", "1.7.4", None),
        ] {
            let mode = Mode::of(licence, version);
            assert_eq!(mode.as_ref().ok(), due.as_ref(), "{licence} {version}");
            assert!(mode.is_ok() || format!("{mode:?}").contains("ALTER EXTENSION"), "{mode:?}");
        }
    }
}
