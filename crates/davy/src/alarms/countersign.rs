//! `davy alarms countersign`: one's word for a command of somebody else's.

use davy_proto::v1::{AlarmServiceGetRequest, SessionServiceCountersignRequest};
use serde_json::json;

use crate::{ask::ServerArgs, exit::Exit, figures, out, refusal::failed};

/// For what.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// The alarm's id, site:rule:subject
    #[arg(value_name = "ALARM")]
    alarm: String,
    /// The command: shelve, out_of_service
    #[arg(long, value_name = "WORD")]
    command: String,
    /// The occurrence meant; the one that stands now, when not given
    #[arg(long, value_name = "N")]
    occurrence: Option<u64>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Gives it, and says the token.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let alarm = args.alarm;
    let occurrence = match args.occurrence {
        Some(occurrence) => occurrence,
        None => {
            let asked = AlarmServiceGetRequest { alarm: alarm.clone(), read_mask: None };
            let seen = args.server.alarms().await?.get(asked).await.map_err(|status| failed(&status))?;
            seen.into_inner().alarm.unwrap_or_default().occurrence
        }
    };
    let request = SessionServiceCountersignRequest { alarm, occurrence, command: args.command };
    let mut client = args.server.sessions().await?;
    let answer = client.countersign(request.clone()).await.map_err(|status| failed(&status))?.into_inner();
    if args.json {
        let until = figures::rfc3339(answer.expires_time.as_ref());
        let SessionServiceCountersignRequest { alarm, occurrence, command } = request;
        let token = answer.token;
        out::line(json!({
            "alarm": alarm, "occurrence": occurrence, "command": command, "token": token, "expires": until,
        }))?;
    } else {
        let until = figures::moment(answer.expires_time.as_ref());
        out::line(format_args!(
            "{}\n  until {until}, once: --approved-by TOKEN --occurrence {occurrence}",
            answer.token
        ))?;
    }
    Ok(Exit::Ok)
}
