//! `davy alarms ack`, `shelve` and the other commands.
//!
//! Each names the occurrence that the server showed a moment before, so that a command about what was seen never acts on
//! what came after.

use std::{
    process,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use davy_model::Verdict;
use davy_proto::{
    duration_to_wire,
    v1::{
        self, Alarm, AlarmServiceAcknowledgeRequest, AlarmServiceActRequest, AlarmServiceCloseRequest,
        AlarmServiceCommentRequest, AlarmServiceGetRequest, AlarmServiceGiveFeedbackRequest,
        AlarmServiceResetRequest, AlarmServiceReturnToServiceRequest, AlarmServiceSetOutOfServiceRequest,
        AlarmServiceShelveRequest, AlarmServiceUnshelveRequest, AlarmServiceVerifyRequest, CommandTarget,
    },
};
use davy_server::rpc::v1::alarm_service_client::AlarmServiceClient;
use tonic::Status;

use super::case;
use crate::{
    ask::{Connection, ServerArgs},
    exit::{Exit, Misuse},
    figures, json,
    looks::{self, Colour},
    out,
    refusal::Refusal,
    span,
};

/// On which alarms, and who asks.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// The alarms' ids, site:rule:subject
    #[arg(required = true, value_name = "ALARM")]
    alarms: Vec<String>,
    /// Who asks
    #[arg(long, env = "USER", value_name = "NAME", default_value = "", hide_env_values = true)]
    by: String,
    /// A second person who agrees, where one is needed: the name, or a countersignature where Davy asks who calls
    #[arg(long, value_name = "NAME", default_value = "")]
    approved_by: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    comment: String,
    /// The occurrence meant; the one that stands now, when not given
    #[arg(long, value_name = "N")]
    occurrence: Option<u64>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// On which alarms, who asks, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct ShelveArgs {
    #[command(flatten)]
    common: Args,
    /// For how long: 30m, 1h30m
    #[arg(long = "for", value_parser = span::parse, value_name = "SPAN", default_value = "30m")]
    span: Duration,
    /// Ends early when the condition returns to normal
    #[arg(long)]
    one_shot: bool,
}

/// On which alarms, who asks, and what they were found to be.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    common: Args,
    /// What it was found to be: real, false, maintenance, drill
    #[arg(long = "as", value_parser = parse_verdict, value_name = "VERDICT")]
    verdict: Verdict,
}

/// What to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Acknowledge,
    Shelve { span: Duration, one_shot: bool },
    Unshelve,
    Reset,
    SetOutOfService,
    ReturnToService,
    Verify(Verdict),
    Act,
    GiveFeedback,
    Close,
    Comment,
}

/// Shelves them.
pub(crate) async fn shelve(args: ShelveArgs) -> anyhow::Result<Exit> {
    run(args.common, Kind::Shelve { span: args.span, one_shot: args.one_shot }).await
}

/// Says what they were found to be.
pub(crate) async fn verify(args: VerifyArgs) -> anyhow::Result<Exit> {
    run(args.common, Kind::Verify(args.verdict)).await
}

fn parse_verdict(word: &str) -> Result<Verdict, String> {
    Verdict::from_word(word).ok_or_else(|| "expected real, false, maintenance or drill".to_owned())
}

/// Does it to every alarm named, and goes on after a refusal.
pub(crate) async fn run(args: Args, kind: Kind) -> anyhow::Result<Exit> {
    if args.occurrence.is_some() && args.alarms.len() > 1 {
        return Err(Misuse("--occurrence: name one alarm with it".to_owned()).into());
    }
    let mut client = args.server.alarms().await?;
    let mut refused = false;
    for alarm in &args.alarms {
        match act(&mut client, &args, alarm, kind).await {
            Ok(after) if args.json => out::line(json::alarm(&after))?,
            Ok(after) => out::line(told(&after))?,
            Err(status) => {
                refused = true;
                Refusal::from(&status).tell(alarm, args.json)?;
            }
        }
    }
    Ok(Exit::found(refused))
}

async fn act(
    client: &mut AlarmServiceClient<Connection>,
    args: &Args,
    alarm: &str,
    kind: Kind,
) -> Result<Alarm, Status> {
    let occurrence = match args.occurrence {
        Some(occurrence) => occurrence,
        None => {
            let seen = client
                .get(AlarmServiceGetRequest { alarm: alarm.to_owned(), read_mask: None })
                .await?
                .into_inner();
            seen.alarm.unwrap_or_default().occurrence
        }
    };
    let target = Some(CommandTarget {
        alarm: alarm.to_owned(),
        occurrence: Some(occurrence),
        actor: args.by.clone(),
        approved_by: args.approved_by.clone(),
        comment: args.comment.clone(),
        request_id: request_id(),
    });
    send(client, target, kind).await.map(Option::unwrap_or_default)
}

async fn send(
    client: &mut AlarmServiceClient<Connection>,
    target: Option<CommandTarget>,
    kind: Kind,
) -> Result<Option<Alarm>, Status> {
    Ok(match kind {
        Kind::Acknowledge => {
            client.acknowledge(AlarmServiceAcknowledgeRequest { target }).await?.into_inner().alarm
        }
        Kind::Shelve { span, one_shot } => {
            let duration = Some(duration_to_wire(span));
            client.shelve(AlarmServiceShelveRequest { target, duration, one_shot }).await?.into_inner().alarm
        }
        Kind::Unshelve => client.unshelve(AlarmServiceUnshelveRequest { target }).await?.into_inner().alarm,
        Kind::Reset => client.reset(AlarmServiceResetRequest { target }).await?.into_inner().alarm,
        Kind::SetOutOfService => {
            client.set_out_of_service(AlarmServiceSetOutOfServiceRequest { target }).await?.into_inner().alarm
        }
        Kind::ReturnToService => {
            client.return_to_service(AlarmServiceReturnToServiceRequest { target }).await?.into_inner().alarm
        }
        Kind::Verify(verdict) => {
            let verdict = v1::Verdict::from(verdict).into();
            client.verify(AlarmServiceVerifyRequest { target, verdict }).await?.into_inner().alarm
        }
        Kind::Act => client.act(AlarmServiceActRequest { target }).await?.into_inner().alarm,
        Kind::GiveFeedback => {
            client.give_feedback(AlarmServiceGiveFeedbackRequest { target }).await?.into_inner().alarm
        }
        Kind::Close => client.close(AlarmServiceCloseRequest { target }).await?.into_inner().alarm,
        Kind::Comment => client.comment(AlarmServiceCommentRequest { target }).await?.into_inner().alarm,
    })
}

fn told(alarm: &Alarm) -> String {
    let tier = looks::painted_chip(figures::tier(alarm.tier()), Colour::of_stdout());
    let until = alarm
        .shelved_until
        .as_ref()
        .map_or(String::new(), |until| format!(" until {}", figures::moment(Some(until))));
    let waits = match case::waits_for(alarm) {
        waits if waits.is_empty() => String::new(),
        waits => format!(", waits for: {waits}"),
    };
    let state = figures::state(alarm.state());
    format!("{tier} {}: {state}{until}{waits} (occurrence {})", alarm.id, alarm.occurrence)
}

/// Differs between any two commands, on this machine and on others.
fn request_id() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("cli-{}-{}", process::id(), since.as_nanos())
}
