//! The log speaks of the tags and edge nodes of the files it was written under; other files may count them otherwise.

use std::{collections::BTreeSet, sync::Arc};

use davy_engine::JudgeError;
use davy_model::{Bundle, MessageHead, NodeIndex, Reading, ReadingBlock, Site, TagIndex};
use davy_rules::{Plan, compile};

use super::series::Takers;

/// The files that tell what tags and edge nodes there are.
const FILES: [&str; 2] = ["site.yaml", "tags.csv"];

/// From the places of one site's files to those of another's.
pub(super) enum Translation {
    /// They are the same.
    Same,
    /// By place in the log's files: the place here, if there is one.
    Places { tags: Vec<Option<TagIndex>>, nodes: Vec<Option<NodeIndex>> },
    /// The log is of series, and of no files.
    Series(Takers),
}

/// What could not be taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lost {
    /// Readings left out.
    pub(super) readings: u64,
    /// Tags of the log that these files do not have, or have in another unit.
    pub(super) tags: BTreeSet<Arc<str>>,
}

impl Translation {
    /// From the files `log` to those of `plan`, which are `own`.
    pub(super) fn new(
        log: &Bundle,
        own: &Bundle,
        plan: &Plan,
        lost: &mut Lost,
    ) -> Result<Translation, JudgeError> {
        let text = |bundle: &Bundle, path: &str| {
            bundle.files.iter().find(|file| file.path == path).map(|file| file.text.clone())
        };
        if FILES.iter().all(|path| text(log, path) == text(own, path)) {
            return Ok(Translation::Same);
        }
        let from = compile(log)
            .map_err(|diagnostics| JudgeError::Files { revision: Arc::clone(&log.revision), diagnostics })?;
        Ok(Translation::between(&from.site, &plan.site, lost))
    }

    fn between(from: &Site, to: &Site, lost: &mut Lost) -> Translation {
        let mut tag = |tag: &davy_model::Tag| {
            let found = to.tag_index(&tag.name).filter(|index| to.tag(*index).unit == tag.unit);
            if found.is_none() {
                lost.tags.insert(Arc::clone(&tag.name));
            }
            found
        };
        let tags = from.tags.iter().map(&mut tag).collect();
        let nodes = from.edge_nodes.iter().map(|node| to.node_index(&node.id)).collect();
        Translation::Places { tags, nodes }
    }

    /// An edge node here.
    pub(super) fn node(&self, node: NodeIndex) -> Option<NodeIndex> {
        match self {
            // A log of series says nothing of edge nodes.
            Translation::Same | Translation::Series(_) => Some(node),
            Translation::Places { nodes, .. } => nodes[node.0 as usize],
        }
    }

    /// Readings with their places here; `None` when they are the same.
    pub(super) fn readings(&self, block: &ReadingBlock, lost: &mut Lost) -> Option<ReadingBlock> {
        let tags = match self {
            Translation::Same => return None,
            Translation::Series(takers) => return Some(takers.readings(block, lost)),
            Translation::Places { tags, .. } => tags,
        };
        let mut taken = ReadingBlock::default();
        let mut rest = &block.readings[..];
        for head in &block.messages {
            let (message, after) = rest.split_at(head.len as usize);
            rest = after;
            let before = taken.readings.len();
            if let Some(node) = self.node(head.node) {
                let here = |reading: &Reading| {
                    let tag = tags[reading.tag.0 as usize]?;
                    Some(Reading { tag, ..*reading })
                };
                taken.readings.extend(message.iter().filter_map(here));
                let len = u32::try_from(taken.readings.len() - before).unwrap_or(u32::MAX);
                taken.messages.push(MessageHead { node, len, ..*head });
            }
            lost.readings += (message.len() - (taken.readings.len() - before)) as u64;
        }
        Some(taken)
    }
}
