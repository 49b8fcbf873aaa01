//! `davy audit list`.

use std::path::PathBuf;

use davy_journal::audit::{Filter, Noted, What, Who, page};
use davy_model::Timestamp;
use davy_proto::{
    time_to_wire,
    v1::{AuditEntry, AuditServiceListRequest, AuditServiceListResponse},
};

use super::place::{Place, disk};
use crate::{
    ask::ServerArgs,
    exit::{Exit, Misuse},
    figures, out,
    refusal::failed,
    span, table,
};

/// Asked for at a time.
const PAGE_LEN: usize = 500;

/// Which entries.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// Read the files of this data folder, and ask no Davy
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Only of this span until now, 8h or 30d
    #[arg(long, value_name = "SPAN")]
    last: Option<String>,
    /// Only what this name did
    #[arg(long, value_name = "NAME", default_value = "")]
    who: String,
    /// Only these words: command, rule_change, login...
    #[arg(long, value_name = "WORD")]
    what: Vec<String>,
    /// Only on what begins so: a site, an alarm, a revision
    #[arg(long, value_name = "TEXT", default_value = "")]
    on: String,
    /// Only what was refused
    #[arg(long)]
    refused: bool,
    /// At most this many, the newest
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Lists them, the newest last.
pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    if let Some(wrong) = args.what.iter().find(|word| What::of(word).is_none()) {
        let known: Vec<&str> = What::all().map(What::word).collect();
        return Err(Misuse(format!("--what {wrong}: no such word; there are {}", known.join(", "))).into());
    }
    let from =
        args.last.as_deref().map(span::parse).transpose().map_err(|why| Misuse(format!("--last: {why}")))?;
    let from = from.map(|last| span::now().minus(last));
    let mut found = match &args.path {
        Some(path) => of_files(&Place::of(path)?, &args, from)?,
        None => of_davy(&args, from).await?,
    };
    found.reverse();
    if args.json {
        for noted in &found {
            out::line(serde_json::to_string(noted)?)?;
        }
    } else if found.is_empty() {
        out::line("nothing of that was noted")?;
    } else {
        let headings = ["ENTRY", "TIME (UTC)", "WHO", "FROM", "WHAT", "ON", "RESULT", "ASKED"];
        out::line(table::render(&headings, found.iter().map(row).collect()))?;
    }
    Ok(Exit::Ok)
}

fn of_files(place: &Place, args: &Args, from: Option<Timestamp>) -> anyhow::Result<Vec<Noted>> {
    let filter = Filter {
        from,
        until: None,
        what: args.what.clone(),
        who: args.who.clone(),
        on: args.on.clone(),
        sites: None,
        result: if args.refused { "refused" } else { "" }.to_owned(),
    };
    let (mut found, mut before) = (Vec::new(), None);
    while found.len() < args.limit {
        let page = page(&disk(), &place.folder, &filter, before, args.limit - found.len())?;
        found.extend(page.entries);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    Ok(found)
}

async fn of_davy(args: &Args, from: Option<Timestamp>) -> anyhow::Result<Vec<Noted>> {
    let mut request = AuditServiceListRequest {
        from: from.map(time_to_wire),
        what: args.what.clone(),
        who: args.who.clone(),
        on: args.on.clone(),
        only_refused: args.refused,
        ..AuditServiceListRequest::default()
    };
    let mut client = args.server.audit().await?;
    let mut found = Vec::new();
    while found.len() < args.limit {
        request.page_size = i32::try_from((args.limit - found.len()).min(PAGE_LEN)).unwrap_or(i32::MAX);
        let answer = client.list(request.clone()).await.map_err(|status| failed(&status))?;
        let AuditServiceListResponse { entries, next_page_token } = answer.into_inner();
        found.extend(entries.into_iter().map(noted));
        request.page_token = next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// As the file has it.
fn noted(entry: AuditEntry) -> Noted {
    let json = |text: &str| serde_json::from_str(text).ok();
    let who = entry.who.unwrap_or_default();
    let kind = serde_json::from_value(who.kind.into()).unwrap_or_default();
    Noted {
        number: entry.number,
        time: figures::rfc3339(entry.time.as_ref()).unwrap_or_default(),
        what: entry.what,
        who: Who { name: who.name, kind, subject: who.subject, from: who.address },
        on: entry.on,
        before: json(&entry.before_json),
        after: json(&entry.after_json),
        result: if entry.refused { "refused" } else { "done" }.to_owned(),
        code: entry.code,
    }
}

fn row(noted: &Noted) -> Vec<table::Field> {
    let result = if noted.code.is_empty() { &noted.result } else { &noted.code };
    let asked = noted.after.as_ref().map(ToString::to_string).unwrap_or_default();
    let shown: String = asked.chars().take(80).collect();
    vec![
        noted.number.to_string().into(),
        noted.time.as_str().into(),
        noted.who.name.as_str().into(),
        noted.who.from.as_str().into(),
        noted.what.as_str().into(),
        noted.on.as_str().into(),
        result.as_str().into(),
        shown.into(),
    ]
}
