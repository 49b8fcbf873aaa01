//! `davy migrate`: the tables of the history database.

use anyhow::Context;
use davy_history::{PostgresStore, SchemaState};
use davy_server::HistoryStore;
use serde_json::json;

use crate::{
    check_config::{ConfigArgs, refuse},
    exit::Exit,
    out, table,
};

/// What to do with the tables.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    /// Which migrations are applied and which are missing; changes nothing. Exit 1 when any is missing
    Status(Args),
    /// Applies those that are missing. Two at once do it one after the other; a newer schema is refused
    Up(Args),
}

/// Which database.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Looks, or migrates.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<Exit> {
    let (Verb::Status(args) | Verb::Up(args)) = &verb;
    let config = match args.config.load() {
        Ok(config) => config,
        Err(errors) => return Ok(refuse(&errors)),
    };
    let Some(history) = config.history else {
        tell(args, &json!({"store": "none"}), "no history is kept: [history] store = \"none\"")?;
        return Ok(Exit::Ok);
    };
    let postgres = match history.store {
        HistoryStore::Postgres(postgres) => postgres,
        HistoryStore::Sqlite { .. } => {
            let text = "history is in a file of Davy's own, which is brought up to date when Davy starts";
            tell(args, &json!({"store": "sqlite"}), text)?;
            return Ok(Exit::Ok);
        }
    };
    let store = PostgresStore::new(&postgres, history.retention)?;
    match verb {
        Verb::Status(args) => status(&args, &store).await,
        Verb::Up(args) => up(&args, &store).await,
    }
}

async fn status(args: &Args, store: &PostgresStore) -> anyhow::Result<Exit> {
    let state = store.schema_state().await.context("looking at the schema")?;
    if args.json {
        out::line(object(&state))?;
    } else {
        let of = |names: &[String], stands: &str| {
            names.iter().map(|name| vec![name.clone().into(), stands.into()]).collect::<Vec<_>>()
        };
        let rows = [of(&state.applied, "applied"), of(&state.missing, "missing")].concat();
        out::line(format_args!("mode: {}", mode(&state)))?;
        out::line(table::render(&["Migration", ""], rows))?;
    }
    Ok(Exit::found(!state.missing.is_empty()))
}

async fn up(args: &Args, store: &PostgresStore) -> anyhow::Result<Exit> {
    let applied = store.migrate().await.context("migrating")?;
    let state = store.schema_state().await.context("looking at the schema")?;
    let mut told = object(&state);
    told["applied_now"] = applied.into();
    let text = match applied {
        0 => format!("the schema is up to date ({})", mode(&state)),
        count => format!("{count} migrations were applied ({})", mode(&state)),
    };
    tell(args, &told, &text)?;
    Ok(Exit::Ok)
}

fn mode(state: &SchemaState) -> &'static str {
    state.mode.map_or("nothing is applied yet", davy_history::Mode::word)
}

fn object(state: &SchemaState) -> serde_json::Value {
    json!({
        "store": "postgres",
        "mode": state.mode.map(davy_history::Mode::word),
        "applied": state.applied,
        "missing": state.missing,
    })
}

fn tell(args: &Args, told: &serde_json::Value, text: &str) -> std::io::Result<()> {
    if args.json { out::line(told) } else { out::line(text) }
}
