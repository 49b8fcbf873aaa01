//! Value + quality + source time of a known tag.

use crate::{Quality, TagIndex, Timestamp, Value};

/// One value of one tag, in the tag's unit, as the source stamped it; or that there was none to measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Of which tag.
    pub tag: TagIndex,
    /// How far to believe it.
    pub quality: Quality,
    /// When the source says it was measured; the arrival time where the source does not say.
    pub source_time: Timestamp,
    /// In the tag's unit; none where nothing was measured, which is no evidence, whatever the quality.
    pub value: Value,
}
