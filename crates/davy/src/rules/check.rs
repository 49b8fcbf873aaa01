//! `davy rules check`.

use std::path::{Path, PathBuf};

use davy_rules::{Diagnostic, Plan, Severity, bundle, compile_with_warnings};
use davy_server::sources;
use serde_json::json;

use crate::{exit::Exit, out, site_folder};

/// Which files.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// A site's folder, or a folder of such folders
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// One JSON object a line: the findings, then a summary of each site
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    let mut errors = 0;
    for site in site_folder::find(&args.folder)? {
        errors += check(&site, args.json)?;
    }
    Ok(Exit::found(errors > 0))
}

/// How many errors there are.
fn check(site: &Path, as_json: bool) -> anyhow::Result<usize> {
    let (plan, findings) = compile(site)?;
    for finding in &findings {
        let told =
            if as_json { finding_json(site, finding).to_string() } else { finding_text(site, finding) };
        out::line(told)?;
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    out::line(summary(site, plan.as_ref(), errors, findings.len() - errors, as_json))?;
    Ok(errors)
}

fn compile(site: &Path) -> anyhow::Result<(Option<Plan>, Vec<Diagnostic>)> {
    let bundle = bundle(site_folder::read(site)?);
    let compiled = bundle.and_then(|bundle| {
        let (plan, warnings) = compile_with_warnings(&bundle)?;
        sources(&bundle, &plan)?;
        Ok((plan, warnings))
    });
    Ok(match compiled {
        Ok((plan, warnings)) => (Some(plan), warnings),
        Err(findings) => (None, findings),
    })
}

/// A finding on one line, as compilers print theirs, so that an editor can jump to it.
pub(crate) fn finding_text(site: &Path, finding: &Diagnostic) -> String {
    format!("{}: {}", finding.severity.word(), site.join(finding.to_string()).display())
}

fn finding_json(site: &Path, finding: &Diagnostic) -> serde_json::Value {
    json!({
        "site_folder": site.display().to_string(), "file": *finding.file, "line": finding.line,
        "column": finding.column, "severity": finding.severity.word(), "code": finding.code.word(),
        "message": finding.message, "found": finding.found, "expected": finding.expected, "help": finding.help,
    })
}

fn summary(folder: &Path, plan: Option<&Plan>, errors: usize, warnings: usize, as_json: bool) -> String {
    let site = plan.map(|plan| &*plan.site.id);
    if as_json {
        let value = json!({
            "site_folder": folder.display().to_string(), "site": site, "errors": errors, "warnings": warnings,
            "revision": plan.map(|plan| &*plan.revision), "tags": plan.map(|plan| plan.site.tags.len()),
            "rules": plan.map(|plan| plan.rules.len()), "watches": plan.map(|plan| plan.watches.len()),
        });
        return value.to_string();
    }
    let found = format!("{errors} errors, {warnings} warnings");
    match plan {
        Some(plan) => format!(
            "{}: {} rules on {} tags, {} watches, revision {}; {found}",
            plan.site.id,
            plan.rules.len(),
            plan.site.tags.len(),
            plan.watches.len(),
            plan.revision
        ),
        None => format!("{}: {found}; nothing of it can be used", folder.display()),
    }
}
