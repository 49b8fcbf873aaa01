//! `davy deadletters`.

mod groups;
mod replay;

use std::collections::BTreeSet;

use anyhow::Context;
use clap::Subcommand;
use davy_proto::v1::{
    DeadLetter, DeadLetterServiceGetRequest, DeadLetterServiceListRequest, Problem, ReplayedLetter,
    SystemServiceGetStatusRequest,
};

use crate::{ask::ServerArgs, exit::Exit, figures, json, out, refusal::failed, table};

/// Asked for at a time: each brings its payload.
const PAGE_LEN: i32 = 100;
/// How much of a payload is shown, bytes.
const SHOWN_MAX: usize = 4096;

/// What to do with refused messages.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Messages with something refused in them, the latest first
    List(ListArgs),
    /// Kinds of problems by edge node, code and place, the most frequent first: what to mend
    Groups(groups::Args),
    /// One of them: its payload and every problem
    Show(ShowArgs),
    /// Send them again, after what was wrong has been mended: late, and without a sound
    Replay(replay::Args),
}

/// Which.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Only of this site
    #[arg(long, value_name = "SITE", default_value = "")]
    site: String,
    /// Only of this edge node
    #[arg(long, value_name = "EDGE_NODE", default_value = "")]
    edge_node: String,
    /// Only with this reason code, UNIT_MISMATCH
    #[arg(long, value_name = "CODE", default_value = "")]
    code: String,
    /// Only with a problem at this place, /readings/*/unit
    #[arg(long, value_name = "PLACE", default_value = "")]
    pointer: String,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Which one.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Its id
    id: String,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::List(args) => list(args).await,
        Verb::Groups(args) => groups::run(args).await,
        Verb::Show(args) => show(args).await,
        Verb::Replay(args) => replay::run(args).await,
    }
}

async fn list(args: ListArgs) -> anyhow::Result<Exit> {
    let mut found = Vec::new();
    for site in sites(&args.server, args.site).await? {
        let request = DeadLetterServiceListRequest {
            site,
            edge_node: args.edge_node.clone(),
            code: args.code.clone(),
            page_size: PAGE_LEN,
            page_token: String::new(),
            pointer: args.pointer.clone(),
        };
        let mut left = args.limit;
        let take = |letter| {
            found.push(letter);
            left = left.saturating_sub(1);
            left > 0
        };
        fetch(&args.server, request, take).await?;
    }
    let found = latest(found, args.limit);
    if args.json {
        for letter in &found {
            out::line(json::dead_letter(letter))?;
        }
        return Ok(Exit::Ok);
    }
    if found.is_empty() {
        out::line("nothing was refused")?;
        return Ok(Exit::Ok);
    }
    let headings = ["ID", "ARRIVED (UTC)", "SITE", "EDGE NODE", "REJECTED", "PROBLEM"];
    out::line(table::render(&headings, found.iter().map(row).collect()))?;
    Ok(Exit::Ok)
}

async fn show(args: ShowArgs) -> anyhow::Result<Exit> {
    let request = DeadLetterServiceGetRequest { id: args.id.clone() };
    let answer = args.server.dead_letters().await?.get(request).await;
    let answer = answer.map_err(|status| failed(&status))?.into_inner();
    let letter = answer.dead_letter.context("the answer holds no letter")?;
    if args.json {
        let mut shown = json::dead_letter(&letter);
        shown["again"] = answer.again.as_ref().map(json::replayed_letter).into();
        out::line(shown)?;
    } else {
        out::line(text(&letter, answer.again.as_ref()))?;
    }
    Ok(Exit::Ok)
}

/// The site asked for; or every site, and what came for none of them.
async fn sites(server: &ServerArgs, wanted: String) -> anyhow::Result<Vec<String>> {
    if !wanted.is_empty() {
        return Ok(vec![wanted]);
    }
    let answer = server.system().await?.get_status(SystemServiceGetStatusRequest {}).await;
    let status = answer.map_err(|status| failed(&status))?.into_inner();
    Ok(status.sites.into_iter().map(|site| site.site).chain([String::new()]).collect())
}

/// The latest first, each once, at most `limit`.
fn latest(mut found: Vec<DeadLetter>, limit: usize) -> Vec<DeadLetter> {
    let arrival = |letter: &DeadLetter| letter.arrival_time.map(|time| (time.seconds, time.nanos));
    found.sort_by(|a, b| arrival(b).cmp(&arrival(a)).then_with(|| b.id.cmp(&a.id)));
    found.dedup_by(|a, b| a.id == b.id);
    found.truncate(limit);
    found
}

/// Page after page, for as long as `take` wants more.
async fn fetch(
    server: &ServerArgs,
    mut request: DeadLetterServiceListRequest,
    mut take: impl FnMut(DeadLetter) -> bool,
) -> anyhow::Result<()> {
    let mut client = server.dead_letters().await?;
    loop {
        let page = client.list(request.clone()).await.map_err(|status| failed(&status))?.into_inner();
        for letter in page.dead_letters {
            if !take(letter) {
                return Ok(());
            }
        }
        if page.next_page_token.is_empty() {
            return Ok(());
        }
        request.page_token = page.next_page_token;
    }
}

fn row(letter: &DeadLetter) -> Vec<table::Field> {
    let first = letter.problems.first();
    let more = match letter.problems.len() {
        0 | 1 => String::new(),
        several => format!(" (and {} more)", several - 1),
    };
    vec![
        letter.id.as_str().into(),
        figures::moment(letter.arrival_time.as_ref()).into(),
        letter.site.as_str().into(),
        letter.edge_node.as_str().into(),
        letter.rejected.to_string().into(),
        first
            .map(|problem| format!("{}: {}{more}", problem.code, figures::english(problem.message.as_ref())))
            .unwrap_or_default()
            .into(),
    ]
}

fn text(letter: &DeadLetter, again: Option<&ReplayedLetter>) -> String {
    let mut lines = vec![
        format!("{}  from {}/{}", letter.id, letter.site, letter.edge_node),
        format!("  topic     {}", if letter.topic.is_empty() { "gRPC" } else { &letter.topic }),
        format!("  arrived   {}", figures::moment(letter.arrival_time.as_ref())),
        format!("  readings  {} rejected", letter.rejected),
    ];
    if let Some(replayed) = &letter.replayed_time {
        lines.push(format!("  replayed  {}", figures::moment(Some(replayed))));
    }
    lines.extend(letter.problems.iter().map(problem_text));
    if letter.problems_omitted > 0 {
        lines.push(format!("  ... and {} problems more", letter.problems_omitted));
    }
    let shown = letter.payload.get(..SHOWN_MAX).unwrap_or(&letter.payload);
    let left_off = letter.payload_len.saturating_sub(shown.len() as u64);
    lines.push(format!("  payload   {} bytes", letter.payload_len));
    lines.push(format!("    {}", printable(shown)));
    if left_off > 0 {
        lines.push(format!("    ... and {left_off} bytes more"));
    }
    lines.extend(again.map(|again| again_text(&letter.id, again)));
    lines.join("\n")
}

/// What would become of it if it were sent again now.
fn again_text(id: &str, again: &ReplayedLetter) -> String {
    if !again.failure.is_empty() {
        return format!("  again     cannot be sent again: {}", again.failure);
    }
    let (accepted, rejected) = (again.accepted, again.rejected);
    let mut text = format!("  again     {accepted} readings would be taken, {rejected} refused");
    let why: BTreeSet<&str> = again.problems.iter().map(|problem| problem.code.as_str()).collect();
    if !why.is_empty() {
        text += &format!(" ({})", why.into_iter().collect::<Vec<_>>().join(", "));
    }
    if accepted > 0 {
        text += &format!(": davy deadletters replay {id}");
    }
    text
}

/// The payload as text, with nothing in it that a terminal would obey.
fn printable(payload: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(payload) else { return payload.escape_ascii().to_string() };
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

/// A problem in words, a few lines.
pub(crate) fn problem_text(problem: &Problem) -> String {
    let pointer = if problem.pointer.is_empty() { "the whole message" } else { &problem.pointer };
    let mut text = format!("  {} at {pointer}: {}", problem.code, figures::english(problem.message.as_ref()));
    for (name, fact) in [("got", &problem.got), ("expected", &problem.expected), ("try", &problem.fix)] {
        if !fact.is_empty() {
            text.push_str(&format!("\n    {name:<9} {}", fact.escape_debug()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use davy_proto::v1::LocalizedText;

    #[test]
    fn letters_of_several_sites_come_the_latest_first_and_each_once() {
        let letter = |id: &str, seconds| DeadLetter {
            id: id.to_owned(),
            arrival_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
            ..DeadLetter::default()
        };
        let found = vec![letter("mine/1", 5), letter("park/2", 9), letter("mine/1", 5), letter("park/1", 1)];
        let ids =
            |limit| latest(found.clone(), limit).iter().map(|letter| letter.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(9), ["park/2", "mine/1", "park/1"]);
        assert_eq!(ids(1), ["park/2"]);
    }

    #[test]
    fn a_dead_letter_shows_every_problem_and_a_payload_that_no_terminal_obeys() {
        let letter = DeadLetter {
            id: "7".to_owned(),
            topic: "davy/v1/park/gw-1/readings".to_owned(),
            payload: b"{\"seq\": 1}\x1b[2J".to_vec(),
            payload_len: 5000,
            problems: vec![Problem {
                code: "UNIT_MISMATCH".to_owned(),
                message: Some(LocalizedText { en: "unit is of another kind".to_owned(), zh: String::new() }),
                pointer: "/readings/0/unit".to_owned(),
                got: "kPa".to_owned(),
                expected: "a concentration".to_owned(),
                fix: "send ppm".to_owned(),
                ..Problem::default()
            }],
            ..DeadLetter::default()
        };
        let refused = ReplayedLetter {
            accepted: 1,
            rejected: 2,
            problems: letter.problems.clone(),
            ..ReplayedLetter::default()
        };
        let stuck =
            ReplayedLetter { failure: "STOPPING: the site is stopping".to_owned(), ..refused.clone() };
        assert!(
            text(&letter, Some(&stuck)).ends_with("cannot be sent again: STOPPING: the site is stopping")
        );
        let text = text(&letter, Some(&refused));
        for part in [
            "1 readings would be taken, 2 refused (UNIT_MISMATCH): davy deadletters replay 7",
            "UNIT_MISMATCH at /readings/0/unit",
            "try       send ppm",
            "{\"seq\": 1}\\u{1b}[2J",
            "bytes more",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
