//! `davy journal`: the durable record, looked at from outside. None of it changes a journal.

mod export;
mod remake;
mod verify;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;

use crate::exit::{Exit, Misuse};

/// The ending of journals in a data folder.
const ENDING: &str = "sqlite";

/// What to do with journals.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Check every byte: pages, checksums, the chain of commits
    Verify(verify::Args),
    /// Inputs and transitions as JSON, one object a line
    Export(export::Args),
    /// Judge every input again and compare what comes out, byte for byte
    Replay(remake::Args),
}

/// Does it.
pub(crate) fn run(verb: Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::Verify(args) => verify::run(&args),
        Verb::Export(args) => export::run(&args),
        Verb::Replay(args) => remake::run(&args),
    }
}

/// The journals at `path`: the file itself, or those of a data folder by name.
fn find(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.is_dir() {
        return Err(Misuse(format!("{}: no such file or folder", path.display())).into());
    }
    let reading = || format!("reading {}", path.display());
    let mut found = Vec::new();
    for entry in path.read_dir().with_context(reading)? {
        let file = entry.with_context(reading)?.path();
        if file.extension().is_some_and(|ending| ending == ENDING) {
            found.push(file);
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(Misuse(format!("{}: no journal here (*.{ENDING})", path.display())).into());
    }
    Ok(found)
}

/// The one journal at `path`.
pub(crate) fn find_one(path: &Path) -> anyhow::Result<PathBuf> {
    let mut found = find(path)?;
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (_, _) => Err(Misuse(format!("{}: more than one journal; name one of them", path.display())).into()),
    }
}
