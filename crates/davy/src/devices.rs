//! `davy devices`.

use clap::Subcommand;
use davy_proto::v1::{Device, DeviceServiceListRequest, Scorecard};

use crate::{ask::ServerArgs, exit::Exit, json, out, pages, table};

/// Asked for at a time.
const PAGE_LEN: i32 = 500;

/// What to do with devices.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Who publishes, whether it is there, and how well it serves
    List(ListArgs),
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
    /// Only those that meet it, over any field of a device: 'state = lost OR week.total < 60'
    #[arg(long, value_name = "FILTER", default_value = "", hide_default_value = true)]
    filter: String,
    /// By which fields they are ordered: 'messages_lost desc'
    #[arg(long, value_name = "FIELDS", default_value = "", hide_default_value = true)]
    order_by: String,
    /// The last 7 days instead of the last 24 hours
    #[arg(long)]
    week: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<Exit> {
    let Verb::List(args) = verb;
    let devices = fetch(&args).await?;
    if args.json {
        devices.iter().try_for_each(|device| out::line(json::device(device)))?;
        return Ok(Exit::Ok);
    }
    if devices.is_empty() {
        out::line("no devices")?;
        return Ok(Exit::Ok);
    }
    let headings = [
        "SITE",
        "EDGE NODE",
        "DEVICE",
        "STATE",
        "GRADE",
        "TOTAL",
        "ONLINE",
        "TIMELY",
        "COMPLETE",
        "VALID",
        "PLAUSIBLE",
        "CLOCK",
        "TAKEN",
        "REFUSED",
        "LOST",
    ];
    out::line(table::render(&headings, devices.iter().map(|device| row(device, args.week)).collect()))?;
    Ok(Exit::Ok)
}

/// All of them, page by page.
async fn fetch(args: &ListArgs) -> anyhow::Result<Vec<Device>> {
    let mut client = args.server.devices().await?;
    let mut request = DeviceServiceListRequest {
        site: args.site.clone(),
        edge_node: args.edge_node.clone(),
        filter: args.filter.clone(),
        order_by: args.order_by.clone(),
        read_mask: None,
        page_size: PAGE_LEN,
        page_token: String::new(),
    };
    let devices = pages::first(usize::MAX, async |token| {
        request.page_token = token;
        let page = client.list(request.clone()).await?.into_inner();
        Ok((page.devices, page.next_page_token))
    });
    devices.await
}

fn row(device: &Device, week: bool) -> Vec<table::Field> {
    let card = if week { device.week.as_ref() } else { device.day.as_ref() };
    let share = |of: fn(&Scorecard) -> f64| card.map(|card| format!("{:.1} %", of(card))).unwrap_or_default();
    let count = |of: fn(&Scorecard) -> u64| card.map(|card| of(card).to_string()).unwrap_or_default();
    vec![
        device.site.as_str().into(),
        device.edge_node.as_str().into(),
        device.device.as_str().into(),
        device.state.as_str().into(),
        card.map(|card| card.grade.as_str()).unwrap_or("-").into(),
        share(|card| card.total).into(),
        share(|card| card.online).into(),
        share(|card| card.timely).into(),
        share(|card| card.complete).into(),
        share(|card| card.valid).into(),
        share(|card| card.plausible).into(),
        share(|card| card.clock).into(),
        count(|card| card.accepted).into(),
        count(|card| card.rejected).into(),
        device.messages_lost.to_string().into(),
    ]
}
