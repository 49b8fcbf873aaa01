//! `davy rules mhi`.

mod inventory;
mod told;

use std::path::PathBuf;

use davy_model::Site;
use davy_rules::{HazardSource, bundle, compile};
use davy_workbench::mhi::{self, Class, SourceReport};

use super::check::finding_text;
use crate::{
    exit::{Exit, Misuse},
    out, site_folder,
};

/// Which sites, and what is in their tanks.
#[derive(Debug, clap::Args)]
pub(crate) struct MhiArgs {
    /// A site's folder, or a folder of such folders
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// What a tag reads now, in its own unit or another: TK-101/level=7.31, "TK-101/level=731 cm"
    #[arg(long, value_name = "TAG=VALUE")]
    inventory: Vec<String>,
    /// One JSON object a source
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(crate) fn run(args: &MhiArgs) -> anyhow::Result<Exit> {
    let folders = site_folder::find(&args.folder)?;
    if !args.inventory.is_empty() && folders.len() > 1 {
        return Err(Misuse("--inventory goes with one site: name its folder".to_owned()).into());
    }
    let (mut found, mut sources) = (false, 0);
    for folder in folders {
        let plan = match bundle(site_folder::read(&folder)?).and_then(|bundle| compile(&bundle)) {
            Ok(plan) => plan,
            Err(findings) => {
                findings.iter().for_each(|one| eprintln!("{}", finding_text(&folder, one)));
                return Ok(Exit::BadConfiguration);
            }
        };
        let values = inventory::read(&args.inventory, &plan)?;
        for source in &plan.hazard_sources {
            let report = mhi::report(source, &values);
            found |= is_finding(&report);
            out::line(told(&plan.site, source, &report, args.json))?;
        }
        sources += plan.hazard_sources.len();
    }
    if sources == 0 {
        let told = format!("{}: no hazard_sources in site.yaml, so nothing to reckon", args.folder.display());
        return Err(Misuse(told).into());
    }
    Ok(Exit::found(found))
}

fn told(site: &Site, source: &HazardSource, report: &SourceReport<'_>, as_json: bool) -> String {
    if as_json { told::json(site, source, report).to_string() } else { told::text(site, source, report) }
}

/// More is there than the design allows for, or what is there is of a graver class.
fn is_finding(report: &SourceReport<'_>) -> bool {
    let class: Option<Option<Class>> = report.live.as_ref().map(|live| live.class);
    !report.over_design().is_empty() || class.is_some_and(|live| live > report.design.class)
}
