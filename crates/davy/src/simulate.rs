//! `davy simulate`: who publishes, for whoever has none of them at hand.

use std::{io, thread, time::Duration};

use anyhow::bail;
use davy_simulators::sparkplug::{ACTS, Act, EdgeNode, EdgeNodeConfig, MetricSpec, Seen, Standing};
use tokio::sync::mpsc;

use crate::{
    exit::{Exit, Misuse},
    out, span,
    stop::{Asked, Signals},
};

/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(3);
/// Lines read ahead of what is done.
const LINES_MAX: usize = 16;

/// What is simulated.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    /// An edge node that speaks Sparkplug B
    Sparkplug(Sparkplug),
}

/// Which edge node, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = after_help())]
pub(crate) struct Sparkplug {
    /// Any MQTT broker, or Davy's own door
    #[arg(long, value_name = "URL", default_value = "mqtt://127.0.0.1:1883")]
    broker: String,
    /// The Sparkplug group
    #[arg(long, default_value = "Plant1")]
    group: String,
    /// The edge node's id in the group
    #[arg(long, value_name = "ID", default_value = "gw-1")]
    edge_node: String,
    /// What it measures, and the value it begins with; say it again for more
    #[arg(long = "metric", value_name = "[DEVICE/]NAME=VALUE[:UNIT]",
          default_values = ["gas-01/ch4=5:%LEL", "gas-01/h2s=1:ppm", "volt=12"])]
    metrics: Vec<MetricSpec>,
    /// How often values move by themselves by up to 2 %, and those that changed are sent
    #[arg(long, value_name = "SPAN", default_value = "1s", value_parser = span::parse)]
    every: Duration,
    /// Values stay as they are until they are set
    #[arg(long, conflicts_with = "every")]
    still: bool,
    /// Wait with births until the STATE of this host application says that it is online
    #[arg(long, value_name = "HOST")]
    primary_host: Option<String>,
    /// Of how values move
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn after_help() -> String {
    format!("Lines on standard input are done as they come:\n  {}", ACTS.replace('\n', "\n  "))
}

/// Runs until it is stopped; then it says NDEATH and goodbye.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::Sparkplug(args) => sparkplug(args).await,
    }
}

async fn sparkplug(args: Sparkplug) -> anyhow::Result<Exit> {
    let config = config(args).map_err(Misuse)?;
    let mut signals = Signals::listen()?;
    let mut lines = lines();
    out::line(format_args!(
        "edge node {} of group {}, at mqtt://{}:{}; --help says what it can be told",
        config.edge_node, config.group, config.broker.host, config.broker.port
    ))?;
    let node = EdgeNode::start(config);
    let mut told = node.seen();
    loop {
        tokio::select! {
            asked = signals.next() => match asked {
                Asked::Stop => break,
                Asked::Reload => {}
            },
            Some(line) = lines.recv() => obey(&node, &line).await,
            seen = next(&node, &told) => {
                let Some(seen) = seen else { bail!("the edge node ended by itself") };
                tell(&told, &seen)?;
                told = seen;
            }
        }
    }
    node.stop(GOODBYE).await;
    Ok(Exit::Ok)
}

fn config(args: Sparkplug) -> Result<EdgeNodeConfig, String> {
    let broker = args.broker.parse().map_err(|error| format!("--{error}"))?;
    let config = EdgeNodeConfig::new(broker, &args.group, &args.edge_node, args.metrics);
    let mut config = config.map_err(|error| error.to_string())?;
    if let Some(host) = args.primary_host {
        config = config.waiting_for(&host).map_err(|error| error.to_string())?;
    }
    config.every = (!args.still).then_some(args.every);
    config.seed = args.seed;
    Ok(config)
}

/// Standard input, line by line, until it is closed.
fn lines() -> mpsc::Receiver<String> {
    let (say, lines) = mpsc::channel(LINES_MAX);
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if say.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

async fn obey(node: &EdgeNode, line: &str) {
    if line.trim().is_empty() {
        return;
    }
    let done = match line.parse::<Act>() {
        Ok(act) => node.act(act).await.map_err(|error| error.to_string()),
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        eprintln!("error: {error}");
    }
}

/// The next thing worth telling: how it stands, and births. Data is not. `None` when it has ended.
async fn next(node: &EdgeNode, told: &Seen) -> Option<Seen> {
    let is_news = |seen: &Seen| (&seen.standing, seen.births) != (&told.standing, told.births);
    node.until(Duration::MAX, is_news).await
}

fn tell(before: &Seen, seen: &Seen) -> io::Result<()> {
    match &seen.standing {
        Standing::Connecting(last) if last.is_empty() => Ok(()),
        Standing::Connecting(last) => out::line(format_args!("not connected: {last}")),
        Standing::WaitingForHost => out::line("connected; waits for its primary host"),
        Standing::Born if seen.rebirths > before.rebirths => out::line("births said again: the host asked"),
        Standing::Born => out::line(format_args!("births said, bdSeq {}", seen.bd_seq)),
        Standing::Cut => out::line("cut off without a word"),
        Standing::Stopped => Ok(()),
    }
}
