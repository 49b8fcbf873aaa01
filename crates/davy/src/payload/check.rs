//! `davy payload check`.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    str,
};

use anyhow::Context;
use davy_codec::{Metric, Rejection, Sink, Summary};
use davy_intake::TrialSender;
use davy_model::{Severity, Timestamp};
use davy_proto::v1::Problem;
use serde_json::json;

use super::{
    mend, place,
    reader::Reader,
    verdict::{Bound, SiteTrial},
};
use crate::{
    dead_letters,
    exit::{Exit, Misuse},
    json, out,
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
    pub(super) mapping: Option<String>,
    /// The topic it comes by, of which a mapping may take the device's name. With --site it says who sends it and how it is
    /// read, as it would to Davy
    #[arg(long, value_name = "TOPIC")]
    pub(super) topic: Option<String>,
    /// Bind its readings to this site's tags, and tell what its rules would say
    #[arg(long, value_name = "DIR")]
    pub(super) site: Option<PathBuf>,
    /// The edge node that sends it, where the topic does not tell; without either, nobody looks who may send a tag
    #[arg(long, value_name = "EDGE_NODE", requires = "site")]
    pub(super) edge_node: Option<String>,
    /// With a topic of Sparkplug: the birth, of the edge node for NDATA, of the device for DDATA, that names its metrics
    #[arg(long, value_name = "FILE", requires = "topic")]
    pub(super) birth: Option<PathBuf>,
    /// When it arrives, RFC 3339; now without
    #[arg(long, value_name = "TIME", alias = "arrival")]
    at: Option<String>,
    /// One JSON object a line: the problems, the readings, then a summary
    #[arg(long)]
    json: bool,
}

/// Takes what the codec finds, and binds it where the site is known.
struct Check<'a> {
    site: Option<(&'a SiteTrial, TrialSender)>,
    readings: Vec<Line>,
    problems: Vec<Rejection>,
}

/// One reading, for people and for programs.
struct Line {
    name: String,
    value: Option<f64>,
    unit: Option<String>,
    time: Option<Timestamp>,
    quality: String,
    historical: bool,
    pointer: String,
    bound: Option<Bound>,
}

/// Does it.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    let arrival = match args.at.as_deref() {
        None => crate::span::now(),
        Some(text) => {
            text.parse().map_err(|_| Misuse(format!("{text}: no time such as 2026-11-23T08:00:00Z")))?
        }
    };
    let site = args.site.as_deref().map(SiteTrial::load).transpose()?;
    let reader = Reader::of(args, site.as_ref())?;
    let payload = read(&args.file)?;
    let (check, summary) = checked(&reader, &payload, arrival, site.as_ref());
    let text = str::from_utf8(&payload).ok();
    let mended = text.and_then(|text| mend::mended(text, &check.problems));
    let mended = mended.filter(|mended| {
        let after = checked(&reader, mended.as_bytes(), arrival, site.as_ref()).0;
        after.problems.len() < check.problems.len()
    });
    if args.json {
        told_json(&check, summary.as_ref(), reader.edge_node.as_deref(), mended.as_deref())?;
    } else {
        told(&check, summary.as_ref(), &payload, mended.as_deref())?;
        if site.is_some() && summary.is_some() && reader.edge_node.is_none() {
            out::line(
                "who may send these tags was not looked at: name the sender by --edge-node or --topic",
            )?;
        }
    }
    Ok(Exit::found(check.problems.iter().any(|problem| problem.reason.severity() == Severity::Reject)))
}

/// Nothing is read of what is refused for its topic or its sender.
fn checked<'a>(
    reader: &Reader,
    payload: &[u8],
    arrival: Timestamp,
    site: Option<&'a SiteTrial>,
) -> (Check<'a>, Option<Summary>) {
    let mut check = Check { site: None, readings: Vec::new(), problems: Vec::new() };
    check.problems.extend(reader.refusal.clone());
    if let Some(site) = site {
        match site.trial.sender(reader.edge_node.as_deref(), arrival) {
            Ok(sender) => check.site = Some((site, sender)),
            Err(refusal) => {
                check.problems.push(*refusal);
                return (check, None);
            }
        }
    }
    let summary = reader.read(payload, arrival, &mut check);
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

fn told(
    check: &Check<'_>,
    summary: Option<&Summary>,
    payload: &[u8],
    mended: Option<&str>,
) -> io::Result<()> {
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
    let Some(summary) = summary else { return out::line("refused whole, and not read") };
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

fn told_json(
    check: &Check<'_>,
    summary: Option<&Summary>,
    edge_node: Option<&str>,
    mended: Option<&str>,
) -> io::Result<()> {
    for problem in &check.problems {
        out::line(json::problem(&Problem::from(problem)))?;
    }
    for reading in &check.readings {
        out::line(reading.json())?;
    }
    let (form, seq) = (summary.map(|summary| summary.form.word()), summary.and_then(|summary| summary.seq));
    let (good, problems) = (check.readings.len(), check.problems.len());
    out::line(
        json!({
            "form": form, "seq": seq, "edge_node": edge_node, "good": good, "problems": problems,
            "corrected": mended,
        })
        .to_string(),
    )
}

impl Line {
    fn text(&self) -> String {
        let unit = self.unit.as_deref().unwrap_or_default();
        let time = self.time.map_or_else(|| "on arrival".to_owned(), |time| time.to_string());
        let history = if self.historical { ", history" } else { "" };
        let mut text = format!("  {}  →  {} = {}", self.pointer, self.name, shown(self.value, unit));
        text += &format!("  ({time}, {}{history})", self.quality);
        if let Some(bound) = &self.bound {
            let Bound { tag, value, unit, quality, verdict } = bound;
            let quality = if *quality == self.quality { String::new() } else { format!(" ({quality})") };
            text += &format!("\n      →  {tag} = {}{quality}  →  {verdict}", shown(*value, unit));
        }
        text
    }

    fn json(&self) -> String {
        let bound = self.bound.as_ref().map(|bound| {
            let Bound { tag, value, unit, quality, verdict } = bound;
            json!({"tag": tag, "value": value, "unit": unit, "quality": quality, "verdict": verdict})
        });
        json!({
            "pointer": self.pointer, "name": self.name, "value": self.value, "unit": self.unit,
            "time": self.time.map(|time| time.to_string()), "quality": self.quality,
            "historical": self.historical, "reading": bound,
        })
        .to_string()
    }
}

fn shown(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(|| "no value".to_owned(), |value| format!("{value} {unit}").trim_end().to_owned())
}

impl Sink for Check<'_> {
    fn metric(&mut self, metric: Metric<'_>) {
        let mut line = Line {
            name: metric.name.to_string(),
            value: metric.value,
            unit: metric.unit.as_deref().map(str::to_owned),
            time: metric.time,
            quality: metric.quality.to_string(),
            historical: metric.historical,
            pointer: metric.pointer("value"),
            bound: None,
        };
        if let Some((site, sender)) = &mut self.site {
            let tried = sender.bind(metric);
            line.bound = site.bound(&tried);
            self.problems.extend(tried.findings);
            if line.bound.is_none() {
                return;
            }
        }
        self.readings.push(line);
    }

    fn problem(&mut self, rejection: Rejection) {
        self.problems.push(rejection);
    }
}
