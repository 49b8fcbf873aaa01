//! What the engine holds of a tag: for whoever shows it, not for whoever judges.

use davy_model::{NodeIndex, Quality, Reading, TagIndex, Timestamp, Value};

use crate::{
    engine::Engine,
    tag::{NONE, TagState},
};

/// The last reading of a tag that was judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// When it was measured; its arrival where the source's clock was too far ahead to be believed.
    pub source_time: Timestamp,
    /// When it arrived; not known where it was no evidence, or where Davy was started more than once since.
    pub arrival_time: Option<Timestamp>,
    /// In the tag's unit; none where nothing was measured.
    pub value: Value,
    /// How far to believe it.
    pub quality: Quality,
    /// Who sent the tag's last evidence, where the files know it.
    pub node: Option<NodeIndex>,
}

impl Engine {
    /// What it holds of a tag of the site; nothing where no reading of it was judged.
    ///
    /// # Panics
    /// When the index was made under other files of the site.
    pub fn held(&self, tag: TagIndex) -> Option<Held> {
        let state = &self.tags[tag.0 as usize];
        if !state.is_seen() {
            return None;
        }
        let arrival_time = arrival(state);
        let source_time =
            if state.is_ahead() { arrival_time? } else { Timestamp::from_micros(state.source_us) };
        let value = if state.is_empty() { Value::NONE } else { Value::of(state.value) };
        let node = (state.node != NONE).then_some(NodeIndex(state.node));
        Some(Held { source_time, arrival_time, value, quality: Quality::from_code(state.quality)?, node })
    }

    /// Whether this is the last reading of its tag that was judged, or says the same.
    ///
    /// # Panics
    /// As [`Engine::held`].
    pub fn holds(&self, reading: &Reading) -> bool {
        let state = &self.tags[reading.tag.0 as usize];
        let stamp_us = if state.is_ahead() { self.ahead.get(&reading.tag.0) } else { Some(&state.source_us) };
        state.is_seen() && stamp_us == Some(&reading.source_time.as_micros()) && state.repeats(reading)
    }
}

/// When the last reading came, where what is kept of evidence tells it.
fn arrival(state: &TagState) -> Option<Timestamp> {
    let is_evidence = state.quality().is_evidence() && !state.is_empty();
    (is_evidence && state.is_heard()).then(|| Timestamp::from_micros(state.heard_us))
}
