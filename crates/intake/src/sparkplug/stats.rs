//! What the sessions of a site's Sparkplug edge nodes have come to, for whoever looks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use davy_codec::sparkplug::Counts;
use davy_model::Reason;

use super::host::SparkplugHost;
use super::source::{edge_nodes, owner};
use crate::Directory;

/// One site's Sparkplug edge nodes. Counts are since the process began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SparkplugStats {
    /// Edge nodes whose birth stands and of which nothing is missing.
    pub online: u64,
    /// Edge nodes that were heard, and are not online: dead, lost, or with a gap since their birth.
    pub offline: u64,
    /// Edge nodes that may speak Sparkplug, as the site's files say, and have not since Davy began.
    pub unheard: u64,
    /// Births, deaths, gaps and requests.
    pub counts: Counts,
    /// Messages of which nothing was taken, by reason; only reasons that occurred.
    pub refused: BTreeMap<Reason, u64>,
}

/// What one edge node adds.
#[derive(Debug)]
pub(super) struct NodeStats {
    pub(super) is_heard: bool,
    pub(super) is_online: bool,
    pub(super) counts: Counts,
    pub(super) refused: BTreeMap<Reason, u64>,
}

impl SparkplugHost {
    /// By site: every site that listens to a Sparkplug group.
    pub fn stats(&self, directory: &Directory) -> BTreeMap<Arc<str>, SparkplugStats> {
        let mut sites: BTreeMap<Arc<str>, SparkplugStats> = BTreeMap::new();
        let all: BTreeSet<_> = edge_nodes(directory).into_iter().collect();
        for (group, id) in all {
            let Ok((door, _)) = owner(directory, &group, &id) else { continue };
            let site = sites.entry(Arc::clone(&door.site.id)).or_default();
            match self.known(&group, &id) {
                Some(node) => site.add(&node.stats()),
                None => site.unheard += 1,
            }
        }
        sites
    }
}

impl SparkplugStats {
    fn add(&mut self, node: &NodeStats) {
        let standing = match (node.is_heard, node.is_online) {
            (_, true) => &mut self.online,
            (true, false) => &mut self.offline,
            (false, false) => &mut self.unheard,
        };
        *standing += 1;
        add(&mut self.counts, node.counts);
        for (reason, count) in &node.refused {
            *self.refused.entry(*reason).or_default() += count;
        }
    }
}

fn add(sum: &mut Counts, more: Counts) {
    let Counts { births, deaths, stale_deaths, reordered, duplicates, gaps, rebirths_asked, rebirths_held } =
        more;
    sum.births += births;
    sum.deaths += deaths;
    sum.stale_deaths += stale_deaths;
    sum.reordered += reordered;
    sum.duplicates += duplicates;
    sum.gaps += gaps;
    sum.rebirths_asked += rebirths_asked;
    sum.rebirths_held += rebirths_held;
}
