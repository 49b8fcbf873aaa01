//! `davy pki`: a private authority for a plant, in a folder.

mod authority;
mod folder;
mod issue;
mod ledger;
mod list;
mod revoke;

use std::{net::IpAddr, path::PathBuf, time::Duration};

use clap::Subcommand;

use crate::{exit::Exit, span};

/// What to do with the plant's authority.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// A new authority: its certificate, its key, an empty list of what was revoked
    Init(InitArgs),
    /// A certificate for a Davy, or a broker, by the names and addresses it is reached at
    Server(ServerArgs),
    /// A certificate for a client: a gateway, a console, a person
    Client(ClientArgs),
    /// A certificate is to hold no more: it goes on the list
    Revoke(RevokeArgs),
    /// What was signed: until when each holds, and what was revoked
    List(ListArgs),
}

/// Where the authority is.
#[derive(Debug, clap::Args)]
pub(crate) struct FolderArgs {
    /// The authority's folder; keep it off the machines that it signs for
    #[arg(long, value_name = "DIR", default_value = "pki")]
    dir: PathBuf,
}

/// A new authority.
#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// What the authority is called
    #[arg(long, default_value = "Davy plant authority")]
    name: String,
    /// For how many days it holds
    #[arg(long, default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=18_250))]
    days: u32,
}

/// A certificate for a server.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// What it is reached at: DNS names and IP addresses; the first names the files
    #[arg(required = true, value_name = "NAME|ADDRESS")]
    names: Vec<String>,
    /// For how many days it holds
    #[arg(long, default_value_t = 397, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
}

/// A certificate for a client.
#[derive(Debug, clap::Args)]
pub(crate) struct ClientArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// What the client is called: its common name, and the files' name
    #[arg(value_name = "NAME")]
    name: String,
    /// For how many days it holds
    #[arg(long, default_value_t = 397, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
}

/// What is to hold no more.
#[derive(Debug, clap::Args)]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// A name, which means all of its certificates that hold; or a serial number
    #[arg(value_name = "NAME|SERIAL")]
    which: String,
}

/// What is to be seen.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(crate) fn run(verb: Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::Init(args) => authority::init(&args.folder.dir, &args.name, days(args.days)),
        Verb::Server(args) => issue::server(&args.folder.dir, &args.names, days(args.days)),
        Verb::Client(args) => issue::client(&args.folder.dir, &args.name, days(args.days)),
        Verb::Revoke(args) => revoke::run(&args.folder.dir, &args.which),
        Verb::List(args) => list::run(&args.folder.dir, args.json, span::now()),
    }
}

fn days(days: u32) -> Duration {
    Duration::from_secs(u64::from(days) * 86_400)
}

/// The address a name is, where it is one.
fn address(name: &str) -> Option<IpAddr> {
    name.parse().ok()
}
