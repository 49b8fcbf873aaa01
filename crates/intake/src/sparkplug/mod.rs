//! Davy as a Sparkplug host application: the sessions of edge nodes, over all connections that carry them.
//!
//! Promise: an edge node has one session here, whoever brings its messages; it outlives connections and reloads. What an edge
//! node is told (births are asked for, the STATE of this host) goes back by the way it came.

mod ears;
mod host;
mod node;
mod source;
mod stats;

use std::sync::Arc;

pub use host::{SparkplugConfig, SparkplugHost};
pub(crate) use node::{Node, Way};
pub use source::listens;
pub(crate) use source::{groups, owner};
pub use stats::SparkplugStats;

/// A topic of a Sparkplug edge node: how what comes there is read.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) node: Arc<Node>,
    pub(crate) verb: davy_codec::sparkplug::Verb,
    pub(crate) device: Option<Box<str>>,
}
