//! `davy accounts`: what goes into an accounts file.

use std::fs::File;
use std::io::Read;

use anyhow::Context;
use davy_access::PasswordHash;

use crate::{
    exit::{Exit, Misuse},
    out, password,
};

/// What goes into an accounts file.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    /// The argon2id hash of a password, asked for or read from standard input
    Hash,
}

/// Does it.
pub(crate) fn run(verb: &Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::Hash => hash(),
    }
}

fn hash() -> anyhow::Result<Exit> {
    let password = password::ask("password: ")?;
    let mut salt = [0; 16];
    File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut salt)).context("/dev/urandom")?;
    let hash = PasswordHash::of(password.as_bytes(), salt).map_err(|error| Misuse(error.to_string()))?;
    out::line(format_args!("password_argon2id = \"{hash}\""))?;
    Ok(Exit::Ok)
}
