//! Value + quality + source time of a known tag.

use crate::{Quality, TagIndex, Timestamp};

/// One value of one tag, in the tag's unit, as the source stamped it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Of which tag.
    pub tag: TagIndex,
    /// How far to believe it.
    pub quality: Quality,
    /// When the source says it was measured; the arrival time where the source does not say.
    pub source_time: Timestamp,
    /// In the tag's unit. Finite.
    pub value: f64,
}
