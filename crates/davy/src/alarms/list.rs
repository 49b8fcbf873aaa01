//! `davy alarms list`.

use davy_model::{AlarmState, Tier};
use davy_proto::v1::{self, Alarm, AlarmServiceListRequest};

use super::{case, parse_tier};
use crate::{ask::ServerArgs, exit::Exit, figures, json, out, refusal::failed, table};

/// Asked for at a time.
const PAGE_LEN: i32 = 500;

/// Which alarms.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// Only of these sites, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "SITE")]
    sites: Vec<String>,
    /// Only as grave as this, or graver: blue, yellow, orange, red
    #[arg(long, value_parser = parse_tier, value_name = "TIER")]
    tier: Option<Tier>,
    /// Only in these states, separated by commas: active_unacknowledged, shelved...
    #[arg(long, value_delimiter = ',', value_parser = parse_state, value_name = "STATE")]
    state: Vec<AlarmState>,
    /// Only those with an open case
    #[arg(long)]
    cases: bool,
    /// Only those that meet it, over any field of an alarm: 'tier >= ORANGE AND limit.name = "L2"'
    #[arg(long, value_name = "FILTER", default_value = "", hide_default_value = true)]
    filter: String,
    /// By which fields they are ordered: 'tier desc, raised_time'
    #[arg(long, value_name = "FIELDS", default_value = "", hide_default_value = true)]
    order_by: String,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Lists them.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let (alarms, total) = fetch(&args).await?;
    if args.json {
        for alarm in &alarms {
            out::line(json::alarm(alarm))?;
        }
        return Ok(Exit::Ok);
    }
    if alarms.is_empty() {
        out::line("no alarm stands")?;
        return Ok(Exit::Ok);
    }
    let has_cases = alarms.iter().any(|alarm| alarm.case.is_some());
    let mut headings = vec!["TIER", "STATE", "RAISED (UTC)", "VALUE (LIMIT)", "ALARM", "#"];
    headings.extend(has_cases.then_some("WAITS FOR"));
    headings.push("MESSAGE");
    out::line(table::render(&headings, alarms.iter().map(|alarm| row(alarm, has_cases)).collect()))?;
    if total > alarms.len() {
        eprintln!("{} of {total} shown: --limit shows more, --tier and --sites fewer", alarms.len());
    }
    Ok(Exit::Ok)
}

async fn fetch(args: &Args) -> anyhow::Result<(Vec<Alarm>, usize)> {
    let mut client = args.server.alarms().await?;
    let mut request = AlarmServiceListRequest {
        sites: args.sites.clone(),
        tier_at_least: args.tier.map_or(v1::Tier::Unspecified, v1::Tier::from).into(),
        states: args.state.iter().map(|state| v1::AlarmState::from(*state).into()).collect(),
        page_size: PAGE_LEN,
        page_token: String::new(),
        open_cases: args.cases,
        filter: args.filter.clone(),
        order_by: args.order_by.clone(),
        read_mask: None,
    };
    let mut alarms = Vec::new();
    loop {
        let page = client.list(request.clone()).await.map_err(|status| failed(&status))?.into_inner();
        alarms.extend(page.alarms);
        if page.next_page_token.is_empty() || alarms.len() >= args.limit {
            alarms.truncate(args.limit);
            return Ok((alarms, page.total as usize));
        }
        request.page_token = page.next_page_token;
    }
}

fn row(alarm: &Alarm, has_cases: bool) -> Vec<table::Field> {
    let mut row = vec![
        table::Field::Tier(figures::tier(alarm.tier())),
        figures::state(alarm.state()).into(),
        figures::moment(alarm.raised_time.as_ref()).into(),
        figures::against(alarm.value, alarm.limit.as_ref(), &alarm.unit).into(),
        alarm.id.as_str().into(),
        alarm.occurrence.to_string().into(),
    ];
    row.extend(has_cases.then(|| case::waits_for(alarm).into()));
    row.push(figures::english(alarm.message.as_ref()).into());
    row
}

fn parse_state(word: &str) -> Result<AlarmState, String> {
    AlarmState::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = AlarmState::ALL.into_iter().map(AlarmState::word).collect();
        format!("expected one of {}", known.join(", "))
    })
}
