//! `davy alarms`: what an operator asks of a running Davy.

mod case;
mod command;
mod count;
mod countersign;
mod explain;
mod explained;
mod filter;
mod history;
mod list;
mod performance;
mod period;
mod show;
mod watch;

pub(crate) use self::{case::json as case_json, watch::gap};

use clap::Subcommand;
use davy_model::Tier;

use self::command::Kind;
use crate::exit::Exit;

/// What to do with alarms.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// The alarms that stand: unacknowledged first, then the gravest
    List(list::Args),
    /// Alerts as they happen, until interrupted
    Watch(watch::Args),
    /// One alarm, with what to do about it
    Show(show::Args),
    /// Why an alarm stands as it does: rule, readings, delay, verdict
    Explain(explain::Args),
    /// What happened, in order: to one alarm, in a site, or whatever history has that meets a filter
    History(history::Args),
    /// How many alarms history has, by what they have in common
    Count(count::Args),
    /// What alarms cost each desk: the figures of ISA-18.2 and EEMUA 191
    Performance(performance::Args),
    /// Acknowledge: seen, and owned
    Ack(command::Args),
    /// Quiet for a bounded time; needs --comment
    Shelve(command::ShelveArgs),
    /// Quiet no longer
    Unshelve(command::Args),
    /// Let go of a latched alarm whose condition is normal
    Reset(command::Args),
    /// Take out for maintenance; needs --comment
    OutOfService(command::Args),
    /// Bring back from maintenance
    InService(command::Args),
    /// Give one's word for a command of somebody else's, where it takes two
    Countersign(countersign::Args),
    /// Say what an acknowledged alarm was found to be; needs --comment unless it is real
    Verify(command::VerifyArgs),
    /// Say what was done about it; needs --comment
    Act(command::Args),
    /// Say how it went; needs --comment
    Feedback(command::Args),
    /// Close the case: normal, acknowledged, verified, and with feedback
    Close(command::Args),
    /// Write something down; needs --comment
    Comment(command::Args),
}

/// Does it.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::List(args) => list::run(args).await,
        Verb::Watch(args) => watch::run(args).await,
        Verb::Show(args) => show::run(args).await,
        Verb::Explain(args) => explain::run(args).await,
        Verb::History(args) => history::run(args).await,
        Verb::Count(args) => count::run(args).await,
        Verb::Performance(args) => performance::run(args).await,
        Verb::Ack(args) => command::run(args, Kind::Acknowledge).await,
        Verb::Shelve(args) => command::shelve(args).await,
        Verb::Unshelve(args) => command::run(args, Kind::Unshelve).await,
        Verb::Reset(args) => command::run(args, Kind::Reset).await,
        Verb::OutOfService(args) => command::run(args, Kind::SetOutOfService).await,
        Verb::InService(args) => command::run(args, Kind::ReturnToService).await,
        Verb::Countersign(args) => countersign::run(args).await,
        Verb::Verify(args) => command::verify(args).await,
        Verb::Act(args) => command::run(args, Kind::Act).await,
        Verb::Feedback(args) => command::run(args, Kind::GiveFeedback).await,
        Verb::Close(args) => command::run(args, Kind::Close).await,
        Verb::Comment(args) => command::run(args, Kind::Comment).await,
    }
}

/// Reads a tier.
fn parse_tier(word: &str) -> Result<Tier, String> {
    Tier::from_word(word).ok_or_else(|| "expected blue, yellow, orange or red".to_owned())
}
