//! `davy rules test`.

mod junit;
mod told;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use clap::ValueEnum;
use davy_model::Bundle;
use davy_rules::{Diagnostic, Plan, bundle, compile};
use davy_workbench::rule_test::{self, Test, TestReport};

use super::check::finding_text;
use crate::{
    exit::{Exit, Misuse},
    site_folder,
};

/// Which tests, and how they are told.
#[derive(Debug, clap::Args)]
pub(crate) struct TestArgs {
    /// A site's folder, or a folder of such folders
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Files of tests; those in the site's folder tests without
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,
    /// As people, programs or CI servers read it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// As --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Only tests whose name has this in it
    #[arg(long, value_name = "NAME")]
    filter: Option<String>,
}

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON object a line
    Json,
    /// JUnit XML
    Junit,
}

/// One file of tests, and what came of them.
struct Ran {
    path: PathBuf,
    findings: Vec<Diagnostic>,
    tests: Vec<(TestReport, Duration)>,
}

/// A site whose files can be used.
struct Site {
    folder: PathBuf,
    bundle: Arc<Bundle>,
    plan: Arc<Plan>,
}

/// Does it.
pub(crate) fn run(args: &TestArgs) -> anyhow::Result<Exit> {
    let folders = site_folder::find(&args.folder)?;
    if !args.files.is_empty() && folders.len() > 1 {
        return Err(Misuse("files of tests go with one site: name its folder".to_owned()).into());
    }
    let mut ran = Vec::new();
    for folder in folders {
        let site = match load(folder)? {
            Ok(site) => site,
            Err(findings) => {
                findings.iter().for_each(|finding| eprintln!("{finding}"));
                return Ok(Exit::BadConfiguration);
            }
        };
        for path in files_of(&site, args)? {
            ran.push(run_file(&site, path, args.filter.as_deref())?);
        }
    }
    let bad = ran.iter().any(|file| !file.findings.is_empty());
    if !bad && ran.iter().all(|file| file.tests.is_empty()) {
        let wanted = if args.filter.is_some() {
            "no test of that name"
        } else {
            "no tests; they stand in tests/*.yaml"
        };
        return Err(Misuse(format!("{}: {wanted}", args.folder.display())).into());
    }
    match if args.json { Format::Json } else { args.format } {
        Format::Text => told::text(&ran)?,
        Format::Json => told::json(&ran)?,
        Format::Junit => junit::tell(&ran)?,
    }
    let failed = ran.iter().flat_map(|file| &file.tests).any(|(test, _)| test.stops());
    Ok(if bad { Exit::BadConfiguration } else { Exit::found(failed) })
}

/// The site, or its findings, each on a line.
fn load(folder: PathBuf) -> anyhow::Result<Result<Site, Vec<String>>> {
    let told = |found: Vec<Diagnostic>| found.iter().map(|one| finding_text(&folder, one)).collect();
    let compiled = bundle(site_folder::read(&folder)?).and_then(|bundle| Ok((compile(&bundle)?, bundle)));
    Ok(match compiled {
        Ok((plan, bundle)) => Ok(Site { bundle: Arc::new(bundle), plan: Arc::new(plan), folder }),
        Err(found) => Err(told(found)),
    })
}

/// The files that were named; else all that stand in the site's folder, by name.
fn files_of(site: &Site, args: &TestArgs) -> anyhow::Result<Vec<PathBuf>> {
    if !args.files.is_empty() {
        return Ok(args.files.clone());
    }
    site_folder::tests(&site.folder)
}

fn run_file(site: &Site, path: PathBuf, filter: Option<&str>) -> anyhow::Result<Ran> {
    let text = fs::read_to_string(&path).map_err(|error| Misuse(format!("{}: {error}", path.display())))?;
    let (tests, findings) = rule_test::read(&site.plan, &path.display().to_string(), &text);
    let wanted = |test: &&Test| filter.is_none_or(|part| test.name.contains(part));
    let mut ran = Ran { path, findings, tests: Vec::new() };
    for test in tests.iter().filter(wanted) {
        let began = Instant::now();
        let report = rule_test::run(&site.bundle, &site.plan, test)?;
        ran.tests.push((report, began.elapsed()));
    }
    Ok(ran)
}

impl Ran {
    fn file(&self) -> &Path {
        &self.path
    }
}
