//! The site that the tests of this crate publish for.

use std::sync::Arc;
use std::time::Duration;

use davy_model::{EdgeNode, Quantity, Range, Reporting, Site, Tag, Text, Timestamp, Unit};

use crate::directory::{Keeping, SiteDoor};
use crate::{Inbox, InboxReceiver};

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_795_420_800_000_000);

pub(crate) fn tag(name: &str, quantity: &str, unit: &str) -> Tag {
    let quantity = Quantity::new(quantity).expect("a quantity");
    Tag {
        name: name.into(),
        title: Text::en(name),
        substance: quantity.substance(),
        quantity,
        unit: Unit::parse(unit).expect("a unit"),
        range: None,
        expected_interval: Duration::from_secs(1),
        silence_limit: Duration::from_secs(10),
        reporting: Reporting::Periodic,
        area: None,
        edge_node: None,
        sent_as: None,
        device: None,
        equipment: None,
        hazard_source: None,
        role: None,
        location: None,
    }
}

fn node(id: &str) -> EdgeNode {
    EdgeNode {
        id: id.into(),
        title: Text::en(id),
        loss_grace: EdgeNode::DEFAULT_LOSS_GRACE,
        silence_limit: EdgeNode::DEFAULT_SILENCE_LIMIT,
    }
}

/// `park`, with `gw-1` and `gw-2`; `AT-1/h2s` in ppm from 0 to 100, `PT-1/p` in kPa owned by `gw-2`, `TK-1/level` in m.
pub(crate) fn park() -> Site {
    let mut tags = vec![
        Tag { range: Some(Range { low: 0.0, high: 100.0 }), ..tag("AT-1/h2s", "gas.h2s", "ppm") },
        Tag { edge_node: Some("gw-2".into()), ..tag("PT-1/p", "pressure", "kPa") },
        tag("TK-1/level", "level", "m"),
    ];
    tags.sort_by(|a, b| a.name.cmp(&b.name));
    Site {
        id: "park".into(),
        title: Text::en("Park"),
        areas: Vec::new(),
        edge_nodes: vec![node("gw-1"), node("gw-2")],
        devices: Vec::new(),
        tags,
        sources: Vec::new(),
        time: davy_model::TimePolicy::default(),
        shelving: davy_model::ShelvingPolicy::default(),
        desks: Vec::new(),
        duties: davy_model::Duties::default(),
        annunciation: davy_model::Annunciation::default(),
    }
}

pub(crate) fn park_door(budget_bytes: usize) -> (Arc<SiteDoor>, InboxReceiver) {
    let (inbox, receiver) = Inbox::new(budget_bytes);
    (
        Arc::new(SiteDoor::new(Arc::new(park()), "rev-1".into(), Arc::from([]), inbox, Keeping::default())),
        receiver,
    )
}
