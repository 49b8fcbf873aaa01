//! `davy audit verify`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use davy_journal::audit::{AuditReport, Trusted, verify};
use serde_json::{Value, json};

use super::place::{Place, disk, read_key};
use crate::{exit::Exit, out};

/// Which log, and against what.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A data folder, or the folder of an audit log
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Public keys that are believed, PEM files; the key that lies beside the log when none is given
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// A folder of checkpoints that were kept elsewhere
    #[arg(long, value_name = "FOLDER")]
    checkpoints: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Checks it.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    // With checkpoints, a log that is gone altogether is a finding.
    let place = match &args.checkpoints {
        Some(_) => Place::find(&args.path).unwrap_or_else(|| Place::gone(&args.path)),
        None => Place::of(&args.path)?,
    };
    let mut trusted = Trusted::default();
    for path in &args.key {
        trusted.keys.push(read_key(path)?);
    }
    if let Some(folder) = &args.checkpoints {
        trusted =
            trusted.with_checkpoints_of(folder).with_context(|| format!("reading {}", folder.display()))?;
    }
    let whole = check_against(&place, trusted, args.json)?;
    Ok(Exit::found(!whole))
}

/// Checks the log with the key that lies beside it. Says whether it is whole.
pub(crate) fn check(place: &Place, as_json: bool) -> anyhow::Result<bool> {
    check_against(place, Trusted::default(), as_json)
}

fn check_against(place: &Place, mut trusted: Trusted, as_json: bool) -> anyhow::Result<bool> {
    if trusted.keys.is_empty() {
        trusted.keys.extend(place.own_key());
    }
    let report = verify(&disk(), &place.folder, &trusted)
        .with_context(|| format!("checking {}", place.folder.display()))?;
    match as_json {
        true => out::line(report_json(&place.folder, &report))?,
        false => out::line(text(&place.folder, &report))?,
    }
    Ok(report.is_whole())
}

fn text(folder: &Path, report: &AuditReport) -> String {
    let AuditReport { first, last, entries, last_time, head_hash, checkpoints, off_box, .. } = report;
    let verdict = match report.findings.len() as u64 + report.findings_left_off {
        0 => "whole".to_owned(),
        found => {
            format!("TAMPERED OR DAMAGED from entry {}, {found} findings", report.first_bad().unwrap_or(0))
        }
    };
    let mut lines = vec![
        format!("{} (audit log): {verdict}", folder.display()),
        format!("  {entries} entries, {first} to {last}, the last at {last_time}"),
        format!("  {checkpoints} checkpoints in it hold, and {off_box} that were kept elsewhere"),
        format!("  head {head_hash}"),
    ];
    lines.extend(report.findings.iter().map(|finding| format!("  finding: {finding}")));
    if report.findings_left_off > 0 {
        lines.push(format!("  and {} findings more", report.findings_left_off));
    }
    lines.extend(report.notes.iter().map(|note| format!("  note: {note}")));
    if !report.is_whole() {
        lines.push("  try: keep the files as they are, and compare them with a copy from before".to_owned());
    } else if *off_box == 0 {
        lines.push(
            "  note: whether its end was cut off, only checkpoints kept elsewhere can say (--checkpoints)"
                .to_owned(),
        );
    }
    lines.join("\n")
}

fn report_json(folder: &Path, report: &AuditReport) -> Value {
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| json!({ "entry": finding.entry, "place": finding.place, "what": finding.what }))
        .collect();
    json!({
        "audit": folder.display().to_string(), "whole": report.is_whole(), "first_bad": report.first_bad(),
        "first": report.first, "last": report.last, "entries": report.entries, "last_time": report.last_time,
        "head": report.head_hash, "checkpoints": report.checkpoints, "off_box": report.off_box,
        "findings": findings, "findings_left_off": report.findings_left_off, "notes": report.notes,
    })
}
