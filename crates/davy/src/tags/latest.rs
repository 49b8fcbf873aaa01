//! `davy tags latest`.

use davy_proto::v1::{EdgeNodeState, LatestTag, TelemetryServiceListLatestRequest};
use serde_json::{Value, json};

use super::which::Which;
use crate::{ask::ServerArgs, exit::Exit, figures, out, refusal::failed, table};

/// Asked for at a time.
const PAGE_LEN: i32 = 1000;

/// Of which tags.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    which: Which,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Tells it.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let mut client = args.server.telemetry().await?;
    let mut rows = Vec::new();
    for selector in args.which.selectors(&args.server).await? {
        let site = selector.site.clone();
        let mut request = TelemetryServiceListLatestRequest {
            selector: Some(selector),
            page_size: PAGE_LEN,
            page_token: String::new(),
        };
        loop {
            let page =
                client.list_latest(request.clone()).await.map_err(|status| failed(&status))?.into_inner();
            if args.json {
                page.tags.iter().try_for_each(|tag| out::line(object(&site, tag)))?;
            } else {
                rows.extend(page.tags.iter().map(|tag| row(&site, tag)));
            }
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
    }
    if !args.json {
        tell(rows)?;
    }
    Ok(Exit::Ok)
}

fn tell(rows: Vec<Vec<table::Field>>) -> std::io::Result<()> {
    if rows.is_empty() {
        return out::line("no such tag");
    }
    let headings =
        ["SITE", "TAG", "TITLE", "VALUE", "QUALITY", "MEASURED (UTC)", "EDGE NODE", "TIER", "ALARM"];
    out::line(table::render(&headings, rows))
}

fn row(site: &str, tag: &LatestTag) -> Vec<table::Field> {
    let reading = tag.reading.as_ref();
    let node = match state(tag.edge_node_state()) {
        None => tag.edge_node.clone(),
        Some(state) => format!("{} ({state})", tag.edge_node),
    };
    let alarm = tag.alarm.as_ref();
    vec![
        site.into(),
        tag.tag.as_str().into(),
        figures::english(tag.title.as_ref()).into(),
        figures::value(reading.and_then(|reading| reading.value), &tag.unit).into(),
        figures::quality(reading.and_then(|reading| reading.quality.as_ref())).into(),
        figures::moment(reading.and_then(|reading| reading.source_time.as_ref())).into(),
        node.into(),
        table::Field::Tier(alarm.and_then(|alarm| figures::tier(alarm.tier()))),
        alarm.map(|alarm| alarm.alarm.as_str()).unwrap_or_default().into(),
    ]
}

/// A tag as it is now.
pub(super) fn object(site: &str, tag: &LatestTag) -> Value {
    let reading = tag.reading.as_ref();
    json!({
        "site": site, "tag": tag.tag, "unit": tag.unit, "quantity": tag.quantity,
        "title": tag.title.as_ref().map(|title| json!({"en": title.en, "zh": title.zh})), "area": word(&tag.area),
        "source_time": reading.and_then(|reading| figures::rfc3339(reading.source_time.as_ref())),
        "arrival_time": reading.and_then(|reading| figures::rfc3339(reading.arrival_time.as_ref())),
        "value": reading.and_then(|reading| reading.value),
        "quality": reading.map(|reading| figures::quality(reading.quality.as_ref())),
        "silence_limit_s": tag.silence_limit.as_ref().map(|span| span.seconds as f64 + f64::from(span.nanos) / 1e9),
        "edge_node": word(&tag.edge_node), "edge_node_state": state(tag.edge_node_state()),
        "alarm": tag.alarm.as_ref().map(|alarm| json!({
            "id": alarm.alarm, "tier": figures::tier(alarm.tier()).map(|tier| tier.word()),
            "state": davy_model::AlarmState::try_from(alarm.state()).ok().map(|state| state.word()),
        })),
    })
}

fn word(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn state(state: EdgeNodeState) -> Option<&'static str> {
    match state {
        EdgeNodeState::Unspecified => None,
        EdgeNodeState::Online => Some("online"),
        EdgeNodeState::Offline => Some("offline"),
        EdgeNodeState::Lost => Some("lost"),
    }
}
