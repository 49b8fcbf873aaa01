//! A delay that runs on its tag's clock, and counts only time for which there was evidence.

use davy_model::{Quality, SeenReading, Timestamp};
use std::sync::Arc;

/// A reading as it was judged, without its tag's name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) value: f64,
    pub(crate) quality: Quality,
    pub(crate) source_us: i64,
    pub(crate) arrival_us: i64,
    pub(crate) judged_us: i64,
}

/// An on-delay or off-delay that runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hold {
    /// When its first reading was judged.
    pub(crate) since_us: i64,
    /// How much time with evidence has passed.
    pub(crate) elapsed_us: i64,
    /// Up to where on the tag's clock that was counted.
    pub(crate) counted_us: i64,
    /// Where evidence began again after a gap, if it did since; before that nothing more is counted.
    pub(crate) resumed_us: i64,
    /// The reading that began it.
    pub(crate) first: Seen,
    /// The last reading that agreed.
    pub(crate) last: Seen,
    /// How many readings agreed.
    pub(crate) readings: u32,
    /// The last reading proved nothing: until another agrees, no time is counted.
    pub(crate) stands_still: bool,
}

/// What one trip level does now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LevelState {
    /// Not passed.
    Normal,
    /// Passed, its on-delay runs.
    Rising(Box<Hold>),
    /// Passed for long enough.
    Active,
    /// Back, its off-delay runs: active still.
    Falling(Box<Hold>),
}

impl Seen {
    pub(crate) fn named(&self, tag: &Arc<str>) -> SeenReading {
        SeenReading {
            tag: Arc::clone(tag),
            value: Some(self.value),
            quality: self.quality,
            source_time: Timestamp::from_micros(self.source_us),
            arrival_time: Timestamp::from_micros(self.arrival_us),
            judged_time: Timestamp::from_micros(self.judged_us),
        }
    }
}

impl Hold {
    pub(crate) fn begin(seen: Seen) -> Hold {
        Hold {
            since_us: seen.judged_us,
            elapsed_us: 0,
            counted_us: seen.judged_us,
            resumed_us: i64::MIN,
            first: seen,
            last: seen,
            readings: 1,
            stands_still: false,
        }
    }

    /// Counts one more reading that agrees.
    pub(crate) fn agree(&mut self, seen: Seen) {
        self.last = seen;
        self.readings = self.readings.saturating_add(1);
        self.stands_still = false;
    }

    /// Where on the tag's clock `required_us` will have passed, if evidence goes on.
    pub(crate) fn due_us(&self, required_us: i64) -> i64 {
        let from_us = self.counted_us.max(self.resumed_us);
        from_us.saturating_add(required_us.saturating_sub(self.elapsed_us).max(0))
    }

    /// Counts time up to `clock_us`, of which there was evidence up to `evidence_until_us`, if there was any.
    pub(crate) fn credit(&mut self, clock_us: i64, evidence_until_us: Option<i64>) {
        if let Some(evidence_until_us) = evidence_until_us.filter(|_| !self.stands_still) {
            let from_us = self.counted_us.max(self.resumed_us);
            let passed_us = clock_us.min(evidence_until_us).saturating_sub(from_us);
            self.elapsed_us = self.elapsed_us.saturating_add(passed_us.max(0));
        }
        self.counted_us = self.counted_us.max(clock_us);
        self.resumed_us = i64::MIN;
    }

    /// Its value is evidence again from `clock_us` on, without a reading. Readings of the gap may come yet, and are
    /// counted when they do.
    pub(crate) fn resume(&mut self, clock_us: i64, evidence_until_us: Option<i64>) {
        if let Some(evidence_until_us) = evidence_until_us {
            self.credit(evidence_until_us.min(clock_us), Some(evidence_until_us));
        }
        self.resumed_us = clock_us;
    }
}

impl LevelState {
    /// Whether the level counts towards the alarm's condition.
    pub(crate) fn is_active(&self) -> bool {
        match self {
            LevelState::Active | LevelState::Falling(_) => true,
            LevelState::Normal | LevelState::Rising(_) => false,
        }
    }

    pub(crate) fn is_normal(&self) -> bool {
        matches!(self, LevelState::Normal)
    }

    pub(crate) fn hold_mut(&mut self) -> Option<&mut Hold> {
        match self {
            LevelState::Rising(hold) | LevelState::Falling(hold) => Some(hold),
            LevelState::Normal | LevelState::Active => None,
        }
    }

    pub(crate) fn hold(&self) -> Option<&Hold> {
        match self {
            LevelState::Rising(hold) | LevelState::Falling(hold) => Some(hold),
            LevelState::Normal | LevelState::Active => None,
        }
    }
}
