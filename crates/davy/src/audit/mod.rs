//! `davy audit`: who did what to a Davy. None of it changes the log.

mod checkpoints;
mod key;
mod list;
mod place;
mod verify;

use clap::Subcommand;

pub(crate) use self::{place::Place, verify::check};
use crate::exit::Exit;

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// What was done, the newest last: from the files, or from a running Davy
    List(list::Args),
    /// Check every entry, and against checkpoints that were kept elsewhere; the first bad one comes first
    Verify(verify::Args),
    /// The public half of the key that signs checkpoints: give it to whoever will check
    Key(key::Args),
    /// What was signed, with the text that was signed
    Checkpoints(checkpoints::Args),
}

/// Does it.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::List(args) => list::run(args).await,
        Verb::Verify(args) => verify::run(&args),
        Verb::Key(args) => key::run(&args),
        Verb::Checkpoints(args) => checkpoints::run(&args),
    }
}
