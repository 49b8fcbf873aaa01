//! `davy audit checkpoints`.

use std::path::PathBuf;

use davy_journal::audit::{Filter, Signed, Trusted, What, page};

use super::place::{Place, disk};
use crate::{exit::Exit, out, table};

/// Of which log, or of which folder.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A data folder, the folder of an audit log, or a folder of checkpoints that were kept elsewhere
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Also the text that was signed, for openssl pkeyutl -verify -rawin
    #[arg(long)]
    text: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Lists them, the newest last.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let found = match Place::find(&args.path) {
        Some(place) => of_log(&place)?,
        None => Trusted::default()
            .with_checkpoints_of(&args.path)?
            .off_box
            .into_iter()
            .map(|(_, signed)| signed)
            .collect(),
    };
    if args.json {
        for signed in &found {
            out::line(serde_json::to_string(signed)?)?;
        }
    } else if args.text {
        for signed in &found {
            out::line(format!("{}signature {}\nkey {}\n", signed.text(), signed.signature, signed.key))?;
        }
    } else {
        let headings = ["ENTRY", "SIGNED (UTC)", "NODE", "KEY", "HASH"];
        out::line(table::render(&headings, found.iter().map(row).collect()))?;
    }
    Ok(Exit::Ok)
}

fn of_log(place: &Place) -> anyhow::Result<Vec<Signed>> {
    let filter = Filter { what: vec![What::Checkpoint.word().to_owned()], ..Filter::default() };
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = page(&disk(), &place.folder, &filter, before, 1000)?;
        let signed = page.entries.into_iter().filter_map(|noted| serde_json::from_value(noted.after?).ok());
        found.extend(signed);
        before = page.next;
        if before.is_none() {
            found.reverse();
            return Ok(found);
        }
    }
}

fn row(signed: &Signed) -> Vec<table::Field> {
    let short = |digits: &str| digits.get(..16).unwrap_or(digits).to_owned();
    vec![
        signed.number.to_string().into(),
        signed.time.as_str().into(),
        signed.node.as_str().into(),
        short(&signed.key).into(),
        short(&signed.hash).into(),
    ]
}
