//! `davy journal verify`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use davy_journal::{Finding, Report, verify};
use serde_json::{Value, json};

use crate::{
    audit::{self, Place},
    exit::Exit,
    out,
};

/// Which journals.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Journal files, or data folders, whose audit log is checked too
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// One JSON object a journal
    #[arg(long)]
    json: bool,
}

/// Checks them all; goes on after a finding.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut journals = Vec::new();
    for path in &args.paths {
        journals.extend(super::find(path)?);
    }
    let mut whole = true;
    for place in args.paths.iter().filter_map(|path| Place::find(path)) {
        whole &= audit::check(&place, args.json)?;
    }
    for journal in journals {
        let report = verify(&journal).with_context(|| format!("checking {}", journal.display()))?;
        whole &= report.is_whole();
        if args.json {
            out::line(report_json(&journal, &report))?;
        } else {
            out::line(text(&journal, &report))?;
        }
    }
    Ok(Exit::found(!whole))
}

fn text(journal: &Path, report: &Report) -> String {
    let Report { first, commits, transitions, snapshots, cursors, head_hash, .. } = report;
    let site = report.site.as_deref().unwrap_or("no site can be read");
    let last = report.last_at.map_or(String::new(), |at| format!(", the last at {at}"));
    let since = if *first > 1 { format!(" from {first} on") } else { String::new() };
    let verdict = match report.findings.len() as u64 + report.findings_left_off {
        0 => "whole".to_owned(),
        found => format!("DAMAGED, {found} findings"),
    };
    let mut lines = vec![
        format!("{} ({site}): {verdict}", journal.display()),
        format!(
            "  {commits} commits{since}{last}; {transitions} transitions, {snapshots} snapshots, {cursors} cursors"
        ),
        format!("  head {head_hash}"),
    ];
    let line = |kind: &str, finding: &Finding| format!("  {kind}: {}: {}", finding.place, finding.what);
    lines.extend(report.findings.iter().map(|finding| line("finding", finding)));
    if report.findings_left_off > 0 {
        lines.push(format!("  and {} findings more", report.findings_left_off));
    }
    lines.extend(report.notes.iter().map(|note| line("note", note)));
    if !report.is_whole() {
        lines.push(
            "  try: keep the files as they are, restore a copy of the data folder, and verify that"
                .to_owned(),
        );
    }
    lines.join("\n")
}

fn report_json(journal: &Path, report: &Report) -> Value {
    let list = |found: &[Finding]| -> Vec<Value> {
        found.iter().map(|finding| json!({"place": finding.place, "what": finding.what})).collect()
    };
    json!({
        "journal": journal.display().to_string(), "site": report.site, "whole": report.is_whole(),
        "first": report.first, "commits": report.commits, "transitions": report.transitions, "snapshots": report.snapshots,
        "cursors": report.cursors, "last_at": report.last_at.map(|at| at.to_string()), "head": report.head_hash,
        "findings": list(&report.findings), "findings_left_off": report.findings_left_off,
        "notes": list(&report.notes),
    })
}
