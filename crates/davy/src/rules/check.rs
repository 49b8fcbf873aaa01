//! `davy rules check`.

mod covered;
mod profiled;

use std::path::{Path, PathBuf};

use davy_rules::{Diagnostic, Plan, Severity, bundle, compile_with_warnings, coverage, reader::nearest};
use davy_server::sources;
use serde_json::json;

use self::{covered::Wanted, profiled::Foreign};
use crate::{
    exit::{Exit, Misuse},
    out, site_folder,
};

/// Which files, and what is told of them.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// A site's folder, or a folder of such folders
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// One JSON object a line: the findings, what each rule covers, the tags that no rule judges, then a summary
    #[arg(long)]
    json: bool,
    /// What this rule covers, and no other
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// The rules that cover this tag, and no others; `*` is any text, `?` one character
    #[arg(long, value_name = "NAME")]
    tag: Option<String>,
    /// The names of all tags, and not only of the first few
    #[arg(long)]
    verbose: bool,
    /// A warning is a finding too: the exit code is 1
    #[arg(long)]
    strict: bool,
    /// In what the levels would be otherwise under another system's reading of their deadbands
    #[arg(long, value_enum)]
    profile: Option<Foreign>,
}

/// A site's folder, and what its files are.
struct Checked {
    folder: PathBuf,
    plan: Option<Plan>,
    findings: Vec<Diagnostic>,
}

/// Does it.
pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    let mut sites = Vec::new();
    for folder in site_folder::find(&args.folder)? {
        let (plan, findings) = compile(&folder)?;
        sites.push(Checked { folder, plan, findings });
    }
    let wanted = Wanted { rule: args.rule.as_deref(), tag: args.tag.as_deref(), all: args.verbose };
    check_names(&sites, wanted)?;
    for site in &sites {
        tell(site, wanted, args.json)?;
        if let (Some(plan), Some(profile)) = (&site.plan, args.profile) {
            profiled::lines(plan, profile.into(), wanted, args.json).into_iter().try_for_each(out::line)?;
        }
    }
    let stops = |finding: &Diagnostic| args.strict || finding.severity == Severity::Error;
    Ok(Exit::found(sites.iter().flat_map(|site| &site.findings).any(stops)))
}

/// A rule or a tag that no site has is a mistake of the call. Of a site with errors nobody knows what it has.
fn check_names(sites: &[Checked], wanted: Wanted<'_>) -> anyhow::Result<()> {
    let Some(plans) = sites.iter().map(|site| site.plan.as_ref()).collect::<Option<Vec<_>>>() else {
        return Ok(());
    };
    if let Some(id) = wanted.rule
        && !plans.iter().any(|plan| plan.rules.iter().any(|rule| *rule.id == *id))
    {
        let near = nearest(id, plans.iter().flat_map(|plan| plan.rules.iter().map(|rule| &*rule.id)));
        return Err(unknown("rule", id, near));
    }
    if let Some(pattern) = wanted.tag
        && !plans.iter().any(|plan| !coverage::tags_named(plan, pattern).is_empty())
    {
        let near =
            nearest(pattern, plans.iter().flat_map(|plan| plan.site.tags.iter().map(|tag| &*tag.name)));
        return Err(unknown("tag", pattern, near));
    }
    Ok(())
}

fn unknown(kind: &str, name: &str, near: Option<&str>) -> anyhow::Error {
    let near = near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
    Misuse(format!("no {kind} \"{name}\" in these files{near}")).into()
}

fn tell(site: &Checked, wanted: Wanted<'_>, as_json: bool) -> anyhow::Result<()> {
    let Checked { folder, plan, findings } = site;
    for finding in findings {
        let told =
            if as_json { finding_json(folder, finding).to_string() } else { finding_text(folder, finding) };
        out::line(told)?;
    }
    if let Some(plan) = plan {
        if as_json {
            covered::json(plan, wanted).into_iter().try_for_each(out::line)?;
        } else {
            covered::text(plan, wanted).into_iter().try_for_each(out::line)?;
        }
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    out::line(summary(folder, plan.as_ref(), errors, findings.len() - errors, as_json))?;
    Ok(())
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
