//! `davy exits`.

use clap::Subcommand;
use davy_proto::v1::{
    Exit as Way, ExitServiceListDeadLettersRequest, ExitServiceListRequest, ExitServiceListToldRequest,
    ExitServiceReplayRequest, ExitServiceResumeRequest, ExitState, Told, UndeliveredAlert,
};
use serde_json::{Value, json};

use crate::{
    ask::ServerArgs,
    exit::Exit,
    figures::{self, moment, rfc3339},
    json, out, pages,
    refusal::failed,
    table,
};

/// Asked for at a time.
const PAGE_LEN: i32 = 500;

/// What to do with ways out.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Every exit, whether its receiver takes alerts, and what it is owed
    List(ListArgs),
    /// What an exit told, with which answer, the latest first
    Told(ToldArgs),
    /// Alerts that a receiver refused, the latest first
    DeadLetters(LettersArgs),
    /// Tell refused alerts again, each under the id it had
    Replay(ReplayArgs),
    /// Try again at once, also where the receiver wanted nothing more
    Resume(ResumeArgs),
}

/// How.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Of which.
#[derive(Debug, clap::Args)]
pub(crate) struct ToldArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The exit's name
    exit: String,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Of which.
#[derive(Debug, clap::Args)]
pub(crate) struct LettersArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Only of this exit
    #[arg(value_name = "EXIT", default_value = "")]
    exit: String,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Which.
#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The exit's name
    exit: String,
    /// Numbers of dead letters
    #[arg(value_name = "NUMBER", required_unless_present = "all", conflicts_with = "all")]
    numbers: Vec<u64>,
    /// All that the receiver has not taken
    #[arg(long)]
    all: bool,
    /// Your name, for the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "")]
    by: String,
}

/// Which.
#[derive(Debug, clap::Args)]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The exit's name
    exit: String,
    /// Your name, for the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "")]
    by: String,
}

/// Does it.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::List(args) => list(args).await,
        Verb::Told(args) => told(args).await,
        Verb::DeadLetters(args) => dead_letters(args).await,
        Verb::Replay(args) => replay(args).await,
        Verb::Resume(args) => resume(args).await,
    }
}

async fn list(args: ListArgs) -> anyhow::Result<Exit> {
    let answer = args.server.exits().await?.list(ExitServiceListRequest {}).await;
    let exits = answer.map_err(|status| failed(&status))?.into_inner().exits;
    // Whoever asks by a script is told by the exit code, too.
    let found = exits.iter().any(|exit| exit.state() != ExitState::Works || exit.dead_letters > 0);
    if args.json {
        exits.iter().try_for_each(|exit| out::line(exit_json(exit)))?;
        return Ok(Exit::found(found));
    }
    if exits.is_empty() {
        out::line("no exits: [[exit]] in davy.toml makes one")?;
        return Ok(Exit::Ok);
    }
    let headings = [
        "EXIT",
        "KIND",
        "STATE",
        "SINCE (UTC)",
        "OWED",
        "DELIVERED",
        "REFUSED",
        "DEAD LETTERS",
        "TARGET",
        "WHY",
    ];
    out::line(table::render(&headings, exits.iter().map(row).collect()))?;
    Ok(Exit::found(found))
}

async fn told(args: ToldArgs) -> anyhow::Result<Exit> {
    let mut client = args.server.exits().await?;
    let mut request =
        ExitServiceListToldRequest { exit: args.exit, page_size: PAGE_LEN, page_token: String::new() };
    let told = pages::first(args.limit, async |token| {
        request.page_token = token;
        let page = client.list_told(request.clone()).await?.into_inner();
        Ok((page.told, page.next_page_token))
    });
    let told = told.await?;
    if args.json {
        told.iter().try_for_each(|told| out::line(told_json(told)))?;
        return Ok(Exit::Ok);
    }
    if told.is_empty() {
        out::line("nothing was told yet")?;
        return Ok(Exit::Ok);
    }
    let row = |told: &Told| {
        let fate = if told.refused { "refused" } else { "delivered" };
        let (time, attempts) = (moment(told.time.as_ref()), told.attempts.to_string());
        vec![time.into(), told.id.as_str().into(), fate.into(), attempts.into(), told.answer.as_str().into()]
    };
    let headings = ["ANSWERED (UTC)", "ID", "FATE", "ATTEMPTS", "ANSWER"];
    out::line(table::render(&headings, told.iter().map(row).collect()))?;
    Ok(Exit::Ok)
}

async fn dead_letters(args: LettersArgs) -> anyhow::Result<Exit> {
    let mut client = args.server.exits().await?;
    let mut request =
        ExitServiceListDeadLettersRequest { exit: args.exit, page_size: PAGE_LEN, ..Default::default() };
    let letters = pages::first(args.limit, async |token| {
        request.page_token = token;
        let page = client.list_dead_letters(request.clone()).await?.into_inner();
        Ok((page.dead_letters, page.next_page_token))
    });
    let letters = letters.await?;
    if args.json {
        letters.iter().try_for_each(|letter| out::line(letter_json(letter)))?;
        return Ok(Exit::Ok);
    }
    if letters.is_empty() {
        out::line("nothing was refused")?;
        return Ok(Exit::Ok);
    }
    let headings = ["NUMBER", "EXIT", "REFUSED (UTC)", "ID", "STATE", "WHY"];
    out::line(table::render(&headings, letters.iter().map(letter_row).collect()))?;
    Ok(Exit::Ok)
}

async fn replay(args: ReplayArgs) -> anyhow::Result<Exit> {
    let request = ExitServiceReplayRequest { exit: args.exit.clone(), numbers: args.numbers, actor: args.by };
    let answer = args.server.exits().await?.replay(request).await;
    let alerts = answer.map_err(|status| failed(&status))?.into_inner().alerts;
    out::line(format_args!(
        "alerts that are told again: {alerts}; davy exits dead-letters {} tells what became of them",
        args.exit
    ))?;
    Ok(Exit::Ok)
}

async fn resume(args: ResumeArgs) -> anyhow::Result<Exit> {
    let request = ExitServiceResumeRequest { exit: args.exit.clone(), actor: args.by };
    let answer = args.server.exits().await?.resume(request).await;
    let was_gone = answer.map_err(|status| failed(&status))?.into_inner().was_gone;
    let what = if was_gone { "goes on" } else { "had not stopped; it tries again at once" };
    out::line(format_args!("{} {what}", args.exit))?;
    Ok(Exit::Ok)
}

fn state(exit: &Way) -> &'static str {
    match exit.state() {
        ExitState::Unspecified => "unknown",
        ExitState::Works => "works",
        ExitState::Waits => "waits",
        ExitState::Gone => "gone",
    }
}

/// Transitions that its receiver has not heard of yet, or that are not for it.
fn owed(exit: &Way) -> u64 {
    exit.positions.iter().map(|position| position.last_sequence.saturating_sub(position.sequence)).sum()
}

fn row(exit: &Way) -> Vec<table::Field> {
    vec![
        exit.name.as_str().into(),
        exit.kind.as_str().into(),
        state(exit).into(),
        exit.since.as_ref().map(|since| moment(Some(since))).unwrap_or_default().into(),
        owed(exit).to_string().into(),
        exit.delivered.to_string().into(),
        exit.refused.to_string().into(),
        exit.dead_letters.to_string().into(),
        exit.target.as_str().into(),
        exit.why.as_str().into(),
    ]
}

fn letter_row(letter: &UndeliveredAlert) -> Vec<table::Field> {
    let id = letter.alert.as_ref().map_or("", |alert| alert.id.as_str());
    let state = match (&letter.delivered_time, letter.waits) {
        (Some(_), _) => "delivered since",
        (None, true) => "waits",
        (None, false) => "refused",
    };
    vec![
        letter.number.to_string().into(),
        letter.exit.as_str().into(),
        moment(letter.refused_time.as_ref()).into(),
        id.into(),
        state.into(),
        letter.why.as_str().into(),
    ]
}

fn exit_json(exit: &Way) -> Value {
    let positions = exit.positions.iter().map(|position| {
        json!({"site": position.site, "sequence": position.sequence, "last_sequence": position.last_sequence})
    });
    json!({
        "name": exit.name, "kind": exit.kind, "target": exit.target, "state": state(exit),
        "tier_from": figures::tier(exit.tier_from()).map(|tier| tier.word()),
        "since": rfc3339(exit.since.as_ref()), "why": exit.why, "owed": owed(exit),
        "delivered": exit.delivered, "refused": exit.refused, "failed_attempts": exit.failed_attempts,
        "gaps": exit.gaps, "last_delivered_time": rfc3339(exit.last_delivered_time.as_ref()),
        "dead_letters": exit.dead_letters, "positions": positions.collect::<Vec<_>>(),
    })
}

fn told_json(told: &Told) -> Value {
    json!({
        "site": told.site, "sequence": told.sequence, "id": told.id, "time": rfc3339(told.time.as_ref()),
        "refused": told.refused, "attempts": told.attempts, "answer": told.answer,
    })
}

fn letter_json(letter: &UndeliveredAlert) -> Value {
    json!({
        "number": letter.number, "exit": letter.exit, "alert": letter.alert.as_ref().map(json::alert),
        "refused_time": rfc3339(letter.refused_time.as_ref()), "why": letter.why, "attempts": letter.attempts,
        "waits": letter.waits, "delivered_time": rfc3339(letter.delivered_time.as_ref()),
    })
}
