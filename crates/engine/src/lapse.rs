//! Tags whose last reading is no evidence, and since when that is so.
//!
//! A tag that reports by exception holds its value for as long as its edge node lives, but not past a reading that says
//! that there is none: from then on it is silent, whatever else its edge node sends. Kept aside, since few tags are so.

use std::sync::Arc;

use davy_model::TagIndex;

use crate::engine::Engine;

/// The evidence of a tag has ended by a reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lapse {
    /// Arrival of the first reading that was none, µs.
    pub(crate) since_us: i64,
}

impl Engine {
    /// A reading that is no evidence has come. Those after it change nothing.
    pub(crate) fn begin_lapse(&mut self, tag: TagIndex, arrival_us: i64) {
        let state = &mut self.tags[tag.0 as usize];
        if !state.has_lapsed() {
            state.set_lapsed(true);
            let name = Arc::clone(&self.plan.site.tag(tag).name);
            self.lapses.insert(name, Lapse { since_us: arrival_us });
        }
    }

    /// Evidence has come.
    pub(crate) fn end_lapse(&mut self, tag: TagIndex) {
        let state = &mut self.tags[tag.0 as usize];
        if state.has_lapsed() {
            state.set_lapsed(false);
            self.lapses.remove(&self.plan.site.tag(tag).name);
        }
    }

    /// The lapse of a tag, while it lasts.
    pub(crate) fn lapse_of(&self, tag: TagIndex) -> Option<&Lapse> {
        let lapsed = self.tags[tag.0 as usize].has_lapsed();
        lapsed.then(|| self.lapses.get(&self.plan.site.tag(tag).name)).flatten()
    }

    /// Other files are active: the lapses of tags that are gone, or begin anew, are over.
    pub(crate) fn keep_lapses(&mut self) {
        let (site, tags) = (&self.plan.site, &self.tags);
        let lasts =
            |name: &Arc<str>| site.tag_index(name).is_some_and(|tag| tags[tag.0 as usize].has_lapsed());
        self.lapses.retain(|name, _| lasts(name));
    }
}
