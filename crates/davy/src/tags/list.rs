//! `davy tags list`.

use std::path::PathBuf;

use anyhow::Context;
use davy_model::{Reporting, Site, Tag};
use davy_rules::{bundle, compile_with_warnings};
use serde_json::{Value, json};

use crate::{exit::Exit, figures, out, rules, site_folder, span, table};

/// Whose.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A site's folder, or a folder of such folders
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Lists them.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut rows = Vec::new();
    for folder in site_folder::find(&args.folder)? {
        let compiled = bundle(site_folder::read(&folder)?).and_then(|bundle| compile_with_warnings(&bundle));
        let site = match compiled {
            Ok((plan, _)) => plan.site,
            Err(findings) => {
                for finding in &findings {
                    eprintln!("{}", rules::finding_text(&folder, finding));
                }
                return Ok(Exit::Findings);
            }
        };
        for tag in &site.tags {
            if args.json {
                out::line(tag_json(&site, tag)).context("writing")?;
            } else {
                rows.push(row(&site, tag));
            }
        }
    }
    if !args.json {
        let headings =
            ["SITE", "TAG", "TITLE", "QUANTITY", "UNIT", "RANGE", "INTERVAL", "SILENCE", "AREA", "EDGE NODE"];
        out::line(table::render(&headings, rows))?;
    }
    Ok(Exit::Ok)
}

fn row(site: &Site, tag: &Tag) -> Vec<table::Field> {
    let range =
        tag.range.map(|range| format!("{} to {}", figures::number(range.low), figures::number(range.high)));
    let interval = match tag.reporting {
        Reporting::Periodic => span::words(tag.expected_interval),
        Reporting::ByException => "by exception".to_owned(),
    };
    vec![
        (&*site.id).into(),
        (&*tag.name).into(),
        tag.title.en.as_str().into(),
        tag.quantity.to_string().into(),
        tag.unit.to_string().into(),
        range.unwrap_or_default().into(),
        interval.into(),
        span::words(tag.silence_limit).into(),
        tag.area.as_deref().unwrap_or_default().into(),
        tag.edge_node.as_deref().unwrap_or("any").into(),
    ]
}

fn tag_json(site: &Site, tag: &Tag) -> Value {
    json!({
        "site": *site.id, "tag": *tag.name, "title": {"en": tag.title.en, "zh": tag.title.zh},
        "quantity": tag.quantity.to_string(), "unit": tag.unit.to_string(),
        "low": tag.range.map(|range| range.low), "high": tag.range.map(|range| range.high),
        "interval_s": tag.expected_interval.as_secs_f64(), "silence_limit_s": tag.silence_limit.as_secs_f64(),
        "by_exception": tag.reporting == Reporting::ByException, "area": tag.area.as_deref(),
        "edge_node": tag.edge_node.as_deref(), "device": tag.device.as_deref(), "equipment": tag.equipment.as_deref(),
        "hazard_source": tag.hazard_source.as_deref(),
    })
}
