//! `davy alarms history`.

use davy_proto::{
    alert_json,
    v1::{AlarmServiceListHistoryRequest, AlarmServiceListTransitionsRequest, Alert},
};

use super::filter::FilterArgs;
use crate::{
    ask::ServerArgs,
    exit::{Exit, Misuse},
    figures, out, pages, table,
};

/// Asked for at a time.
const PAGE_LEN: i32 = 500;

/// Of which alarm, or which transitions of history.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// The alarm's id, site:rule:subject
    #[arg(conflicts_with_all = FilterArgs::NAMES)]
    alarm: Option<String>,
    /// Only this occurrence of the alarm
    #[arg(long, value_name = "N", requires = "alarm")]
    occurrence: Option<u64>,
    /// Only transitions with a greater number in the site; of an alarm or a site
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
    after: u64,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
    #[command(flatten)]
    filter: FilterArgs,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Tells it.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let is_of_journal = args.alarm.is_some() || args.filter.site().is_some();
    let found = if args.filter.is_more_than_a_site() || !is_of_journal {
        if args.after > 0 {
            let what = "--after goes with an alarm, or with one --site and nothing else".to_owned();
            return Err(Misuse(what).into());
        }
        past(&args).await?
    } else {
        fetch(&args).await?
    };
    if args.json {
        for alert in &found {
            out::line(alert_json(alert))?;
        }
        return Ok(Exit::Ok);
    }
    if found.is_empty() {
        out::line("nothing happened yet")?;
        return Ok(Exit::Ok);
    }
    let headings =
        ["NUMBER", "RECORDED (UTC)", "TIER", "CHANGE", "STATE", "VALUE (LIMIT)", "ID", "WHO", "MESSAGE"];
    out::line(table::render(&headings, found.iter().map(row).collect()))?;
    Ok(Exit::Ok)
}

/// From the journal of a site.
async fn fetch(args: &Args) -> anyhow::Result<Vec<Alert>> {
    let mut client = args.server.alarms().await?;
    let mut request = AlarmServiceListTransitionsRequest {
        alarm: args.alarm.clone().unwrap_or_default(),
        site: args.filter.site().unwrap_or_default().to_owned(),
        occurrence: args.occurrence,
        after_sequence: args.after,
        page_size: PAGE_LEN,
        page_token: String::new(),
    };
    let found = pages::first(args.limit, async |token| {
        request.page_token = token;
        let page = client.list_transitions(request.clone()).await?.into_inner();
        Ok((page.transitions, page.next_page_token))
    });
    found.await
}

/// From history, of any time and site.
async fn past(args: &Args) -> anyhow::Result<Vec<Alert>> {
    let mut client = args.server.alarms().await?;
    let mut request = AlarmServiceListHistoryRequest {
        filter: Some(args.filter.wire()),
        page_size: PAGE_LEN,
        page_token: String::new(),
    };
    let found = pages::first(args.limit, async |token| {
        request.page_token = token;
        let page = client.list_history(request.clone()).await?.into_inner();
        Ok((page.transitions, page.next_page_token))
    });
    found.await
}

fn row(alert: &Alert) -> Vec<table::Field> {
    vec![
        alert.sequence.to_string().into(),
        figures::moment(alert.recorded_time.as_ref()).into(),
        table::Field::Tier(figures::tier(alert.tier())),
        figures::change(alert.transition()).into(),
        figures::state(alert.state()).into(),
        figures::against(alert.value, alert.limit.as_ref(), &alert.unit).into(),
        alert.id.as_str().into(),
        alert.actor.as_ref().map_or("", |actor| actor.name.as_str()).into(),
        figures::english(alert.message.as_ref()).into(),
    ]
}
