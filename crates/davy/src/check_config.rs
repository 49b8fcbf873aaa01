//! `davy check-config`.

use std::path::{Path, PathBuf};

use davy_server::{CheckReport, Config, Flags};
use serde_json::json;

use crate::{exit::Exit, out, span, table};

/// The configuration used when none is named, if it is there.
const DEFAULT_FILE: &str = "davy.toml";

/// Which configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// One JSON object a line: the sites and warnings, or the errors
    #[arg(long)]
    json: bool,
}

/// Where a server's configuration comes from. Flags have the last word.
#[derive(Debug, clap::Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file; davy.toml, when it is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where journals are kept
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// A site's folder, in place of the file's list; may be given several times
    #[arg(long = "site", value_name = "DIR")]
    sites: Vec<PathBuf>,
    /// Where gRPC, /metrics and /healthz are served
    #[arg(long, value_name = "ADDR")]
    http: Option<String>,
    /// Where MQTT is taken in
    #[arg(long, value_name = "ADDR")]
    door: Option<String>,
}

impl ConfigArgs {
    /// The configuration, or everything that is wrong with it.
    pub(crate) fn load(&self) -> Result<Config, Vec<String>> {
        let flags = Flags {
            data_dir: self.data_dir.clone(),
            sites: self.sites.clone(),
            http: self.http.clone(),
            door: self.door.clone(),
        };
        load(self.config.as_deref(), &flags)
    }
}

/// The configuration of that file, of davy.toml where none is named and it is there, or everything that is wrong with it.
pub(crate) fn load(config: Option<&Path>, flags: &Flags) -> Result<Config, Vec<String>> {
    let default = Path::new(DEFAULT_FILE);
    let file = config.or_else(|| default.is_file().then_some(default));
    Config::load(file, flags).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// Checks it and every site's files.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    match args.config.load().and_then(|config| davy_server::check(&config, span::now())) {
        Ok(report) => {
            tell(&report, args.json)?;
            Ok(Exit::Ok)
        }
        Err(errors) if args.json => {
            for error in &errors {
                out::line(json!({"error": error}))?;
            }
            Ok(Exit::BadConfiguration)
        }
        Err(errors) => Ok(refuse(&errors)),
    }
}

/// Tells every error of a configuration that cannot be used.
pub(crate) fn refuse(errors: &[String]) -> Exit {
    for error in errors {
        eprintln!("error: {error}");
    }
    eprintln!("errors: {}; mend them and try davy check-config", errors.len());
    Exit::BadConfiguration
}

fn tell(report: &CheckReport, as_json: bool) -> std::io::Result<()> {
    if as_json {
        for site in &report.sites {
            out::line(json!({
                "site": *site.site, "revision": *site.revision, "tags": site.tags, "rules": site.rules,
                "watches": site.watches,
            }))?;
        }
        return report.warnings.iter().try_for_each(|warning| out::line(json!({"warning": warning})));
    }
    let row = |site: &davy_server::CheckedSite| {
        let figures = [site.tags, site.rules, site.watches].map(|figure| figure.to_string().into());
        [(&*site.site).into(), (&*site.revision).into()].into_iter().chain(figures).collect()
    };
    let headings = ["SITE", "REVISION", "TAGS", "RULES", "WATCHES"];
    out::line(table::render(&headings, report.sites.iter().map(row).collect()))?;
    for warning in &report.warnings {
        out::line(format_args!("warning: {warning}"))?;
    }
    out::line(format_args!("no errors, {} warnings", report.warnings.len()))
}
