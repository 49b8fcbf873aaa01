//! `davy journal replay`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use davy_server::replay::{ReplayReport, replay};
use serde_json::json;

use crate::{exit::Exit, out};

/// Which journal.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A journal file, or a data folder
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Write what comes out to this new journal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// One JSON object a journal
    #[arg(long)]
    json: bool,
}

/// Judges every commit again. A difference is a finding.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    if let Some(out) = &args.out
        && out.exists()
    {
        bail!("{} is there already: name a new file", out.display());
    }
    let journals = match &args.out {
        Some(_) => vec![super::find_one(&args.path)?],
        None => super::find(&args.path)?,
    };
    let mut same = true;
    for journal in journals {
        let report = replay(&journal, args.out.as_deref())
            .with_context(|| format!("replaying {}", journal.display()))?;
        same &= report.differs.is_none();
        if args.json {
            out::line(report_json(&journal, &report))?;
        } else {
            out::line(text(&journal, &report))?;
        }
    }
    Ok(Exit::found(!same))
}

fn text(journal: &Path, report: &ReplayReport) -> String {
    let ReplayReport { site, commits, transitions, head, differs, first_kept, first } = report;
    let since = if *first > 1 { format!(" from {first} on") } else { String::new() };
    let before = match first - first_kept {
        0 => String::new(),
        before => format!(
            "\n  {before} commits before {first} are kept, and no state of the engine to judge them from"
        ),
    };
    let place = journal.display();
    match differs {
        None => format!(
            "{place} ({site}): {commits} commits{since} and {transitions} transitions made again, the same to the byte\n  head {head}{before}"
        ),
        Some(commit) => format!(
            "{place} ({site}): commit {commit} DIFFERS from what was written; {commits} commits judged\n  \
             try: davy journal verify {place}, and the Davy version that wrote it"
        ),
    }
}

fn report_json(journal: &Path, report: &ReplayReport) -> serde_json::Value {
    json!({
        "journal": journal.display().to_string(), "site": report.site, "first_kept": report.first_kept,
        "first": report.first, "commits": report.commits,
        "transitions": report.transitions, "head": report.head, "differs": report.differs,
    })
}
