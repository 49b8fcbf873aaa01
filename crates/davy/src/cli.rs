//! What can be typed: one variant a verb.

use clap::{Parser, Subcommand};

use crate::{
    accounts, alarms, audit, check_config, consumers, dead_letters, demo, devices, exits, export, import,
    journal, login, migrate, payload, pki, replay, rules, serve, simulate, tags, tree, version, watch_engine,
};

const AFTER_HELP: &str = "\
Begin with `davy demo`.

Exit codes: 0 ok, 1 findings or a refusal, 2 usage, 78 bad configuration.
With --json, what a person would read as a table is one object a line.
Davy is an advisory layer: it never writes to an interlock and claims no SIL.";

/// An early-warning engine: readings in by MQTT, rules, the ISA-18.2 life of alarms, alerts out by gRPC.
#[derive(Debug, Parser)]
#[command(name = "davy", version, max_term_width = 110, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Everything in one process, on loopback: the sample sites, simulated gateways, live alarms
    Demo(demo::Args),
    /// The daemon
    Serve(serve::Args),
    /// A watchdog, for a machine of its own: alarms when Davy's heartbeats stop
    WatchEngine(watch_engine::Args),
    /// Alarms of a running Davy: look at them, act on them
    #[command(subcommand)]
    Alarms(alarms::Verb),
    /// Begin a session, where Davy asks who calls
    Login(login::LoginArgs),
    /// End it
    Logout(login::LogoutArgs),
    /// Who you are to a running Davy, and what you may do
    Whoami(login::WhoAmIArgs),
    /// What goes into an accounts file
    #[command(subcommand)]
    Accounts(accounts::Verb),
    /// Messages with something refused in them, and why
    #[command(subcommand)]
    Deadletters(dead_letters::Verb),
    /// Who publishes: whether each is there, and how well it serves
    #[command(subcommand)]
    Devices(devices::Verb),
    /// Ways out to receivers: how each does, what it refused, and again
    #[command(subcommand)]
    Exits(exits::Verb),
    /// Every site of this Davy and of those below it, and how the links between them do
    Tree(tree::Args),
    /// Who takes alerts under a name: whether each listens, how far it is behind, what it was sent
    #[command(subcommand)]
    Consumers(consumers::Verb),
    /// Rule files
    #[command(subcommand)]
    Rules(rules::Verb),
    /// The tags of a site
    #[command(subcommand)]
    Tags(tags::Verb),
    /// What a gateway sends
    #[command(subcommand)]
    Payload(payload::Verb),
    /// Readings of a time before Davy, into history: nothing is judged, no alarm is raised
    Import(import::Args),
    /// What history holds, as CSV or Parquet: readings, buckets of them, or transitions
    #[command(subcommand)]
    Export(export::Verb),
    /// Publish recorded data as a gateway would have
    Replay(replay::Args),
    /// Who publishes, for whoever has none of them at hand
    #[command(subcommand)]
    Simulate(simulate::Verb),
    /// The durable record of a site
    #[command(subcommand)]
    Journal(journal::Verb),
    /// Who did what: the audit log, and whether it is what was written
    #[command(subcommand)]
    Audit(audit::Verb),
    /// The tables of the history database
    #[command(subcommand)]
    Migrate(migrate::Verb),
    /// A private authority for a plant: certificates for Davy, its gateways and whoever calls it
    #[command(subcommand)]
    Pki(pki::Verb),
    /// Check the configuration and every site's files, and tell all errors at once
    CheckConfig(check_config::Args),
    /// Which Davy this is
    Version(version::Args),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_verb_is_put_together_soundly() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_verb_and_every_flag_says_what_it_is_for() {
        fn check(command: &clap::Command, path: &str) {
            for arg in command.get_arguments() {
                assert!(arg.get_help().is_some(), "{path} {}: no help", arg.get_id());
            }
            for verb in command.get_subcommands() {
                let path = format!("{path} {}", verb.get_name());
                assert!(verb.get_about().is_some(), "{path}: no help");
                check(verb, &path);
            }
        }
        let mut command = Cli::command();
        command.build();
        check(&command, "davy");
    }

    #[test]
    fn the_calls_of_the_contract_are_understood() {
        for call in [
            "davy demo --for 60s --speed 10 --seed 7 --no-console",
            "davy serve --config davy.toml",
            "davy alarms list --json",
            "davy alarms watch --json --sites park,mine --tier yellow --snapshot",
            "davy alarms show park:h2s:AT-0412/h2s",
            "davy alarms explain park:h2s:AT-0412/h2s --json",
            "davy alarms ack park:h2s:AT-0412/h2s --by ann --occurrence 3",
            "davy alarms shelve park:h2s:AT-0412/h2s --for 30m --comment why --approved-by bob",
            "davy alarms unshelve park:h2s:AT-0412/h2s",
            "davy alarms reset park:h2s:AT-0412/h2s",
            "davy alarms out-of-service park:h2s:AT-0412/h2s --comment why",
            "davy alarms in-service park:h2s:AT-0412/h2s",
            "davy alarms countersign park:h2s:AT-0412/h2s --command shelve --occurrence 3 --json",
            "davy login --name li.wei --server http://127.0.0.1:8080",
            "davy logout",
            "davy whoami --json --token-file token",
            "davy accounts hash",
            "davy alarms history park:h2s:AT-0412/h2s --occurrence 3",
            "davy alarms history --site park --after 17",
            "davy alarms history --from 2026-11-01T00:00:00Z --to 2026-11-29T00:00:00Z --tier red --area tank-farm --json",
            "davy alarms count --by rule,day --utc-offset 8h --last 720h --site park --json",
            "davy alarms count --by tier --kind raised,tier_raised",
            "davy deadletters list --json",
            "davy deadletters groups --site park",
            "davy deadletters show park/17",
            "davy deadletters replay park/17 park/18 --by ann",
            "davy deadletters replay --site park --code UNIT_MISMATCH --json",
            "davy devices list --week --json",
            "davy tree --json",
            "davy consumers list --json",
            "davy consumers show desk --of ann --json",
            "davy consumers deliveries desk --site park --sequence 17 --limit 5 --json",
            "davy consumers forget desk --of ann --by li",
            "davy exits list --json",
            "davy exits told desk --limit 5 --json",
            "davy exits dead-letters",
            "davy exits dead-letters desk --json",
            "davy exits replay desk 17 18 --by ann",
            "davy exits replay desk --all",
            "davy exits resume desk --by ann",
            "davy replay rows.csv --map map.yaml --broker mqtt://127.0.0.1:1883 --speed max",
            "davy import a.csv b.csv.gz --site park --config davy.toml --dry-run --json",
            "davy import week.csv --map week.yaml --site metec --dry-run",
            "davy export readings --site park --tag AT-* --tag TT-0101 --from 2026-11-01T00:00:00Z --until 2026-11-08T00:00:00Z",
            "davy export readings --site park --every 1m --format parquet -o week.parquet --config davy.toml --json",
            "davy export alarms --site park --tag AT-* -o alarms.csv.gz",
            "davy simulate sparkplug",
            "davy simulate sparkplug --group Plant1 --edge-node gw-1 --metric gas-01/ch4=5:%LEL --metric volt=12 --still",
            "davy simulate sparkplug --broker mqtt://127.0.0.1:1884 --primary-host davy --every 500ms --seed 7",
            "davy journal verify site.journal",
            "davy watch-engine --url http://127.0.0.1:8080 --silence 15s --exec /usr/bin/horn --once -- --loud",
            "davy migrate status --config davy.toml --json",
            "davy migrate up",
            "davy pki init --dir pki --name Plant --days 3650",
            "davy pki server davy.plant.example 10.0.0.5 --days 397",
            "davy pki client gw-7 --dir pki",
            "davy pki revoke gw-7",
            "davy pki list --json",
            "davy alarms list --server https://davy:8443 --ca ca.pem --certificate me.pem --key me.key --token-file token",
            "davy check-config --config davy.toml",
            "davy rules check deploy/sample",
            "davy rules check deploy/sample --rule h2s --tag AT-* --verbose --strict --json",
            "davy rules schema --kind tests",
            "davy rules test deploy/sample --format junit --filter leak",
            "davy rules backtest deploy/sample/park --history --config davy.toml --from 2026-11-01T00:00:00Z --until 2026-11-08T00:00:00Z",
            "davy rules backtest --history --last 168h --set h2s.L1.on_delay=5s",
            "davy rules backtest SITE --csv week.csv --map week.yaml --to 2026-11-08T00:00:00Z",
            "davy rules diff old new --history --config davy.toml --json",
            "davy rules mhi deploy/sample/park --inventory TK-101/level=7.31 --inventory WT-1=12 --json",
            "davy tags list deploy/sample/park",
            "davy tags latest --site park --tag AT-* --tag TK-* --json",
            "davy tags watch --site park --quantity gas.* --area north --snapshot --json",
            "davy tags history --site park --tag AT-0412/h2s --from 2026-11-29T08:00:00Z --until 2026-11-29T09:00:00Z --points 500",
            "davy tags history --site park --tag AT-* --last 1h --every 1m --json",
            "davy version --json",
        ] {
            if let Err(error) = Cli::try_parse_from(call.split(' ')) {
                panic!("{call}: {error}");
            }
        }
    }
}
