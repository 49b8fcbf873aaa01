//! Consumers and deliveries as the wire has them.

use std::{collections::BTreeMap, sync::Arc};

use davy_access::{Caller, Permission};
use davy_delivery::consumers::{Consumer, Delivery, Position, Standing};
use davy_journal::JournalReader;
use davy_model::Timestamp;
use davy_proto::{duration_to_wire, time_to_wire, v1 as wire};
use tonic::Status;

use crate::{aside::aside, hub::Hub, rpc::status};

/// How consumers stand, in the sites that the caller may see.
///
/// # Errors
/// When Davy is stopping.
pub(super) async fn consumers(
    hub: &Arc<Hub>,
    caller: &Caller,
    consumers: Vec<Arc<Consumer>>,
) -> Result<Vec<wire::Consumer>, Status> {
    let (hub, caller) = (Arc::clone(hub), caller.clone());
    // It reads journals.
    let shown = aside(move || {
        let mut looker = Looker { hub: &hub, readers: BTreeMap::new() };
        consumers.iter().map(|one| looker.consumer(&caller, one)).collect()
    });
    shown.await.map_err(|_| status::stopping())
}

struct Looker<'a> {
    hub: &'a Hub,
    readers: BTreeMap<Arc<str>, Option<JournalReader>>,
}

impl Looker<'_> {
    fn consumer(&mut self, caller: &Caller, consumer: &Consumer) -> wire::Consumer {
        let now = self.hub.clock.now();
        let Standing { streams, since, heard, filters, positions, .. } = consumer.standing();
        let may =
            |site: &str| caller.may(Permission::View, site) || caller.may_everywhere(Permission::Administer);
        let seen = positions.iter().filter(|(site, _)| may(site));
        let positions: Vec<wire::ConsumerPosition> =
            seen.filter_map(|(site, position)| self.position(site, position)).collect();
        let behind = positions.iter().map(|one| one.last_sequence.saturating_sub(one.sequence)).sum();
        let since_first =
            positions.iter().filter_map(|one| one.behind_since).map(|time| time_of(&time)).min();
        wire::Consumer {
            name: consumer.who.name.to_string(),
            caller: consumer.who.caller.as_deref().unwrap_or_default().to_owned(),
            streams,
            since: Some(time_to_wire(since)),
            heard_time: heard.map(time_to_wire),
            sites: filters.sites,
            scopes: filters.scopes,
            tier_at_least: filters.tier.map_or(wire::Tier::Unspecified, wire::Tier::from).into(),
            positions,
            behind,
            behind_for: since_first.map(|first| duration_to_wire(now.since(first))),
        }
    }

    /// A site that is served no more has no end to be compared with.
    fn position(&mut self, site: &Arc<str>, position: &Position) -> Option<wire::ConsumerPosition> {
        let last_sequence = self.hub.feed.site(site)?.sequence();
        let behind_since =
            if last_sequence > position.sequence { self.first_after(site, position.sequence) } else { None };
        Some(wire::ConsumerPosition {
            site: site.to_string(),
            sequence: position.sequence,
            confirmed_time: Some(time_to_wire(position.at)),
            last_sequence,
            behind_since: behind_since.map(time_to_wire),
        })
    }

    /// When the transition after that one was recorded, if the journal has it.
    fn first_after(&mut self, site: &Arc<str>, sequence: u64) -> Option<Timestamp> {
        let feed = self.hub.feed.site(site)?;
        let reader = self.readers.entry(Arc::clone(site));
        let reader = reader.or_insert_with(|| JournalReader::open(feed.journal()).ok());
        let first = reader.as_ref()?.transitions_after(sequence, 1).ok()?;
        first.first().map(|transition| transition.recorded_time)
    }
}

fn time_of(time: &prost_types::Timestamp) -> Timestamp {
    davy_proto::time_from_wire(time).unwrap_or(Timestamp::MAX)
}

pub(super) fn delivery(delivery: &Delivery) -> wire::Delivery {
    wire::Delivery {
        site: delivery.site.to_string(),
        from_sequence: delivery.from_sequence,
        to_sequence: delivery.to_sequence,
        first_sent_time: Some(time_to_wire(delivery.first_sent)),
        last_sent_time: Some(time_to_wire(delivery.last_sent)),
        confirmed_time: delivery.confirmed.map(time_to_wire),
    }
}
