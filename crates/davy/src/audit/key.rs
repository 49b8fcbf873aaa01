//! `davy audit key`.

use std::path::PathBuf;

use crate::{
    audit::Place,
    exit::{Exit, Misuse},
    out,
};

/// Whose.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The data folder
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// As 64 digits, not as PEM
    #[arg(long)]
    hex: bool,
}

/// Prints the public half.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let place = Place::gone(&args.path);
    let Some(key) = place.own_key() else {
        let what = format!(
            "{}: no audit.key can be read here; davy serve makes one at its first start",
            args.path.display()
        );
        return Err(Misuse(what).into());
    };
    out::line(if args.hex { key.to_string() } else { key.pem().trim_end().to_owned() })?;
    Ok(Exit::Ok)
}
