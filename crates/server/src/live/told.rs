//! What a commit brought, in the words of the files that its readings are of.

use std::{mem::size_of, sync::Arc};

use davy_journal::Commit;
use davy_model::{Input, MessageHead, Reading, ReadingBlock, Timestamp};
use davy_rules::Plan;

use crate::shown::Shown;

/// The readings of a commit that is on disk.
#[derive(Debug)]
pub(crate) struct Told {
    /// The commit's number.
    pub(crate) number: u64,
    /// When it was recorded.
    pub(crate) at: Timestamp,
    /// Its readings, by the files they are of.
    pub(crate) parts: Vec<Part>,
}

/// Readings under the same files.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) plan: Arc<Plan>,
    pub(crate) blocks: Vec<ReadingBlock>,
}

impl Told {
    /// The readings of `commit`, which it gives away. It began under `plan`.
    pub(crate) fn of(commit: &mut Commit, plan: &Arc<Plan>, shown: &Shown) -> Told {
        let mut plans = shown.plans.iter();
        let part = |plan: &Arc<Plan>| Part { plan: Arc::clone(plan), blocks: Vec::new() };
        let mut parts = vec![part(plan)];
        for input in commit.inputs.drain(..) {
            match input {
                Input::Readings(block) => {
                    let last = parts.last_mut().expect("it began with one");
                    last.blocks.push(block);
                }
                Input::Activate(_) => parts.extend(plans.next().map(part)),
                Input::Node { .. }
                | Input::Command(_)
                | Input::Fault(_)
                | Input::Tick
                | Input::Heartbeat(_)
                | Input::Restarted => {}
            }
        }
        Told { number: commit.number, at: commit.at, parts }
    }

    /// About how much memory it takes, bytes.
    pub(super) fn bytes(&self) -> usize {
        let blocks = self.parts.iter().flat_map(|part| &part.blocks);
        let of_block = |block: &ReadingBlock| {
            size_of::<ReadingBlock>()
                + block.readings.len() * size_of::<Reading>()
                + block.messages.len() * size_of::<MessageHead>()
        };
        blocks.map(of_block).sum()
    }
}
