//! A log that knows no site's files: its readings are of series, each a tag's name and a unit.

use std::sync::Arc;

use davy_model::{
    Conversion, MessageHead, NodeIndex, Quality, Range, Reading, ReadingBlock, TagIndex, Unit, Value,
};
use davy_rules::Plan;

use super::translate::Lost;

/// What the readings of one place in a log are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedSeries {
    /// The tag's name.
    pub tag: Arc<str>,
    /// The unit that values are in; none where it is no unit of this release.
    pub unit: Option<Unit>,
}

/// By place in the log: the tag here that takes its readings, if there is one.
#[derive(Debug)]
pub(super) struct Takers {
    series: Arc<[LoggedSeries]>,
    by_place: Vec<Option<Taker>>,
}

/// A tag that takes readings of a series.
#[derive(Clone, Copy, Debug)]
struct Taker {
    tag: TagIndex,
    /// Who would have sent them.
    node: NodeIndex,
    line: Conversion,
    range: Option<Range>,
}

impl LoggedSeries {
    /// Whether a site has that tag, in a unit that this one converts to.
    pub fn is_taken_by(&self, plan: &Plan) -> bool {
        self.taker(plan).is_some()
    }

    fn taker(&self, plan: &Plan) -> Option<Taker> {
        let site = &plan.site;
        let index = site.tag_index(&self.tag)?;
        let tag = site.tag(index);
        let line = self.unit?.conversion(tag.unit, &tag.substance).ok()?;
        let node = tag.edge_node.as_deref().and_then(|id| site.node_index(id)).unwrap_or(NodeIndex(0));
        Some(Taker { tag: index, node, line, range: tag.range })
    }
}

impl Takers {
    pub(super) fn new(series: Arc<[LoggedSeries]>, plan: &Plan) -> Takers {
        let by_place = series.iter().map(|one| one.taker(plan)).collect();
        Takers { series, by_place }
    }

    /// The edge nodes that would have sent something, each once.
    pub(super) fn nodes(&self) -> Vec<NodeIndex> {
        let mut nodes: Vec<NodeIndex> = self.by_place.iter().flatten().map(|taker| taker.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// Readings with their places here, each message cut by who would have sent what.
    pub(super) fn readings(&self, block: &ReadingBlock, lost: &mut Lost) -> ReadingBlock {
        let mut taken = ReadingBlock::default();
        let mut rest = &block.readings[..];
        for head in &block.messages {
            let (message, after) = rest.split_at(head.len as usize);
            rest = after;
            let mut here: Vec<(NodeIndex, Reading)> = Vec::with_capacity(message.len());
            for reading in message {
                let place = reading.tag.0 as usize;
                match &self.by_place[place] {
                    Some(taker) => here.push((taker.node, taker.reading(reading))),
                    None => {
                        lost.readings += 1;
                        lost.tags.insert(Arc::clone(&self.series[place].tag));
                    }
                }
            }
            // Stable: what one node sent stays in its order.
            here.sort_by_key(|(node, _)| *node);
            for of_node in here.chunk_by(|(a, _), (b, _)| a == b) {
                let len = u32::try_from(of_node.len()).unwrap_or(u32::MAX);
                taken.messages.push(MessageHead { node: of_node[0].0, len, ..*head });
                taken.readings.extend(of_node.iter().map(|(_, reading)| *reading));
            }
        }
        taken
    }
}

impl Taker {
    fn reading(&self, stored: &Reading) -> Reading {
        let value = stored.value.get().map(|value| self.line.apply(value));
        // What came by an import was held against no range yet.
        let quality = match (self.range, value) {
            (Some(range), Some(value)) if stored.quality == Quality::Good => {
                range.quality_of(value, Quality::Good)
            }
            _ => stored.quality,
        };
        Reading { tag: self.tag, quality, source_time: stored.source_time, value: Value::from(value) }
    }
}
