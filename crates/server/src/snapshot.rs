//! The engine's state as the journal keeps it: with the commit whose files were active.

use davy_engine::{Engine, SNAPSHOT_SCHEMA};
use davy_journal::Snapshot;
use davy_model::Timestamp;
use prost::Message;

use crate::{counted::Counted, done::Done};

/// Field numbers are never reused: every released version must load.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Kept {
    /// The commit that made the active files active.
    #[prost(uint64, tag = "1")]
    pub(crate) activated_in: u64,
    /// The engine's own.
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) engine: Vec<u8>,
    /// The last numbers of edge nodes' messages.
    #[prost(message, repeated, tag = "3")]
    pub(crate) seqs: Vec<KeptSeq>,
    /// The last commands that were done under an id of their own, the oldest first; none in snapshots of before they were kept.
    #[prost(message, repeated, tag = "4")]
    pub(crate) done: Vec<KeptDone>,
}

/// The last number of an edge node's messages.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeptSeq {
    /// The edge node's id.
    #[prost(string, tag = "1")]
    pub(crate) edge_node: String,
    /// The number.
    #[prost(uint64, tag = "2")]
    pub(crate) seq: u64,
}

/// A command that was done under an id of its own.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeptDone {
    /// The id that whoever asked chose.
    #[prost(string, tag = "1")]
    pub(crate) request_id: String,
    /// What the command is known again by.
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) command: Vec<u8>,
}

/// A snapshot after commit `number`.
pub(crate) fn take(
    engine: &Engine,
    (counted, done): (&Counted, &Done),
    number: u64,
    at: Timestamp,
    activated_in: u64,
) -> Snapshot {
    let seqs = counted.iter().map(|(node, seq)| KeptSeq { edge_node: node.to_string(), seq });
    let kept = Kept { activated_in, engine: engine.snapshot(), seqs: seqs.collect(), done: done.keep() };
    Snapshot { number, at, schema: SNAPSHOT_SCHEMA, bytes: kept.encode_to_vec() }
}
