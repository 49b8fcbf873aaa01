//! The engine's state as the journal keeps it: with the commit whose files were active.

use davy_engine::{Engine, SNAPSHOT_SCHEMA};
use davy_journal::Snapshot;
use davy_model::Timestamp;
use prost::Message;

/// Field numbers are never reused: every released version must load.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Kept {
    /// The commit that made the active files active.
    #[prost(uint64, tag = "1")]
    pub(crate) activated_in: u64,
    /// The engine's own.
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) engine: Vec<u8>,
}

/// A snapshot after commit `number`.
pub(crate) fn take(engine: &Engine, number: u64, at: Timestamp, activated_in: u64) -> Snapshot {
    let kept = Kept { activated_in, engine: engine.snapshot() };
    Snapshot { number, at, schema: SNAPSHOT_SCHEMA, bytes: kept.encode_to_vec() }
}
