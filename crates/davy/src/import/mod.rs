//! `davy import`: readings of a time before Davy, put into history beside the line.

mod found;
mod judge;
mod long;
mod parquet_file;
mod rows;
mod site;
mod wide;

use std::path::PathBuf;

use anyhow::Context;
use davy_history::Written;
use davy_simulators::replay::ReplayMap;
use serde_json::json;

use self::{found::Findings, judge::Judge, rows::Rows, site::Target};
use crate::{check_config::refuse, exit::Exit, out};

/// Rows handed to the store at once.
const BATCH_ROWS: usize = 50_000;

/// What to bring in, and whose it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A file has a header and a reading a line, or the same columns as Parquet:
  time,tag,value,unit,quality
  2026-03-01T00:00:00.000000Z,AT-0601/nh3,3.5,ppm,good
unit, quality and arrival (when it arrived) may be left out. With --map it has a column a tag:
  site: park
  edge_node: gw-1
  time: {column: ts, format: \"%Y-%m-%d %H:%M:%S\", zone: \"+08:00\"}
  tags: [{column: nh3, tag: AT-0601/nh3, unit: ppm}]
Nothing that is imported raises an alarm.")]
pub(crate) struct Args {
    /// CSV with a header, gzip or not, or Parquet; its first bytes tell
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Which site's they are
    #[arg(long, value_name = "SITE")]
    site: String,
    /// Which columns of CSV are what, as davy replay takes it
    #[arg(long, value_name = "MAP.yaml")]
    map: Option<PathBuf>,
    /// The configuration file; davy.toml, when it is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read and check everything, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Default)]
struct Account {
    rows: u64,
    written: Written,
    findings: Findings,
}

/// Brings all of it in. Rows refused and rows too old are findings; the good ones beside them are kept.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let target = match Target::open(args.config.as_deref(), &args.site, !args.dry_run) {
        Ok(target) => target,
        Err(errors) => return Ok(refuse(&errors)),
    };
    let map = args.map.as_deref().map(ReplayMap::open).transpose()?;
    if let Some(map) = &map {
        wide::check(map, &args.site, &target.tags)?;
    }
    let now = crate::span::now();
    let judge = Judge { tags: &target.tags, now };
    let mut account = Account::default();
    for file in &args.files {
        let mut rows = Rows::open(file, map.as_ref(), judge)?;
        loop {
            let batch = rows.batch(BATCH_ROWS, &mut account.findings)?;
            if batch.read == 0 {
                break;
            }
            account.rows += batch.read;
            if let Some(store) = target.store.as_ref().filter(|_| !batch.rows.is_empty()) {
                let wrote = store.import(&args.site, target.tags.series(), &batch.rows, now).await;
                let wrote = wrote.with_context(|| {
                    format!(
                        "{}: up to {}; what came before is kept, and the same call goes on",
                        file.display(),
                        rows.place()
                    )
                })?;
                account.written.new += wrote.new;
                account.written.known += wrote.known;
                account.written.too_old += wrote.too_old;
            }
            eprintln!("{}: {} rows", file.display(), account.rows);
        }
    }
    tell(&args, &account)?;
    Ok(Exit::found(account.findings.total() > 0 || account.written.too_old > 0))
}

fn tell(args: &Args, account: &Account) -> std::io::Result<()> {
    let Account { rows, written, findings } = account;
    if args.json {
        return out::line(json!({
            "site": args.site, "dry_run": args.dry_run, "rows": rows, "new": written.new, "known": written.known,
            "too_old": written.too_old, "refused": findings.total(), "by_reason": findings.by_reason(),
            "findings": findings.shown(),
        }));
    }
    for one in findings.shown() {
        eprintln!("{one}");
    }
    for (reason, count) in findings.by_reason() {
        eprintln!("refused, {reason}: {count}");
    }
    if written.too_old > 0 {
        eprintln!(
            "older than history keeps readings: {}; raise history.readings and import again",
            written.too_old
        );
    }
    if args.dry_run {
        return out::line(format_args!(
            "{rows} rows: {} could be imported; nothing was written",
            rows - findings.total()
        ));
    }
    out::line(format_args!(
        "{rows} rows: {} new, {} known, {} too old, {} refused",
        written.new,
        written.known,
        written.too_old,
        findings.total()
    ))
}
