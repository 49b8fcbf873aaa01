//! How the links to the Davys below and above do, as far as a caller sees their sites.

use std::sync::{Arc, atomic::Ordering};

use davy_proto::{duration_to_wire, v1 as wire};

use crate::{guard::Admitted, hub::Hub, link::Lower};

/// The Davys below of which the caller sees a site, by name.
pub(super) fn lowers(hub: &Hub, by: &Admitted) -> Vec<wire::LowerDavy> {
    let seen = |lower: &Arc<Lower>| lower_davy(hub, lower, by);
    hub.lowers.iter().map(seen).filter(|lower| !lower.sites.is_empty()).collect()
}

/// The Davy above. It is told of every site: only who sees them all sees it.
pub(super) fn upper(hub: &Hub, by: &Admitted) -> Option<wire::UpperDavy> {
    let upward = hub.upward.as_ref().filter(|_| by.may_everywhere());
    upward.map(|upward| upward.shown(hub))
}

fn lower_davy(hub: &Hub, lower: &Lower, by: &Admitted) -> wire::LowerDavy {
    let heard_age = lower.heard_age();
    let seen = lower.config.sites.iter().filter(|site| by.may(site));
    wire::LowerDavy {
        name: lower.config.name.to_string(),
        node: lower.node(),
        connected: lower.is_connected(),
        heard_age: heard_age.map(duration_to_wire),
        silent: lower.is_silent(heard_age) == Some(true),
        transitions: lower.transitions.load(Ordering::Relaxed),
        missing: lower.missing.load(Ordering::Relaxed),
        refused: lower.refused.load(Ordering::Relaxed),
        sites: seen.filter_map(|site| lower_site(hub, lower, site)).collect(),
    }
}

fn lower_site(hub: &Hub, lower: &Lower, site: &str) -> Option<wire::LowerSite> {
    let forwarded = hub.sites.get(site)?.forwarded.as_ref()?;
    let heard_age = forwarded.heard_age();
    Some(wire::LowerSite {
        site: site.to_owned(),
        heartbeat_age: heard_age.map(duration_to_wire),
        silent: lower.is_silent(heard_age) == Some(true),
        sequence: forwarded.feed().sequence(),
        behind: forwarded.behind(),
    })
}
