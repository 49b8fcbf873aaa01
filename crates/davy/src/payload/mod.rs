//! `davy payload`.

mod check;
mod codec;
mod mend;
mod place;
mod reader;
mod verdict;

use clap::Subcommand;
use davy_codec::Mapping;

use crate::{
    exit::{Exit, Misuse},
    out,
};

/// What to do with payloads.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Read a payload as Davy would: its readings, what would become of them, and everything that is wrong with it
    Check(check::CheckArgs),
    /// The mappings that ship with Davy
    Mappings(MappingsArgs),
}

/// Which mapping.
#[derive(Debug, clap::Args)]
pub(crate) struct MappingsArgs {
    #[command(subcommand)]
    verb: Option<MappingsVerb>,
}

/// What to do with the mappings that ship.
#[derive(Debug, Subcommand)]
enum MappingsVerb {
    /// Print the file of one, to be changed and put into a site's mappings
    Show {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// Does it.
pub(crate) fn run(verb: Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::Check(args) => check::run(&args),
        Verb::Mappings(MappingsArgs { verb: None }) => list(),
        Verb::Mappings(MappingsArgs { verb: Some(MappingsVerb::Show { name }) }) => show(&name),
    }
}

fn list() -> anyhow::Result<Exit> {
    for (name, text) in Mapping::shipped() {
        let mapping = Mapping::read(name, text).map_err(|_| anyhow::anyhow!("{name} is not sound"))?;
        let topic = mapping.pattern().map_or("", |pattern| pattern.text());
        out::line(format!("{name:<20} {topic:<32} {}", mapping.about().en))?;
    }
    Ok(Exit::Ok)
}

fn show(name: &str) -> anyhow::Result<Exit> {
    let Some((_, text)) = Mapping::shipped().find(|(known, _)| *known == name) else {
        let names: Vec<&str> = Mapping::shipped().map(|(name, _)| name).collect();
        return Err(Misuse(format!("{name}: no such mapping; there are {}", names.join(", "))).into());
    };
    out::line(text.trim_end().to_owned())?;
    Ok(Exit::Ok)
}
