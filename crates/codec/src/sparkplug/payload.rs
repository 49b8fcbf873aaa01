//! A payload's frame: its time, its number, and where its metrics lie; field numbers of chapter 6.4.3.

use crate::wire::{Wire, WireType};

const TIMESTAMP: u32 = 1;
const METRICS: u32 = 2;
const SEQ: u32 = 3;

/// What a payload says of itself. It stands before and behind the metrics, so it is read first, over their lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// When it was sent, ms since 1970.
    pub(super) timestamp: Option<u64>,
    /// Its place in the edge node's count.
    pub(super) seq: Option<u64>,
    /// How many metrics it holds.
    pub(super) metrics: u32,
}

/// Why a payload cannot be read, and how many bytes into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) said: &'static str,
    pub(super) offset: usize,
    /// Whole metrics before that.
    pub(super) metrics: u32,
}

impl Head {
    /// Reads the frame, to the payload's end.
    pub(super) fn read(payload: &[u8]) -> Result<Head, Broken> {
        let mut head = Head::default();
        let mut wire = Wire::new(payload);
        while !wire.is_empty() {
            let offset = payload.len() - wire.len();
            let broken = |said| Broken { said, offset, metrics: head.metrics };
            let key = wire.key().map_err(broken)?;
            match (key.number, key.wire_type) {
                (TIMESTAMP, WireType::Varint) => head.timestamp = Some(wire.varint().map_err(broken)?),
                (SEQ, WireType::Varint) => head.seq = Some(wire.varint().map_err(broken)?),
                (METRICS, WireType::Len) => {
                    wire.bytes().map_err(broken)?;
                    head.metrics += 1;
                }
                (TIMESTAMP | METRICS | SEQ, _) => return Err(broken("a field has the wrong wire type")),
                // A uuid, a body, and what later versions add.
                _ => wire.skip(key).map_err(broken)?,
            }
        }
        Ok(head)
    }
}

/// The metrics of a payload whose frame has been read, in their order.
pub(super) fn metrics(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut wire = Wire::new(payload);
    std::iter::from_fn(move || {
        while !wire.is_empty() {
            let key = wire.key().ok()?;
            if key.number == METRICS {
                return wire.bytes().ok();
            }
            wire.skip(key).ok()?;
        }
        None
    })
}
