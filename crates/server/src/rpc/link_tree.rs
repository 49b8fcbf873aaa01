//! `LinkService.GetTree`: every site that a caller sees, of this Davy and of those below it.

use std::collections::BTreeMap;

use davy_delivery::Entry;
use davy_model::Tier;
use davy_proto::{duration_to_wire, v1 as wire};

use super::links;
use crate::{guard::Admitted, hub::Hub, link::risk_level_of, site::SiteService};

/// The tree, as far as the caller sees it.
pub(super) fn tree(hub: &Hub, by: &Admitted) -> wire::LinkServiceGetTreeResponse {
    let mut sites: Vec<_> =
        hub.plants_of(&by.caller, by.permission).map(|site| tree_site(hub, site)).collect();
    sites.sort_by(|a, b| (&a.place, &a.site).cmp(&(&b.place, &b.site)));
    wire::LinkServiceGetTreeResponse {
        node: hub.node.clone(),
        sites,
        lowers: links::lowers(hub, by),
        upper: links::upper(hub, by),
    }
}

fn tree_site(hub: &Hub, site: &SiteService) -> wire::TreeSite {
    let standing = site.feed.book().standing();
    let forwarded = site.forwarded.as_ref();
    let heard_age = match forwarded {
        Some(forwarded) => forwarded.heard_age(),
        None => hub.pulse.age(&site.id),
    };
    let lower = forwarded.and_then(|forwarded| hub.lowers.get(&forwarded.lower));
    let silent = match lower {
        Some(lower) => lower.is_silent(heard_age) == Some(true),
        None => hub.pulse.stalled().iter().any(|(stalled, _)| *stalled == site.id),
    };
    let unacknowledged = standing.iter().filter(|entry| !entry.last.facts.acknowledged).count();
    wire::TreeSite {
        site: site.id.to_string(),
        title: Some((&site.title()).into()),
        place: hub.tree.place(&site.id).map(|place| place.to_string()).unwrap_or_default(),
        lower: forwarded.map(|forwarded| forwarded.lower.to_string()).unwrap_or_default(),
        risk_level: risk_level_of(site).map_or(wire::Tier::Unspecified, wire::Tier::from).into(),
        alarms: by_tier(&standing),
        unacknowledged: u32::try_from(unacknowledged).unwrap_or(u32::MAX),
        heartbeat_age: heard_age.map(duration_to_wire),
        silent,
        sequence: site.feed.sequence(),
    }
}

/// The gravest first.
fn by_tier(standing: &[Entry]) -> Vec<wire::TierCount> {
    let mut counts = BTreeMap::<Tier, u32>::new();
    for entry in standing {
        *counts.entry(entry.last.facts.tier).or_default() += 1;
    }
    let count = |(tier, alarms)| wire::TierCount { tier: wire::Tier::from(tier).into(), alarms };
    counts.into_iter().rev().map(count).collect()
}
