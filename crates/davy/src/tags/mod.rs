//! `davy tags`: those of a site's files, and what they say: now, as it comes, and before.

mod history;
mod latest;
mod list;
mod watch;
mod which;

use clap::Subcommand;

use crate::exit::Exit;

/// What to do with tags.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// The tags of a site's files, as Davy understands them
    List(list::Args),
    /// What every tag of a running Davy said last, and the gravest alarm that stands of it
    Latest(latest::Args),
    /// Readings as they become durable, until interrupted
    Watch(watch::Args),
    /// Readings that history keeps, one by one or in buckets
    History(history::Args),
}

/// Does it.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::List(args) => list::run(&args),
        Verb::Latest(args) => latest::run(args).await,
        Verb::Watch(args) => watch::run(args).await,
        Verb::History(args) => history::run(args).await,
    }
}
