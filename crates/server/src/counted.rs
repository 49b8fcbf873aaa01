//! The number each edge node gave its last message, so that what is lost while Davy is down is noticed.

use std::sync::Arc;

use davy_model::{Freshness, Input, Site};

use crate::snapshot::KeptSeq;

/// By the place of the edge node in the active files.
#[derive(Debug, Default)]
pub(crate) struct Counted(Vec<(Arc<str>, Option<u64>)>);

impl Counted {
    /// As a snapshot kept it.
    pub(crate) fn kept(seqs: &[KeptSeq]) -> Counted {
        Counted(seqs.iter().map(|kept| (kept.edge_node.as_str().into(), Some(kept.seq))).collect())
    }

    /// Notes the numbers in an input that was judged under these files.
    pub(crate) fn note(&mut self, input: &Input, site: &Site) {
        match input {
            Input::Activate(_) => self.rearrange(site),
            Input::Readings(block) => {
                for head in block.messages.iter().filter(|head| head.freshness != Freshness::Replayed) {
                    if let (Some(seq), Some((_, last))) = (head.seq, self.0.get_mut(head.node.0 as usize)) {
                        *last = Some(seq);
                    }
                }
            }
            Input::Node { .. }
            | Input::Command(_)
            | Input::Fault(_)
            | Input::Tick
            | Input::Heartbeat(_)
            | Input::Restarted => {}
        }
    }

    /// Puts the numbers in the order of these files' edge nodes.
    pub(crate) fn rearrange(&mut self, site: &Site) {
        let before = std::mem::take(&mut self.0);
        let last = |id: &Arc<str>| before.iter().find(|(known, _)| known == id).and_then(|(_, seq)| *seq);
        self.0 = site.edge_nodes.iter().map(|node| (Arc::clone(&node.id), last(&node.id))).collect();
    }

    /// Every edge node that numbers its messages, and the last number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, u64)> {
        self.0.iter().filter_map(|(node, seq)| Some((node, (*seq)?)))
    }
}
