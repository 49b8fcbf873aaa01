//! `rate_of_change`: how fast a tag's value changes, by a slope that one odd reading does not bend.

use davy_model::{Per, micros};

use super::{Keep, KindDraft};
use crate::{
    Program,
    expand::Expansion,
    fields::{Fields, Item},
    level::{LevelDraft, levels},
    report::Report,
};

const KEYS: [&str; 4] = ["over", "at_least", "slope", "levels"];
/// How a line is laid.
pub(crate) const SLOPES: [&str; 2] = ["theil_sen", "regression"];
/// Readings that a slope needs when the file does not say: with fewer, one wild reading bends the median.
const READINGS_MIN: u32 = 5;

/// The slope of a tag's value, in its unit a minute.
#[derive(Clone, Debug, PartialEq)]
pub struct RateOfChange {
    /// Over this long, µs of the tag's time.
    pub over_us: i64,
    /// Of at least so many readings, which span at least half of it.
    pub readings_min: u32,
    /// Which slope.
    pub slope: Slope,
}

/// How a line is laid through readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slope {
    /// The median of the slopes between all pairs (Theil–Sen): up to 29 % of the readings may be wild.
    TheilSen,
    /// Least squares.
    Regression,
}

impl RateOfChange {
    pub(super) fn keep(&self) -> Keep {
        Keep { readings_us: self.over_us, cells_us: 0 }
    }
}

pub(super) struct Draft {
    program: RateOfChange,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    KEYS.to_vec()
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &KEYS, report)?;
    let over = fields.need_span("over", report);
    let readings_min = fields.count("at_least", READINGS_MIN, 2..=super::PARTS as u32, report);
    let slope = slope(&fields, report);
    let levels = levels(&fields, report);
    let program = RateOfChange { over_us: micros(over?), readings_min: readings_min?, slope: slope? };
    Some(Draft { program, levels: levels? })
}

/// `slope: theil_sen` or `regression`.
pub(super) fn slope(fields: &Fields<'_>, report: &mut Report) -> Option<Slope> {
    let Some(item) = fields.get("slope") else { return Some(Slope::TheilSen) };
    match item.word(&SLOPES, report)? {
        "regression" => Some(Slope::Regression),
        _ => Some(Slope::TheilSen),
    }
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        let program = |_: &mut Expansion<'_>, _| Some(Program::RateOfChange(self.program.clone()));
        expansion.each(|unit| unit.rate(Per::Minute), program);
    }
}
