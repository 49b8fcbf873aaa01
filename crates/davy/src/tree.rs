//! `davy tree`.

use davy_proto::v1::{LinkServiceGetTreeRequest, LinkServiceGetTreeResponse, LowerDavy, TreeSite, UpperDavy};
use serde_json::{Value, json};

use crate::{
    ask::ServerArgs,
    exit::Exit,
    figures::{english, rfc3339, tier},
    out,
    refusal::failed,
    table::{self, Field},
};

/// How.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Shows the tree. Exit code 1 says that something of it is silent, or a link is down.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let answer = args.server.links().await?.get_tree(LinkServiceGetTreeRequest {}).await;
    let tree = answer.map_err(|status| failed(&status))?.into_inner();
    let silent = tree.sites.iter().any(|site| site.silent) || tree.lowers.iter().any(|lower| lower.silent);
    let found = silent || tree.upper.as_ref().is_some_and(|upper| !upper.connected);
    if args.json {
        out::line(tree_json(&tree))?;
        return Ok(Exit::found(found));
    }
    let headings = ["PLACE", "TITLE", "RISK", "ALARMS", "UNACKED", "HEARTBEAT", "FROM"];
    out::line(table::render(&headings, tree.sites.iter().map(site_row).collect()))?;
    if !tree.lowers.is_empty() {
        let headings = ["LOWER", "STATE", "HEARD", "TRANSITIONS", "BEHIND", "MISSING", "REFUSED"];
        out::line("")?;
        out::line(table::render(&headings, tree.lowers.iter().map(lower_row).collect()))?;
    }
    if let Some(upper) = &tree.upper {
        out::line("")?;
        out::line(upper_line(upper))?;
    }
    Ok(Exit::found(found))
}

fn site_row(site: &TreeSite) -> Vec<Field> {
    let alarms: u32 = site.alarms.iter().map(|count| count.alarms).sum();
    let heartbeat = if site.silent {
        format!("SILENT {}", ago(site.heartbeat_age.as_ref()))
    } else {
        ago(site.heartbeat_age.as_ref())
    };
    let from = if site.lower.is_empty() { "here" } else { &site.lower };
    vec![
        site.place.as_str().into(),
        english(site.title.as_ref()).into(),
        Field::Tier(tier(site.risk_level())),
        alarms.to_string().into(),
        site.unacknowledged.to_string().into(),
        heartbeat.into(),
        from.into(),
    ]
}

fn lower_row(lower: &LowerDavy) -> Vec<Field> {
    let state = match (lower.silent, lower.connected) {
        (true, _) => "SILENT",
        (false, true) => "connected",
        (false, false) => "away",
    };
    vec![
        lower.name.as_str().into(),
        state.into(),
        ago(lower.heard_age.as_ref()).into(),
        lower.transitions.to_string().into(),
        behind(lower).into(),
        lower.missing.to_string().into(),
        lower.refused.to_string().into(),
    ]
}

/// How many transitions it has that are not here; of sites of which it told nothing yet, nothing is known.
fn behind(lower: &LowerDavy) -> String {
    let told: Vec<u64> = lower.sites.iter().filter_map(|site| site.behind).collect();
    if told.is_empty() { "not told".to_owned() } else { told.iter().sum::<u64>().to_string() }
}

fn upper_line(upper: &UpperDavy) -> String {
    let UpperDavy { url, node, owed, refused, .. } = upper;
    let mut said = match upper.connected {
        true => format!("upper: {node} at {url}, {owed} transitions not confirmed yet"),
        false => {
            format!("upper: {url} cannot be reached ({}): {owed} transitions are kept for it", upper.why)
        }
    };
    for site in refused {
        said.push_str(&format!("\nupper: does not take {}: {}", site.site, site.refused));
    }
    said
}

fn seconds(age: Option<&prost_types::Duration>) -> Option<i64> {
    age.map(|age| age.seconds)
}

fn ago(age: Option<&prost_types::Duration>) -> String {
    seconds(age).map_or("never".to_owned(), |seconds| format!("{seconds} s ago"))
}

fn tree_json(tree: &LinkServiceGetTreeResponse) -> Value {
    let word = |of| tier(of).map(|tier| tier.word());
    let sites = tree.sites.iter().map(|site| {
        let alarms: serde_json::Map<String, Value> = site
            .alarms
            .iter()
            .filter_map(|count| Some((word(count.tier())?.to_owned(), json!(count.alarms))))
            .collect();
        json!({
            "site": site.site, "title": english(site.title.as_ref()), "place": site.place, "lower": site.lower,
            "risk_level": word(site.risk_level()), "alarms": alarms, "unacknowledged": site.unacknowledged,
            "heartbeat_age_s": seconds(site.heartbeat_age.as_ref()), "silent": site.silent, "sequence": site.sequence,
        })
    });
    let lowers = tree.lowers.iter().map(|lower| {
        let sites = lower.sites.iter().map(|site| {
            json!({
                "site": site.site, "heartbeat_age_s": seconds(site.heartbeat_age.as_ref()), "silent": site.silent,
                "sequence": site.sequence, "behind": site.behind,
            })
        });
        json!({
            "name": lower.name, "node": lower.node, "connected": lower.connected, "silent": lower.silent,
            "heard_age_s": seconds(lower.heard_age.as_ref()), "transitions": lower.transitions,
            "missing": lower.missing, "refused": lower.refused, "sites": sites.collect::<Vec<_>>(),
        })
    });
    let upper = tree.upper.as_ref().map(|upper| {
        let refused = upper.refused.iter().map(|site| json!({ "site": site.site, "why": site.refused }));
        json!({
            "url": upper.url, "node": upper.node, "connected": upper.connected, "since": rfc3339(upper.since.as_ref()),
            "why": upper.why, "owed": upper.owed, "refused": refused.collect::<Vec<_>>(),
        })
    });
    json!({
        "node": tree.node, "sites": sites.collect::<Vec<_>>(), "lowers": lowers.collect::<Vec<_>>(), "upper": upper,
    })
}
