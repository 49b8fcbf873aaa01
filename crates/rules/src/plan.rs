//! The compiled set: what the engine runs.

use std::{ops::Range, sync::Arc};

use davy_model::{Comparator, Site, TagIndex, Tier};

use crate::Rule;

/// A site and its rules under one revision, checked and compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// First 12 hex digits of the SHA-256 over the files.
    pub revision: Arc<str>,
    /// The site.
    pub site: Site,
    /// Its rules, sorted by id.
    pub rules: Vec<Rule>,
    /// Trip levels, one program for every rule and unit of tag it meets.
    pub limits: Vec<LimitProgram>,
    /// Silence watches, one program for every rule and silence limit it meets.
    pub silences: Vec<SilenceProgram>,
    /// Every (rule, tag) pair, sorted by tag, then rule.
    pub watches: Vec<Watch>,
    /// Where each tag's watches begin; one longer than there are tags.
    pub watch_starts: Vec<u32>,
}

/// One rule on one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Place of the rule in [`Plan::rules`].
    pub rule: u32,
    /// The tag watched.
    pub tag: TagIndex,
    /// How.
    pub kind: WatchKind,
}

/// How a watch looks at its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchKind {
    /// Place in [`Plan::limits`].
    Limit(u32),
    /// Place in [`Plan::silences`].
    Silence(u32),
}

/// The trip levels of a rule in one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitProgram {
    /// The least grave first; equal tiers in the file's order.
    pub levels: Vec<Level>,
    /// A value strictly between these two passes no level, and is the common case.
    pub quiet_above: f64,
    /// See [`LimitProgram::quiet_above`].
    pub quiet_below: f64,
}

/// One trip level, in its tags' unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// LL, L, H, HH, L1...
    pub name: Arc<str>,
    /// How grave.
    pub tier: Tier,
    /// How the value is compared with the set point.
    pub comparator: Comparator,
    /// Passed, it raises.
    pub set_point: f64,
    /// Back past it, it clears.
    pub clear_point: f64,
    /// Whether reaching the clear point is enough, or it must be passed.
    pub clear_inclusive: bool,
    /// How long past the set point before it raises, µs of tag time.
    pub on_delay_us: i64,
    /// How long back past the clear point before it clears, µs of tag time.
    pub off_delay_us: i64,
    /// Held after it clears, until reset.
    pub latch: bool,
    /// Still active after this, it sounds again, µs of arrival time; never, when `None`.
    pub re_alarm_us: Option<i64>,
    /// The set point as the file has it: `10 mg/m3`.
    pub written: Arc<str>,
}

/// A silence watch.
#[derive(Clone, Debug, PartialEq)]
pub struct SilenceProgram {
    /// How grave.
    pub tier: Tier,
    /// No usable reading for this long, µs of arrival time.
    pub after_us: i64,
    /// Held after readings come again, until reset.
    pub latch: bool,
    /// Still silent after this, it sounds again, µs of arrival time.
    pub re_alarm_us: Option<i64>,
    /// The figure as the file has it: `3 intervals`.
    pub written: Arc<str>,
}

impl Plan {
    /// The places in [`Plan::watches`] that look at `tag`.
    ///
    /// # Panics
    /// When the index was made under another plan.
    pub fn watches_of(&self, tag: TagIndex) -> Range<usize> {
        let at = tag.0 as usize;
        self.watch_starts[at] as usize..self.watch_starts[at + 1] as usize
    }
}

impl LimitProgram {
    /// A program over levels already ordered by tier.
    pub fn new(levels: Vec<Level>) -> LimitProgram {
        let rising = levels.iter().filter(|level| level.comparator.is_rising());
        let falling = levels.iter().filter(|level| !level.comparator.is_rising());
        let quiet_below = rising.map(|level| level.set_point).fold(f64::INFINITY, f64::min);
        let quiet_above = falling.map(|level| level.set_point).fold(f64::NEG_INFINITY, f64::max);
        LimitProgram { levels, quiet_above, quiet_below }
    }

    /// True when `value` passes no level for certain; one comparison each way.
    #[inline]
    pub fn is_quiet(&self, value: f64) -> bool {
        value < self.quiet_below && value > self.quiet_above
    }
}

impl Level {
    /// Whether `value` is past the set point.
    pub fn is_past(&self, value: f64) -> bool {
        self.comparator.is_past(value, self.set_point)
    }

    /// Whether `value` is back past the clear point. Never true for NaN.
    pub fn is_clear(&self, value: f64) -> bool {
        match (self.comparator.is_rising(), self.clear_inclusive) {
            (true, false) => value < self.clear_point,
            (true, true) => value <= self.clear_point,
            (false, false) => value > self.clear_point,
            (false, true) => value >= self.clear_point,
        }
    }
}
