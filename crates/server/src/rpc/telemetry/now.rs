//! Tags as they are now: who they are from the files, what they said last from memory, what stands of them from the book.

use std::{collections::HashMap, sync::Arc};

use davy_delivery::Entry;
use davy_intake::SiteDoor;
use davy_model::{Condition, Site, TagIndex};
use davy_proto::{duration_to_wire, time_to_wire, v1 as wire};
use davy_rules::Plan;

use super::super::view;
use crate::{hub::Hub, latest::Seen, site::SiteService};

/// What tags are told from, looked up once a page.
pub(super) struct Now {
    plan: Arc<Plan>,
    door: Option<Arc<SiteDoor>>,
    gravest: HashMap<Arc<str>, Entry>,
}

impl Now {
    pub(super) fn of(hub: &Hub, service: &SiteService, plan: &Arc<Plan>) -> Now {
        Now {
            plan: Arc::clone(plan),
            door: hub.intake.directory.site(&service.id),
            gravest: gravest(service.feed.book().standing()),
        }
    }

    pub(super) fn tag(&self, index: TagIndex, seen: Option<&Seen>) -> wire::LatestTag {
        let site = &self.plan.site;
        let tag = site.tag(index);
        let node = tag.edge_node.as_ref().or_else(|| sender(site, seen?));
        let state = node.zip(self.door.as_ref()).and_then(|(node, door)| door.presence.node(node).state());
        wire::LatestTag {
            tag: tag.name.to_string(),
            unit: tag.unit.to_string(),
            quantity: tag.quantity.to_string(),
            title: Some((&tag.title).into()),
            area: tag.area.as_deref().unwrap_or_default().to_owned(),
            reading: seen.map(reading),
            silence_limit: Some(duration_to_wire(tag.silence_limit)),
            edge_node: node.map(ToString::to_string).unwrap_or_default(),
            edge_node_state: view::node_state(state).into(),
            alarm: self.gravest.get(&tag.name).map(alarm),
        }
    }
}

/// Who sent a reading, if the files know it.
fn sender<'a>(site: &'a Site, seen: &Seen) -> Option<&'a Arc<str>> {
    site.edge_nodes.get(seen.node.0 as usize).map(|node| &node.id)
}

fn reading(seen: &Seen) -> wire::StoredReading {
    wire::StoredReading {
        source_time: Some(time_to_wire(seen.source)),
        arrival_time: seen.arrival().map(time_to_wire),
        value: seen.value.get(),
        quality: Some(seen.quality.into()),
    }
}

fn alarm(entry: &Entry) -> wire::StandingAlarm {
    let facts = &entry.last.facts;
    wire::StandingAlarm {
        alarm: entry.last.alarm.to_string(),
        tier: wire::Tier::from(facts.tier).into(),
        state: wire::AlarmState::from(facts.state()).into(),
    }
}

/// Of each tag, the gravest of the alarms that judge it; of two alike one that is active, then the first by its key.
fn gravest(standing: Vec<Entry>) -> HashMap<Arc<str>, Entry> {
    let weight = |entry: &Entry| {
        let facts = &entry.last.facts;
        (facts.tier, facts.condition == Condition::Active)
    };
    let mut gravest: HashMap<Arc<str>, Entry> = HashMap::new();
    for entry in standing {
        for tag in &entry.last.tags {
            let before = gravest.get(tag);
            if before.is_none_or(|before| weight(&entry) > weight(before)) {
                gravest.insert(Arc::clone(tag), entry.clone());
            }
        }
    }
    gravest
}
