//! `davy rules`: one file a verb.

mod backtest;
mod changed;
mod check;
mod diff;
mod mhi;
mod packs;
mod revisions;
mod schema;
mod test;

use clap::Subcommand;

use self::revisions::Decision;
use crate::exit::Exit;

pub(crate) use check::finding_text;

/// What to do with rule files.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// What a rule set would have done, over what really came
    Backtest(Box<backtest::BacktestArgs>),
    /// Check a site's files: every error and warning at once, with its place
    Check(check::CheckArgs),
    /// What another set of files says otherwise, and with a log, which alarms that gains, loses and moves
    Diff(diff::DiffArgs),
    /// The JSON Schema of a kind of file, for editors that complete and check what is typed
    Schema(schema::SchemaArgs),
    /// What ships of rules that cite a standard: options, figures with their clause, what is off and why
    Packs(packs::PacksArgs),
    /// Run tests of rules: readings as they are written down, and what must come of them
    Test(test::TestArgs),
    /// Reckon a site's major hazard sources: S, R and class, by design and by what is there now
    Mhi(mhi::MhiArgs),
    /// Ask for a site's folder to become active: checked, tested and judged over the journal first
    Propose(revisions::ProposeArgs),
    /// Agree to a proposal; what loosens an orange or red alarm needs somebody other than who proposed it
    Approve(revisions::DecideArgs),
    /// Do not agree to a proposal, or take it back
    Reject(revisions::DecideArgs),
    /// Judge an approved revision beside what is active, without a sound
    Shadow(revisions::ShadowArgs),
    /// Make an approved revision active, at once and as a whole
    Activate(revisions::DecideArgs),
    /// Make the revision active again in whose place this one came
    Rollback(revisions::DecideArgs),
    /// The revisions of a site: who wanted what, who agreed, what was predicted and what it did
    History(revisions::HistoryArgs),
}

/// Does it.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::Backtest(args) => aside(move || backtest::run(&args)).await,
        Verb::Check(args) => check::run(&args),
        Verb::Diff(args) => aside(move || diff::run(&args)).await,
        Verb::Schema(args) => schema::run(&args),
        Verb::Packs(args) => packs::run(&args),
        Verb::Test(args) => test::run(&args),
        Verb::Mhi(args) => mhi::run(&args),
        Verb::Propose(args) => revisions::propose(args).await,
        Verb::Approve(args) => revisions::decide(args, Decision::Approve).await,
        Verb::Reject(args) => revisions::decide(args, Decision::Reject).await,
        Verb::Shadow(args) => revisions::shadow(args).await,
        Verb::Activate(args) => revisions::decide(args, Decision::Activate).await,
        Verb::Rollback(args) => revisions::decide(args, Decision::Rollback).await,
        Verb::History(args) => revisions::history(args).await,
    }
}

/// Does what waits for a database and keeps cores busy, beside the runtime.
async fn aside(verb: impl FnOnce() -> anyhow::Result<Exit> + Send + 'static) -> anyhow::Result<Exit> {
    tokio::task::spawn_blocking(verb).await?
}
