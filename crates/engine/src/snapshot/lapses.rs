//! Tags whose last reading is no evidence, in a snapshot.

use std::sync::Arc;

use davy_model::TagIndex;

use super::{
    SnapshotError,
    convert::quality,
    layout::{LapseState, SaidState},
};
use crate::{
    Engine,
    lapse::{Lapse, Said},
};

impl Engine {
    pub(super) fn lapse_states(&self) -> Vec<LapseState> {
        let state = |(name, lapse): (&Arc<str>, &Lapse)| {
            let tag = self.plan.site.tag_index(name)?;
            Some(LapseState::of(tag, *lapse, self.tags[tag.0 as usize].is_empty()))
        };
        self.lapses.iter().filter_map(state).collect()
    }

    pub(super) fn lapse_again(&mut self, lapses: &[LapseState]) -> Result<(), SnapshotError> {
        for lapse in lapses {
            // Only a measured tag has one: what is calculated has no reading.
            let tag = self.plan.site.tags.get(lapse.tag as usize);
            let tag = tag.ok_or(SnapshotError::Unfit("a lapse of a tag that is not there"))?;
            let state = &mut self.tags[lapse.tag as usize];
            state.set_lapsed(true);
            state.set_empty(lapse.is_empty);
            self.lapses.insert(Arc::clone(&tag.name), lapse.to_lapse()?);
        }
        Ok(())
    }
}

impl LapseState {
    fn of(tag: TagIndex, lapse: Lapse, is_empty: bool) -> LapseState {
        LapseState {
            tag: tag.0,
            since_us: lapse.since_us,
            last: Some(SaidState::of(lapse.last)),
            measured: lapse.measured.map(SaidState::of),
            is_empty,
            good: lapse.good.map(|(_, said)| SaidState::of(said)),
            good_value: lapse.good.map(|(value, _)| value),
        }
    }

    fn to_lapse(self) -> Result<Lapse, SnapshotError> {
        let good = self.good.map(SaidState::to_said).transpose()?;
        Ok(Lapse {
            good: self.good_value.zip(good),
            since_us: self.since_us,
            last: self.last.unwrap_or_default().to_said()?,
            measured: self.measured.map(SaidState::to_said).transpose()?,
        })
    }
}

impl SaidState {
    fn of(said: Said) -> SaidState {
        SaidState {
            quality: u32::from(said.quality.code()),
            source_us: said.source_us,
            arrival_us: said.arrival_us,
            judged_us: said.judged_us,
        }
    }

    fn to_said(self) -> Result<Said, SnapshotError> {
        Ok(Said {
            quality: quality(self.quality)?,
            source_us: self.source_us,
            arrival_us: self.arrival_us,
            judged_us: self.judged_us,
        })
    }
}
