//! The tables: which there are, and how a database comes to have them.
//!
//! A database's mode is decided once, by its first migration: tables do not change into hypertables by themselves.

use std::iter;

use davy_model::{Quality, QualityReason};
use refinery::{Migration, Runner};
use tokio_postgres::Client;

use super::mode::Mode;
use crate::HistoryError;

/// Held while a schema is looked at or changed: `Davy`, in ASCII.
const LOCK: i64 = 0x4461_7679;

/// Migrations that depend on each other, and have a table of their own that says which are applied.
struct Track {
    name: &'static str,
    migrations: &'static [(&'static str, &'static str)],
}

macro_rules! migrations {
    ($track:literal: $($name:literal),+) => {
        Track {
            name: $track,
            migrations: &[$(($name, include_str!(concat!("../../migrations/", $track, "/", $name, ".sql")))),+],
        }
    };
}

static PLAIN: [Track; 2] = [CORE, migrations!("plain": "V1__readings", "V2__roll_ups")];
static APACHE: [Track; 3] = [CORE, HYPERTABLES, migrations!("rollup_tables": "V1__roll_ups")];
static TIMESCALE: [Track; 3] =
    [CORE, HYPERTABLES, migrations!("timescale": "V1__columnstore", "V2__roll_ups")];

const CORE: Track =
    migrations!("core": "V1__tags_and_positions", "V2__alarms", "V3__who_sends", "V4__roll_up");
const HYPERTABLES: Track = migrations!("hypertables": "V1__readings");

/// Which migrations are applied, and which are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaState {
    /// What the database was found able to do; none while nothing is applied.
    pub mode: Option<Mode>,
    /// In their order.
    pub applied: Vec<String>,
    /// In their order.
    pub missing: Vec<String>,
}

impl Mode {
    fn tracks(self) -> &'static [Track] {
        match self {
            Mode::Plain => &PLAIN,
            Mode::Apache => &APACHE,
            Mode::Timescale => &TIMESCALE,
        }
    }
}

impl Track {
    fn table(&self) -> String {
        format!("davy.schema_{}", self.name)
    }

    fn runner(&self, count: usize) -> Result<Runner, HistoryError> {
        let migrations: Result<Vec<_>, _> =
            self.migrations.iter().take(count).map(|(name, sql)| Migration::unapplied(name, sql)).collect();
        let mut runner = Runner::new(&migrations.map_err(|error| HistoryError::Schema(error.to_string()))?);
        runner.set_migration_table_name(self.table());
        Ok(runner)
    }
}

/// The mode a schema was made in; none when there is none.
pub(super) async fn mode_of(client: &Client) -> Result<Option<Mode>, HistoryError> {
    let there = "SELECT to_regclass('davy.schema_mode') IS NOT NULL";
    if !client.query_one(there, &[]).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let row = client.query_opt("SELECT mode FROM davy.schema_mode", &[]).await?;
    let Some(row) = row else { return Ok(None) };
    let word: &str = row.get(0);
    Mode::from_word(word).map(Some).ok_or_else(|| {
        HistoryError::Schema(format!("the schema is of a mode that this release does not know: {word}"))
    })
}

/// Looks without changing anything.
pub(super) async fn state(client: &mut Client) -> Result<SchemaState, HistoryError> {
    let mode = mode_of(client).await?;
    let mut state = SchemaState { mode, applied: Vec::new(), missing: Vec::new() };
    for track in mode.unwrap_or(Mode::Plain).tracks() {
        let applied = applied(client, track).await?;
        for (name, _) in track.migrations {
            let told = format!("{}/{name}", track.name);
            match applied.iter().any(|one| one == name) {
                true => state.applied.push(told),
                false => state.missing.push(told),
            }
        }
        if let Some(unknown) =
            applied.iter().find(|one| !track.migrations.iter().any(|(name, _)| name == one))
        {
            return Err(newer(track, unknown));
        }
    }
    Ok(state)
}

/// Checks that all migrations are applied, and gives the mode.
pub(super) async fn check(client: &mut Client) -> Result<Mode, HistoryError> {
    let state = state(client).await?;
    match (state.mode, state.missing.as_slice()) {
        (Some(mode), []) => Ok(mode),
        (None, _) => Err(no_history()),
        (Some(_), missing) => {
            let count = missing.len();
            Err(HistoryError::Schema(format!("{count} migrations are missing: run `davy migrate up`")))
        }
    }
}

/// Nobody has migrated it.
pub(super) fn no_history() -> HistoryError {
    HistoryError::Schema("the database has no history yet: run `davy migrate up`".to_owned())
}

async fn applied(client: &Client, track: &Track) -> Result<Vec<String>, HistoryError> {
    let table = track.table();
    let there = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]).await?;
    if !there.get::<_, bool>(0) {
        return Ok(Vec::new());
    }
    let rows = client.query(&format!("SELECT version, name FROM {table} ORDER BY version"), &[]).await;
    let rows = rows?;
    Ok(rows.iter().map(|row| format!("V{}__{}", row.get::<_, i32>(0), row.get::<_, &str>(1))).collect())
}

fn newer(track: &Track, unknown: &str) -> HistoryError {
    HistoryError::Schema(format!(
        "the schema has {}/{unknown}, which this release does not know: it is of a newer Davy",
        track.name
    ))
}

/// Applies what is missing of the first `count` migrations, or of all.
pub(super) async fn migrate(client: &mut Client, count: Option<usize>) -> Result<usize, HistoryError> {
    // Whoever waits for another migration waits for as long as it takes.
    client.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").await?;
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    let done = migrate_alone(client, count.unwrap_or(usize::MAX)).await;
    // The lock goes with the connection, if not by this.
    let _ = client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await;
    done
}

async fn migrate_alone(client: &mut Client, mut count: usize) -> Result<usize, HistoryError> {
    // Refuses what is newer before anything is changed.
    state(client).await?;
    let mode = match mode_of(client).await? {
        Some(mode) => mode,
        None => begin(client).await?,
    };
    let mut done = 0;
    for track in mode.tracks() {
        let part = count.min(track.migrations.len());
        count -= part;
        if part == 0 {
            continue;
        }
        let report = track.runner(part)?.run_async(client).await;
        let report = report.map_err(|error| HistoryError::Schema(of_refinery(&error)))?;
        done += report.applied_migrations().len();
    }
    if state(client).await?.missing.is_empty() {
        name_qualities(client).await?;
    }
    Ok(done)
}

/// The words for the codes of qualities, for whoever reads the tables by hand.
async fn name_qualities(client: &Client) -> Result<(), HistoryError> {
    let reasons = QualityReason::ALL.into_iter();
    let all = reasons.flat_map(|reason| [Quality::Uncertain(reason), Quality::Bad(reason)]);
    let all: Vec<Quality> = iter::once(Quality::Good).chain(all).collect();
    let codes: Vec<i16> = all.iter().map(|quality| i16::from(quality.code())).collect();
    let grade = |quality: &Quality| match quality {
        Quality::Good => "good",
        Quality::Uncertain(_) => "uncertain",
        Quality::Bad(_) => "bad",
    };
    let grades: Vec<&str> = all.iter().map(grade).collect();
    let reasons: Vec<Option<&str>> =
        all.iter().map(|quality| quality.reason().map(QualityReason::word)).collect();
    client
        .execute(
            "INSERT INTO davy.qualities (code, grade, reason)
             SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[])
             ON CONFLICT (code) DO UPDATE SET grade = EXCLUDED.grade, reason = EXCLUDED.reason",
            &[&codes, &grades, &reasons],
        )
        .await?;
    Ok(())
}

async fn begin(client: &Client) -> Result<Mode, HistoryError> {
    let mode = Mode::detect(client).await?;
    client
        .batch_execute(&format!(
            "BEGIN;
             CREATE SCHEMA IF NOT EXISTS davy;
             CREATE TABLE davy.schema_mode (id integer PRIMARY KEY CHECK (id = 1), mode text NOT NULL);
             INSERT INTO davy.schema_mode VALUES (1, '{}');
             COMMIT",
            mode.word()
        ))
        .await?;
    Ok(mode)
}

fn of_refinery(error: &refinery::Error) -> String {
    let mut told = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(deeper) = source {
        told = format!("{told}: {deeper}");
        source = deeper.source();
    }
    told
}
