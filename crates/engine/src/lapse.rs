//! Tags whose last reading is no evidence: since when that is so, and what was measured last.
//!
//! A tag that reports by exception holds its value for as long as its edge node lives, but not past a reading that says
//! that there is none: from then on it is silent, whatever else its edge node sends. Kept aside, since few tags are so.

use std::sync::Arc;

use davy_model::{Quality, Reading, SeenReading, TagIndex, Timestamp};

use crate::{engine::Engine, readings::evidence_of};

/// The evidence of a tag has ended by a reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lapse {
    /// Arrival of the first reading that was none, µs.
    pub(crate) since_us: i64,
    /// The last reading.
    pub(crate) last: Said,
    /// The last reading with a value: that of the tag's state. Absent when there was none, or it is not known when it came.
    pub(crate) measured: Option<Said>,
    /// The last evidence before it, with its value; absent when it is not known.
    pub(crate) good: Option<(f64, Said)>,
}

/// A reading as it was judged, without its value: that is converted with its tag's unit, and kept there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) quality: Quality,
    pub(crate) source_us: i64,
    pub(crate) arrival_us: i64,
    pub(crate) judged_us: i64,
}

impl Said {
    fn named(&self, tag: &Arc<str>, value: Option<f64>) -> SeenReading {
        SeenReading {
            tag: Arc::clone(tag),
            value,
            quality: self.quality,
            source_time: Timestamp::from_micros(self.source_us),
            arrival_time: Timestamp::from_micros(self.arrival_us),
            judged_time: Timestamp::from_micros(self.judged_us),
        }
    }
}

impl Engine {
    /// A reading that is no evidence is about to be noted, or another that ends no lapse.
    pub(crate) fn lapse(&mut self, reading: &Reading, arrival_us: i64, judged_us: i64) {
        let name = Arc::clone(&self.plan.site.tag(reading.tag).name);
        let before = self.measured(reading.tag);
        self.tags[reading.tag.0 as usize].set_lapsed(true);
        let source_us = reading.source_time.as_micros();
        let said = Said { quality: reading.quality, source_us, arrival_us, judged_us };
        let measured = if reading.value.is_some() { Some(said) } else { before };
        let state = &self.tags[reading.tag.0 as usize];
        let good = before.filter(|_| state.has_evidence()).map(|before| (state.value, before));
        let first = Lapse { since_us: arrival_us, last: said, measured, good };
        let lapse = self.lapses.entry(name).or_insert(first);
        (lapse.last, lapse.measured) = (said, measured);
        // A replayed one may say what was measured before the lapse.
        lapse.good = evidence_of(reading).map(|value| (value, said)).or(lapse.good);
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

    /// The last reading of a tag that had a value, where it is known when it came.
    fn measured(&self, tag: TagIndex) -> Option<Said> {
        let state = &self.tags[tag.0 as usize];
        match self.lapse_of(tag) {
            Some(lapse) => lapse.measured,
            None => state.is_heard().then(|| Said {
                quality: state.quality(),
                source_us: state.source_us,
                arrival_us: state.heard_us,
                judged_us: state.clock_us,
            }),
        }
    }

    /// What is known of a tag that is silent: its last value, and the reading without one that came after it.
    pub(crate) fn last_readings(&self, tag: TagIndex) -> Vec<SeenReading> {
        let state = &self.tags[tag.0 as usize];
        let name = &self.plan.site.tag(tag).name;
        let measured = self.measured(tag).map(|said| said.named(name, Some(state.value)));
        let empty = self.lapse_of(tag).filter(|_| state.is_empty());
        let empty = empty.map(|lapse| Said { quality: state.quality(), ..lapse.last }.named(name, None));
        measured.into_iter().chain(empty).collect()
    }

    /// The last reading of a tag that said something of the process, where it is known.
    pub(crate) fn last_evidence(&self, tag: TagIndex) -> Option<SeenReading> {
        let state = &self.tags[tag.0 as usize];
        let (value, said) = match self.lapse_of(tag) {
            Some(Lapse { good: Some(good), .. }) => *good,
            // One from before such were kept.
            Some(lapse) => (state.value, lapse.measured.filter(|said| said.quality.is_evidence())?),
            None => (state.value, self.measured(tag).filter(|_| state.has_evidence())?),
        };
        Some(said.named(&self.plan.site.tag(tag).name, Some(value)))
    }

    /// Other files are active: the lapses of tags that are gone, or begin anew, are over.
    pub(crate) fn keep_lapses(&mut self) {
        let (site, tags) = (&self.plan.site, &self.tags);
        let lasts =
            |name: &Arc<str>| site.tag_index(name).is_some_and(|tag| tags[tag.0 as usize].has_lapsed());
        self.lapses.retain(|name, _| lasts(name));
    }
}
