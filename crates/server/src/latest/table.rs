//! The last readings of one site, by place of the tag.

use std::sync::Arc;

use davy_engine::{Engine, Held};
use davy_model::{NodeIndex, Quality, ReadingBlock, TagIndex, Timestamp, Value};
use davy_rules::Plan;

use crate::shown::Places;

/// A tag's last reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    /// When it was measured; its arrival where the source's clock was too far ahead to be believed.
    pub(crate) source: Timestamp,
    /// When it arrived; [`Timestamp::MIN`] where that is not known any more.
    arrival: Timestamp,
    /// In the tag's unit.
    pub(crate) value: Value,
    /// Who sent it, of the site's edge nodes; another number where that is none of them.
    pub(crate) node: NodeIndex,
    /// How far to believe it.
    pub(crate) quality: Quality,
}

const _: () = assert!(size_of::<Option<Seen>>() == 32, "two tags a line of cache");

/// The last readings of one site.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) plan: Arc<Plan>,
    seen: Vec<Option<Seen>>,
}

impl Seen {
    /// When it arrived; nothing where that is not known any more.
    pub(crate) fn arrival(&self) -> Option<Timestamp> {
        (self.arrival != Timestamp::MIN).then_some(self.arrival)
    }

    fn is_repeated_by(&self, other: &Seen) -> bool {
        (self.source, self.value, self.quality) == (other.source, other.value, other.quality)
    }
}

impl From<Held> for Seen {
    fn from(held: Held) -> Seen {
        let Held { source_time, arrival_time, value, quality, node } = held;
        let arrival = arrival_time.unwrap_or(Timestamp::MIN);
        Seen { source: source_time, arrival, value, node: node.unwrap_or(NodeIndex(u32::MAX)), quality }
    }
}

impl Table {
    /// Of tags that nobody has heard of.
    pub(super) fn empty(plan: &Arc<Plan>) -> Table {
        Table { plan: Arc::clone(plan), seen: vec![None; plan.site.tags.len()] }
    }

    /// What an engine holds.
    pub(super) fn of(engine: &Engine) -> Table {
        let tags = u32::try_from(engine.plan().site.tags.len()).unwrap_or(u32::MAX);
        let seen = (0..tags).map(|tag| engine.held(TagIndex(tag)).map(Seen::from));
        Table { plan: Arc::clone(engine.plan()), seen: seen.collect() }
    }

    pub(super) fn of_tag(&self, tag: TagIndex) -> Option<Seen> {
        self.seen.get(tag.0 as usize).copied().flatten()
    }

    /// Takes readings that are on disk, but for those the engine passed over.
    pub(super) fn note(&mut self, block: &ReadingBlock, passed: &mut Places<'_>) {
        let time = self.plan.site.time;
        let mut rest = block.readings.as_slice();
        for head in &block.messages {
            let (own, later) = rest.split_at(head.len as usize);
            rest = later;
            for reading in own {
                if passed.passes_over_next() {
                    continue;
                }
                let Some(seen) = self.seen.get_mut(reading.tag.0 as usize) else { continue };
                let source = time.believed(reading.source_time, head.arrival);
                let (value, quality) = (reading.value, reading.quality);
                let now = Seen { source, arrival: head.arrival, value, node: head.node, quality };
                // Of one that is repeated, what was there first.
                if seen.is_none_or(|seen| !seen.is_repeated_by(&now)) {
                    *seen = Some(now);
                }
            }
        }
    }

    /// Other files are active: a tag goes on under its name, unless its unit or quantity is another.
    pub(super) fn activate(&mut self, plan: &Arc<Plan>) {
        let (old, new) = (&self.plan.site, &plan.site);
        let node = |node: NodeIndex| {
            let id = old.edge_nodes.get(node.0 as usize).map(|node| &node.id);
            id.and_then(|id| new.node_index(id)).unwrap_or(NodeIndex(u32::MAX))
        };
        let carried = new.tags.iter().map(|tag| {
            let before = old.tag_index(&tag.name)?;
            let same = old.tag(before).unit == tag.unit && old.tag(before).quantity == tag.quantity;
            let seen = self.of_tag(before).filter(|_| same)?;
            Some(Seen { node: node(seen.node), ..seen })
        });
        self.seen = carried.collect();
        self.plan = Arc::clone(plan);
    }
}
