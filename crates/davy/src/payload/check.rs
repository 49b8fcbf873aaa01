//! `davy payload check`.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    str,
};

use anyhow::{Context, bail};
use davy_codec::{Codec, Metric, Rejection, Sink, Summary};
use davy_model::{Severity, Timestamp};
use davy_proto::v1::Problem;
use davy_rules::{Plan, bundle, compile};
use serde_json::json;

use super::{codec, mend, place, verdict};
use crate::{
    dead_letters,
    exit::{Exit, Misuse},
    json, out, site_folder,
};

/// Readings listed for people at most.
const LISTED_MAX: usize = 50;

/// Which payload, and how it is read.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// The payload, in any form; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How it is read: a mapping that ships or that the site has, a file, senml or hj212; as a native payload without
    #[arg(long, value_name = "NAME|FILE")]
    mapping: Option<String>,
    /// The topic it comes by, of which a mapping may take the device's name
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Bind its readings to this site's tags, and tell what its rules would say
    #[arg(long, value_name = "DIR")]
    site: Option<PathBuf>,
    /// When it arrives, RFC 3339; now without
    #[arg(long, value_name = "TIME")]
    arrival: Option<String>,
    /// One JSON object a line: the problems, the readings, then a summary
    #[arg(long)]
    json: bool,
}

/// Takes what the codec finds, and binds it where the site is known.
struct Check<'a> {
    plan: Option<&'a Plan>,
    readings: Vec<Line>,
    problems: Vec<Rejection>,
}

/// One reading, for people and for programs.
struct Line {
    name: String,
    value: f64,
    unit: Option<String>,
    time: Option<Timestamp>,
    quality: String,
    historical: bool,
    pointer: String,
    bound: Option<verdict::Bound>,
}

/// Does it.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    let arrival = match args.arrival.as_deref() {
        None => Timestamp::from_micros(jiff::Timestamp::now().as_microsecond()),
        Some(text) => {
            text.parse().map_err(|_| Misuse(format!("{text}: no time such as 2026-11-23T08:00:00Z")))?
        }
    };
    let codec = codec::of(args.mapping.as_deref(), args.topic.as_deref(), args.site.as_deref())?;
    let plan = args.site.as_deref().map(load).transpose()?;
    let payload = read(&args.file)?;
    let (check, summary) = checked(&*codec, &payload, arrival, plan.as_ref());
    let text = str::from_utf8(&payload).ok();
    let mended = text.and_then(|text| mend::mended(text, &check.problems));
    let mended = mended.filter(|mended| {
        let after = checked(&*codec, mended.as_bytes(), arrival, plan.as_ref()).0;
        after.problems.len() < check.problems.len()
    });
    if args.json {
        told_json(&check, &summary, mended.as_deref())?;
    } else {
        told(&check, &summary, &payload, mended.as_deref())?;
    }
    Ok(Exit::found(check.problems.iter().any(|problem| problem.reason.severity() == Severity::Reject)))
}

fn checked<'a>(
    codec: &dyn Codec,
    payload: &[u8],
    arrival: Timestamp,
    plan: Option<&'a Plan>,
) -> (Check<'a>, Summary) {
    let mut check = Check { plan, readings: Vec::new(), problems: Vec::new() };
    let summary = codec.decode(payload, arrival, &mut check);
    (check, summary)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut payload = Vec::new();
        io::stdin().lock().read_to_end(&mut payload)?;
        return Ok(payload);
    }
    fs::read(file).with_context(|| format!("reading {}", file.display()))
}

fn load(folder: &Path) -> anyhow::Result<Plan> {
    match bundle(site_folder::read(folder)?).and_then(|bundle| compile(&bundle)) {
        Ok(plan) => Ok(plan),
        Err(findings) => {
            bail!("{}: {} errors in its files; try davy rules check", folder.display(), findings.len())
        }
    }
}

fn told(check: &Check<'_>, summary: &Summary, payload: &[u8], mended: Option<&str>) -> io::Result<()> {
    for reading in check.readings.iter().take(LISTED_MAX) {
        out::line(reading.text())?;
    }
    if check.readings.len() > LISTED_MAX {
        out::line(format!("  and {} more", check.readings.len() - LISTED_MAX))?;
    }
    for problem in &check.problems {
        out::line(dead_letters::problem_text(&Problem::from(problem)))?;
        if let Some(shown) = pointed_at(payload, problem) {
            out::line(shown)?;
        }
    }
    if let Some(mended) = mended {
        out::line(format!("corrected payload:\n{mended}"))?;
    }
    if check.readings.is_empty() && check.problems.is_empty() {
        out::line("no readings in it, and nothing wrong with that")?;
    }
    let (form, good) = (summary.form.word(), check.readings.len());
    out::line(format!("{form}: {good} good readings, {} problems", check.problems.len()))
}

/// The place of a problem in the payload: the line with carets, or bytes.
fn pointed_at(payload: &[u8], problem: &Rejection) -> Option<String> {
    match (str::from_utf8(payload), problem.position) {
        (Ok(text), Some(position)) => place::shown(text, &(position.offset..position.offset + 1)),
        (Ok(text), None) if !problem.pointer.is_empty() => {
            place::shown(text, &place::of_pointer(text, &problem.pointer)?)
        }
        (Ok(_), None) => None,
        (Err(_), Some(position)) => Some(place::hex(payload, position.offset)),
        (Err(_), None) => None,
    }
}

fn told_json(check: &Check<'_>, summary: &Summary, mended: Option<&str>) -> io::Result<()> {
    for problem in &check.problems {
        out::line(json::problem(&Problem::from(problem)))?;
    }
    for reading in &check.readings {
        out::line(reading.json())?;
    }
    let (form, seq) = (summary.form.word(), summary.seq);
    let (good, problems) = (check.readings.len(), check.problems.len());
    out::line(
        json!({"form": form, "seq": seq, "good": good, "problems": problems, "corrected": mended})
            .to_string(),
    )
}

impl Line {
    fn text(&self) -> String {
        let unit = self.unit.as_deref().unwrap_or_default();
        let time = self.time.map_or_else(|| "on arrival".to_owned(), |time| time.to_string());
        let history = if self.historical { ", history" } else { "" };
        let mut text =
            format!("  {}  →  {} = {} {unit}", self.pointer, self.name, self.value).trim_end().to_owned();
        text += &format!("  ({time}, {}{history})", self.quality);
        if let Some(bound) = &self.bound {
            text +=
                &format!("\n      →  {} = {} {}  →  {}", bound.tag, bound.value, bound.unit, bound.verdict);
        }
        text
    }

    fn json(&self) -> String {
        let bound = self.bound.as_ref().map(|bound| {
            json!({"tag": bound.tag, "value": bound.value, "unit": bound.unit, "verdict": bound.verdict})
        });
        json!({
            "pointer": self.pointer, "name": self.name, "value": self.value, "unit": self.unit,
            "time": self.time.map(|time| time.to_string()), "quality": self.quality,
            "historical": self.historical, "reading": bound,
        })
        .to_string()
    }
}

impl Sink for Check<'_> {
    fn metric(&mut self, metric: Metric<'_>) {
        let mut bound = match self.plan.map(|plan| verdict::bind(plan, &metric)).transpose() {
            Ok(bound) => bound,
            Err(refusal) => return self.problem(*refusal),
        };
        self.problems.extend(bound.as_mut().and_then(|bound| bound.warning.take()));
        self.readings.push(Line {
            name: metric.name.to_string(),
            value: metric.value,
            unit: metric.unit.as_deref().map(str::to_owned),
            time: metric.time,
            quality: metric.quality.to_string(),
            historical: metric.historical,
            pointer: metric.pointer("value"),
            bound,
        });
    }

    fn problem(&mut self, rejection: Rejection) {
        self.problems.push(rejection);
    }
}
