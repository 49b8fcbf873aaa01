//! `davy alarms explain`.

use davy_proto::v1::AlarmServiceExplainRequest;

use super::explained;
use crate::{ask::ServerArgs, exit::Exit, json, looks::Colour, out, refusal::failed};

/// Which alarm.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// The alarm's id, site:rule:subject
    alarm: String,
    /// The occurrence to explain; the latest, when not given
    #[arg(long, value_name = "N")]
    occurrence: Option<u64>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Explains it. A verdict that cannot be derived again from the evidence is a finding.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let mut client = args.server.alarms().await?;
    let request = AlarmServiceExplainRequest { alarm: args.alarm, occurrence: args.occurrence };
    let answer = client.explain(request).await.map_err(|status| failed(&status))?.into_inner();
    let explanation = answer.explanation.unwrap_or_default();
    if args.json {
        out::line(json::explanation(&explanation))?;
    } else {
        out::line(explained::text(&explanation, Colour::of_stdout()))?;
    }
    Ok(Exit::found(!explanation.agrees))
}
