//! `davy payload`.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Subcommand;
use davy_codec::{Codec, Metric, Native, Rejection, Sink, Summary};
use davy_model::{Reason, Severity, Site, Timestamp, Unit};
use davy_proto::v1::Problem;
use davy_rules::{bundle, compile};
use serde_json::json;

use crate::{dead_letters, exit::Exit, json, out, site_folder};

/// What to do with payloads.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Read a native payload as Davy would, and tell everything that is wrong with it
    Check(CheckArgs),
}

/// Which payload.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// The payload, JSON or protobuf; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Check its tags and units against this site's files too
    #[arg(long, value_name = "DIR")]
    site: Option<PathBuf>,
    /// One JSON object a line: the problems, then a summary
    #[arg(long)]
    json: bool,
}

/// What a payload came to.
#[derive(Default)]
struct Found {
    metrics: u32,
    problems: Vec<Problem>,
    rejected: bool,
}

/// Takes what the codec finds, and looks tags and units up where the site is known.
struct Check<'a> {
    site: Option<&'a Site>,
    found: Found,
}

/// Does it.
pub(crate) fn run(verb: Verb) -> anyhow::Result<Exit> {
    let Verb::Check(args) = verb;
    let payload = read(&args.file)?;
    let site = args.site.as_deref().map(load).transpose()?;
    let mut check = Check { site: site.as_ref(), found: Found::default() };
    let summary = Native::default().decode(&payload, Timestamp::default(), &mut check);
    let found = check.found;
    for problem in &found.problems {
        if args.json {
            out::line(json::problem(problem))?;
        } else {
            out::line(dead_letters::problem_text(problem))?;
        }
    }
    out::line(told(&summary, &found, args.json))?;
    Ok(Exit::found(found.rejected))
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut payload = Vec::new();
        io::stdin().lock().read_to_end(&mut payload)?;
        return Ok(payload);
    }
    fs::read(file).with_context(|| format!("reading {}", file.display()))
}

fn load(folder: &Path) -> anyhow::Result<Site> {
    let plan = bundle(site_folder::read(folder)?).and_then(|bundle| compile(&bundle));
    match plan {
        Ok(plan) => Ok(plan.site),
        Err(findings) => {
            bail!("{}: {} errors in its files; try davy rules check", folder.display(), findings.len())
        }
    }
}

fn told(summary: &Summary, found: &Found, as_json: bool) -> String {
    let form = summary.form.word();
    let good = found.metrics;
    if as_json {
        let seq = summary.seq;
        return json!({"form": form, "seq": seq, "good": good, "problems": found.problems.len()}).to_string();
    }
    format!("{form}: {good} good readings, {} problems", found.problems.len())
}

impl Sink for Check<'_> {
    fn metric(&mut self, metric: Metric<'_>) {
        match self.site.and_then(|site| refusal(site, &metric)) {
            Some(refusal) => self.problem(refusal),
            None => self.found.metrics += 1,
        }
    }

    fn problem(&mut self, rejection: Rejection) {
        self.found.rejected |= rejection.reason.severity() == Severity::Reject;
        self.found.problems.push(Problem::from(&rejection));
    }
}

/// Why the site would not take the metric.
fn refusal(site: &Site, metric: &Metric<'_>) -> Option<Rejection> {
    let Some(index) = site.tag_index(&metric.name) else {
        let expected = format!("one of the {} tags of {}", site.tags.len(), site.id);
        let fix = "send a name that davy tags list shows, or add it to tags.csv";
        return Some(Rejection::new(
            Reason::PointUnknown,
            metric.pointer("tag"),
            &metric.name,
            &expected,
            fix,
        ));
    };
    let tag = site.tag(index);
    let sent = metric.unit.as_deref()?;
    let refused = |reason| {
        let expected = format!("{} or a unit that converts to it", tag.unit);
        let fix = "send the unit the value is in; leave it out when it is the tag's own";
        Some(Rejection::new(reason, metric.pointer("unit"), sent, &expected, fix))
    };
    match Unit::parse(sent) {
        None => refused(Reason::UnitUnknown),
        Some(unit) if unit.conversion(tag.unit, &tag.substance).is_err() => refused(Reason::UnitMismatch),
        Some(_) => None,
    }
}
