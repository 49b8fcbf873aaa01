//! The `davy` binary: what is typed becomes calls, and what comes back becomes text.
//!
//! Promise: one file a verb, and none of them decides anything about alarms. The exit code is 0 when all is well, 1 for
//! findings or a refusal, 2 for a call that makes no sense, 78 for a configuration that cannot be used.
//!
//! It does not know: rules, payloads, MQTT packets. It asks the rooms that do.

mod accounts;
mod alarms;
mod ask;
mod audit;
mod check_config;
mod cli;
mod consumers;
mod credentials;
mod dead_letters;
mod demo;
mod devices;
mod exit;
mod exits;
mod export;
mod figures;
mod follow;
mod import;
mod journal;
mod json;
mod kept_token;
mod line;
mod logging;
mod login;
mod looks;
mod migrate;
mod out;
mod pages;
mod password;
mod payload;
mod pki;
mod recorded;
mod refusal;
mod replay;
mod rules;
mod serve;
mod simulate;
mod site_folder;
mod span;
mod stop;
mod systemd;
mod table;
mod tags;
mod tree;
mod version;
mod watch_engine;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    cli::{Cli, Verb},
    exit::Exit,
};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().verb).await {
        Ok(exit) => exit.into(),
        Err(error) => exit::of_error(&error).into(),
    }
}

async fn run(verb: Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::Demo(args) => demo::run(args).await,
        Verb::Serve(args) => serve::run(args).await,
        Verb::WatchEngine(args) => watch_engine::run(args).await,
        Verb::Alarms(verb) => alarms::run(verb).await,
        Verb::Login(args) => login::login(args).await,
        Verb::Logout(args) => login::logout(args).await,
        Verb::Whoami(args) => login::whoami(args).await,
        Verb::Accounts(verb) => accounts::run(&verb),
        Verb::Deadletters(verb) => dead_letters::run(verb).await,
        Verb::Consumers(verb) => consumers::run(verb).await,
        Verb::Exits(verb) => exits::run(verb).await,
        Verb::Tree(args) => tree::run(args).await,
        Verb::Devices(verb) => devices::run(verb).await,
        Verb::Rules(verb) => rules::run(verb).await,
        Verb::Tags(verb) => tags::run(verb).await,
        Verb::Payload(verb) => payload::run(verb),
        Verb::Import(args) => import::run(args).await,
        Verb::Export(verb) => export::run(verb).await,
        Verb::Replay(args) => replay::run(args).await,
        Verb::Simulate(verb) => simulate::run(verb).await,
        Verb::Journal(verb) => journal::run(verb),
        Verb::Audit(verb) => audit::run(verb).await,
        Verb::Migrate(verb) => migrate::run(verb).await,
        Verb::Pki(verb) => pki::run(verb),
        Verb::CheckConfig(args) => check_config::run(&args),
        Verb::Version(args) => version::run(&args),
    }
}
