//! `davy consumers`.

use clap::Subcommand;
use davy_proto::v1::{
    AlertServiceDeleteConsumerRequest, AlertServiceGetConsumerRequest, AlertServiceListConsumersRequest,
    AlertServiceListDeliveriesRequest, Consumer, ConsumerPosition, Delivery,
};
use serde_json::{Value, json};

use crate::{
    ask::ServerArgs,
    exit::Exit,
    figures::{self, moment, rfc3339},
    out, pages,
    refusal::failed,
    span, table,
};

/// Asked for at a time.
const PAGE_LEN: i32 = 500;

/// What to do with durable consumers.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Every durable consumer, whether it is connected, and how far it is behind
    List(ListArgs),
    /// One of them, site by site
    Show(WhichArgs),
    /// What was sent to a consumer when, and when it confirmed it, the latest first
    Deliveries(DeliveriesArgs),
    /// Forget a consumer that is gone for good, with its cursors
    Forget(ForgetArgs),
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

/// Which.
#[derive(Debug, clap::Args)]
pub(crate) struct WhichArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    which: Which,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// One consumer.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// The consumer's name
    consumer: String,
    /// Whose it is, when it is not yours
    #[arg(long, value_name = "ACCOUNT", default_value = "")]
    of: String,
}

/// Of which, and what.
#[derive(Debug, clap::Args)]
pub(crate) struct DeliveriesArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    which: Which,
    /// Only of this site
    #[arg(long, value_name = "SITE", default_value = "")]
    site: String,
    /// Only where this transition is in: its number in the site
    #[arg(long, value_name = "N", default_value_t = 0)]
    sequence: u64,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Which.
#[derive(Debug, clap::Args)]
pub(crate) struct ForgetArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    which: Which,
    /// Your name, for the record
    #[arg(long, value_name = "NAME", env = "USER", default_value = "")]
    by: String,
}

/// Does it.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<Exit> {
    match verb {
        Verb::List(args) => list(args).await,
        Verb::Show(args) => show(args).await,
        Verb::Deliveries(args) => deliveries(args).await,
        Verb::Forget(args) => forget(args).await,
    }
}

async fn list(args: ListArgs) -> anyhow::Result<Exit> {
    let mut client = args.server.alerts().await?;
    let mut request = AlertServiceListConsumersRequest { page_size: PAGE_LEN, ..Default::default() };
    let consumers = pages::first(usize::MAX, async |token| {
        request.page_token = token;
        let page = client.list_consumers(request.clone()).await?.into_inner();
        Ok((page.consumers, page.next_page_token))
    });
    let consumers = consumers.await?;
    if args.json {
        consumers.iter().try_for_each(|consumer| out::line(consumer_json(consumer)))?;
        return Ok(Exit::Ok);
    }
    if consumers.is_empty() {
        out::line("no durable consumers: a stream of alerts that names a consumer makes one")?;
        return Ok(Exit::Ok);
    }
    let headings = ["CONSUMER", "OF", "STATE", "SINCE (UTC)", "BEHIND", "FOR", "HEARD (UTC)", "FILTERS"];
    out::line(table::render(&headings, consumers.iter().map(row).collect()))?;
    Ok(Exit::Ok)
}

async fn show(args: WhichArgs) -> anyhow::Result<Exit> {
    let request = AlertServiceGetConsumerRequest { consumer: args.which.consumer, caller: args.which.of };
    let answer = args.server.alerts().await?.get_consumer(request).await;
    let consumer = answer.map_err(|status| failed(&status))?.into_inner().consumer.unwrap_or_default();
    if args.json {
        out::line(consumer_json(&consumer))?;
        return Ok(Exit::Ok);
    }
    let of = if consumer.caller.is_empty() { String::new() } else { format!(" of {}", consumer.caller) };
    out::line(format_args!("{}{of}", consumer.name))?;
    out::line(format_args!("  {} since {}", state(&consumer), moment(consumer.since.as_ref())))?;
    if consumer.heard_time.is_some() {
        out::line(format_args!("  heard     {}", moment(consumer.heard_time.as_ref())))?;
    }
    out::line(format_args!("  filters   {}", filters(&consumer)))?;
    let since = consumer.behind_for.map(|_| format!(", the first for {}", behind_for(&consumer)));
    out::line(format_args!("  behind    {} transitions{}", consumer.behind, since.unwrap_or_default()))?;
    if consumer.positions.is_empty() {
        out::line("  it never confirmed anything")?;
        return Ok(Exit::Ok);
    }
    let headings = ["SITE", "CONFIRMED", "OF", "AT (UTC)", "FIRST WAITING (UTC)"];
    let row = |one: &ConsumerPosition| {
        vec![
            one.site.as_str().into(),
            one.sequence.to_string().into(),
            one.last_sequence.to_string().into(),
            moment(one.confirmed_time.as_ref()).into(),
            one.behind_since.as_ref().map(|since| moment(Some(since))).unwrap_or_default().into(),
        ]
    };
    out::line(table::render(&headings, consumer.positions.iter().map(row).collect()))?;
    Ok(Exit::Ok)
}

async fn deliveries(args: DeliveriesArgs) -> anyhow::Result<Exit> {
    let mut client = args.server.alerts().await?;
    let mut request = AlertServiceListDeliveriesRequest {
        consumer: args.which.consumer,
        caller: args.which.of,
        site: args.site,
        sequence: args.sequence,
        page_size: PAGE_LEN,
        page_token: String::new(),
    };
    let found = pages::first(args.limit, async |token| {
        request.page_token = token;
        let page = client.list_deliveries(request.clone()).await?.into_inner();
        Ok((page.deliveries, page.next_page_token))
    });
    let found = found.await?;
    if args.json {
        found.iter().try_for_each(|delivery| out::line(delivery_json(delivery)))?;
        return Ok(Exit::Ok);
    }
    if found.is_empty() {
        out::line("the ledger has none")?;
        return Ok(Exit::Ok);
    }
    let headings = ["SITE", "FROM", "TO", "FIRST SENT (UTC)", "LAST SENT (UTC)", "CONFIRMED (UTC)"];
    let row = |one: &Delivery| {
        vec![
            one.site.as_str().into(),
            one.from_sequence.to_string().into(),
            one.to_sequence.to_string().into(),
            moment(one.first_sent_time.as_ref()).into(),
            moment(one.last_sent_time.as_ref()).into(),
            one.confirmed_time.as_ref().map_or_else(|| "no".to_owned(), |time| moment(Some(time))).into(),
        ]
    };
    out::line(table::render(&headings, found.iter().map(row).collect()))?;
    Ok(Exit::Ok)
}

async fn forget(args: ForgetArgs) -> anyhow::Result<Exit> {
    let Which { consumer, of } = args.which;
    let request =
        AlertServiceDeleteConsumerRequest { consumer: consumer.clone(), caller: of, actor: args.by };
    args.server.alerts().await?.delete_consumer(request).await.map_err(|status| failed(&status))?;
    out::line(format_args!("{consumer} is forgotten; what was sent to it stays in the ledger"))?;
    Ok(Exit::Ok)
}

fn state(consumer: &Consumer) -> &'static str {
    if consumer.streams > 0 { "connected" } else { "gone" }
}

fn behind_for(consumer: &Consumer) -> String {
    let span = consumer.behind_for.and_then(|span| std::time::Duration::try_from(span).ok());
    span.map(span::words).unwrap_or_default()
}

fn filters(consumer: &Consumer) -> String {
    let tier = figures::tier(consumer.tier_at_least()).map(|tier| format!("{} and graver", tier.word()));
    let words: Vec<String> = consumer.sites.iter().chain(&consumer.scopes).cloned().chain(tier).collect();
    if words.is_empty() { "all".to_owned() } else { words.join(", ") }
}

fn row(consumer: &Consumer) -> Vec<table::Field> {
    vec![
        consumer.name.as_str().into(),
        consumer.caller.as_str().into(),
        state(consumer).into(),
        moment(consumer.since.as_ref()).into(),
        consumer.behind.to_string().into(),
        behind_for(consumer).into(),
        consumer.heard_time.as_ref().map(|time| moment(Some(time))).unwrap_or_default().into(),
        filters(consumer).into(),
    ]
}

fn consumer_json(consumer: &Consumer) -> Value {
    let positions = consumer.positions.iter().map(|one| {
        json!({
            "site": one.site, "sequence": one.sequence, "confirmed_time": rfc3339(one.confirmed_time.as_ref()),
            "last_sequence": one.last_sequence, "behind_since": rfc3339(one.behind_since.as_ref()),
        })
    });
    let behind_for = consumer.behind_for.and_then(|span| std::time::Duration::try_from(span).ok());
    json!({
        "name": consumer.name, "caller": consumer.caller, "state": state(consumer), "streams": consumer.streams,
        "since": rfc3339(consumer.since.as_ref()), "heard_time": rfc3339(consumer.heard_time.as_ref()),
        "sites": consumer.sites, "scopes": consumer.scopes,
        "tier_at_least": figures::tier(consumer.tier_at_least()).map(|tier| tier.word()),
        "behind": consumer.behind, "behind_for_s": behind_for.map(|span| span.as_secs_f64()),
        "positions": positions.collect::<Vec<_>>(),
    })
}

fn delivery_json(delivery: &Delivery) -> Value {
    json!({
        "site": delivery.site, "from_sequence": delivery.from_sequence, "to_sequence": delivery.to_sequence,
        "first_sent_time": rfc3339(delivery.first_sent_time.as_ref()),
        "last_sent_time": rfc3339(delivery.last_sent_time.as_ref()),
        "confirmed_time": rfc3339(delivery.confirmed_time.as_ref()),
    })
}
