//! `davy export`: what history holds, in files that others read.

mod alarms;
mod buckets;
mod csv_file;
mod parquet_file;
mod place;
mod readings;
mod sink;
mod source;

use std::{path::PathBuf, time::Duration};

use davy_model::Timestamp;
use serde_json::json;

use self::{
    place::{Format, Place},
    source::Source,
};
use crate::{
    exit::{Exit, Misuse},
    out, span,
    stop::{Asked, Signals},
};

/// What to export.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    /// Readings one by one, as davy import takes them; with --every, buckets of them
    Readings(ReadingsArgs),
    /// Transitions of alarms, one a row, in the order they were recorded
    Alarms(Args),
}

/// Which readings.
#[derive(Debug, clap::Args)]
pub(crate) struct ReadingsArgs {
    #[command(flatten)]
    of: Args,
    /// Buckets of this width in place of readings: start, first, min, max, mean, last, count and share_good of each
    #[arg(long, value_name = "SPAN", value_parser = span::parse)]
    every: Option<Duration>,
}

/// Of what, from when to when, and where to.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Of which site
    #[arg(long, value_name = "SITE")]
    site: String,
    /// Only of this tag, or of those that a pattern with * and ? meets; may be given several times
    #[arg(long = "tag", value_name = "PATTERN")]
    tags: Vec<String>,
    /// From then on, RFC 3339: readings by the time of measurement, alarms by when they were recorded
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Before then
    #[arg(long, value_name = "TIME", alias = "to")]
    until: Option<Timestamp>,
    /// csv or parquet; as the file's name ends, without
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// The file: .csv, .csv.gz or .parquet. It is there when it is whole. CSV goes to standard output without
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The configuration file; davy.toml, when it is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The account as one JSON object; needs -o
    #[arg(long, requires = "output")]
    json: bool,
}

/// Exports it. What was begun and not ended leaves no file.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<Exit> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        exit = export(&verb) => exit,
        () = stopped(&mut signals) => {
            eprintln!("interrupted: not all was exported, and no file was written");
            Ok(Exit::Findings)
        }
    }
}

async fn stopped(signals: &mut Signals) {
    while signals.next().await != Asked::Stop {}
}

async fn export(verb: &Verb) -> anyhow::Result<Exit> {
    let (Verb::Readings(ReadingsArgs { of: args, .. }) | Verb::Alarms(args)) = verb;
    if let (Some(from), Some(until)) = (args.from, args.until)
        && from >= until
    {
        return Err(Misuse("--from is not before --until".to_owned()).into());
    }
    if let Verb::Readings(ReadingsArgs { every: Some(width), .. }) = verb {
        buckets::check(*width)?;
    }
    let place = Place::of(args.output.as_deref(), args.format)?;
    let source = Source::open(args.config.as_deref(), &args.site)?;
    let rows = match verb {
        Verb::Readings(ReadingsArgs { every: None, .. }) => readings::write(args, &source, place).await?,
        Verb::Readings(ReadingsArgs { every: Some(width), .. }) => {
            buckets::write(args, &source, *width, place).await?
        }
        Verb::Alarms(_) => alarms::write(args, &source, place).await?,
    };
    tell(args, rows)?;
    Ok(Exit::Ok)
}

fn tell(args: &Args, rows: u64) -> std::io::Result<()> {
    let Some(file) = &args.output else {
        eprintln!("{rows} rows");
        return Ok(());
    };
    if args.json {
        return out::line(json!({"site": args.site, "rows": rows, "file": file.display().to_string()}));
    }
    out::line(format_args!("{}: {rows} rows", file.display()))
}
