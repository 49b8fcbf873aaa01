//! `davy version`.

use serde_json::json;

use crate::{exit::Exit, out};

/// How to tell.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Tells the version.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let version = env!("CARGO_PKG_VERSION");
    if args.json {
        let target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
        out::line(json!({"name": "davy", "version": version, "api": "davy.v1", "target": target}))?;
    } else {
        out::line(format_args!("davy {version}"))?;
    }
    Ok(Exit::Ok)
}
