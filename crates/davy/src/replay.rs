//! `davy replay`.

use std::{path::PathBuf, time::Duration};

use davy_simulators::{
    BrokerUrl,
    replay::{Replay, ReplayTotals, Speed, replay},
};
use serde_json::json;

use crate::{
    exit::{Exit, Misuse},
    out, span,
    stop::{Asked, Signals},
};

/// What to publish, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
MAP.yaml says which columns are what:
  site: metec
  edge_node: fence
  time: {column: ts, format: rfc3339}
  tags: [{column: ch4_ppm_E, tag: E/ch4, unit: ppm}]
  batch: 1            # rows a message")]
pub(crate) struct Args {
    /// The recording: CSV with a header, gzip or not
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// Which columns are what
    #[arg(long, value_name = "MAP.yaml")]
    map: PathBuf,
    /// Any MQTT broker, or Davy's own door
    #[arg(long, value_name = "URL", default_value = "mqtt://127.0.0.1:1883")]
    broker: String,
    /// max, or so many times as fast as it was recorded
    #[arg(long, value_name = "max|N", default_value = "max")]
    speed: Speed,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Publishes all of it, and gives the account when all is acknowledged. Readings refused and cells that are no number are
/// findings.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let broker: BrokerUrl = args.broker.parse().map_err(|error| Misuse(format!("--{error}")))?;
    let wanted = Replay { broker, speed: args.speed, ..Replay::new(&args.file, &args.map)? };
    let mut signals = Signals::listen()?;
    let totals = tokio::select! {
        totals = replay(wanted) => totals?,
        asked = signals.next() => return Ok(interrupted(asked)),
    };
    if args.json {
        out::line(totals_json(&totals))?;
    } else {
        tell(&totals)?;
    }
    Ok(Exit::found(totals.rejected > 0 || totals.cells_bad > 0))
}

fn interrupted(asked: Asked) -> Exit {
    match asked {
        Asked::Stop | Asked::Reload => eprintln!("interrupted: what was not acknowledged may be missing"),
    }
    Exit::Findings
}

fn tell(totals: &ReplayTotals) -> std::io::Result<()> {
    let ReplayTotals {
        rows,
        readings,
        cells_empty,
        cells_bad,
        messages,
        acknowledged,
        resent,
        rejected,
        took,
        ..
    } = totals;
    let rate = *readings as f64 / took.max(&Duration::from_millis(1)).as_secs_f64();
    out::line(format_args!(
        "{rows} rows: {readings} readings, {cells_empty} empty cells, {cells_bad} bad cells"
    ))?;
    out::line(format_args!("{messages} messages: {acknowledged} acknowledged, {resent} sent again"))?;
    out::line(format_args!("{rejected} readings rejected by feedback so far"))?;
    out::line(format_args!("took {}, {rate:.0} readings/s", span::words(*took)))?;
    for cell in &totals.bad_cells {
        out::line(format_args!("line {}: {}: no number: {:?}", cell.line, cell.column, cell.found))?;
    }
    totals.problems.iter().try_for_each(|problem| out::line(format_args!("feedback: {problem}")))
}

fn totals_json(totals: &ReplayTotals) -> serde_json::Value {
    let bad_cells: Vec<_> = totals
        .bad_cells
        .iter()
        .map(|cell| json!({"line": cell.line, "column": cell.column, "found": cell.found}))
        .collect();
    let problems: Vec<serde_json::Value> =
        totals.problems.iter().filter_map(|problem| serde_json::from_str(problem).ok()).collect();
    json!({
        "rows": totals.rows, "readings": totals.readings, "cells_empty": totals.cells_empty,
        "cells_bad": totals.cells_bad, "bad_cells": bad_cells, "messages": totals.messages,
        "acknowledged": totals.acknowledged, "resent": totals.resent, "rejected": totals.rejected,
        "problems": problems, "took_s": totals.took.as_secs_f64(),
    })
}
