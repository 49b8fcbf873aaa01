//! `time_to_limit`: how long until a tag's value reaches a limit, if it goes on as it does now.

use davy_model::{Unit, micros};

use super::{Keep, KindDraft, Slope, rate_of_change::slope};
use crate::{
    Program,
    expand::Expansion,
    fields::{Fields, Item},
    figure::Figure,
    level::{LevelDraft, Scale, levels},
    report::Report,
};

const KEYS: [&str; 6] = ["to", "direction", "over", "at_least", "slope", "levels"];

/// (limit − value) / slope, in minutes; a year where the value does not go towards the limit for certain, 0 past it.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeToLimit {
    /// The limit, in the tag's unit.
    pub limit: f64,
    /// Whether it is reached from above.
    pub falling: bool,
    /// The slope is taken over this long, µs of the tag's time.
    pub over_us: i64,
    /// Of at least so many readings, which span at least half of it.
    pub readings_min: u32,
    /// Which slope.
    pub slope: Slope,
}

impl TimeToLimit {
    pub(super) fn keep(&self) -> Keep {
        Keep { readings_us: self.over_us, cells_us: 0 }
    }
}

pub(super) struct Draft {
    to: Figure,
    falling: bool,
    over_us: i64,
    readings_min: u32,
    slope: Slope,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    KEYS.to_vec()
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &KEYS, report)?;
    let to = fields.need("to", report).and_then(|item| item.figure(report));
    let falling = fields.falling(report);
    let over = fields.need_span("over", report);
    let readings_min = fields.count("at_least", 5, 3..=super::PARTS as u32, report);
    let slope = slope(&fields, report);
    let levels = levels(&fields, report);
    Some(Draft {
        to: to?,
        falling: falling?,
        over_us: micros(over?),
        readings_min: readings_min?,
        slope: slope?,
        levels: levels?,
    })
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        let Draft { to, falling, over_us, readings_min, slope, .. } = self;
        expansion.each(
            |_| Some(Unit::Minute),
            |expansion, tag| {
                let limit = expansion.figure(to, tag, Scale::Point)?;
                let (falling, over_us, readings_min, slope) = (*falling, *over_us, *readings_min, *slope);
                Some(Program::TimeToLimit(TimeToLimit { limit, falling, over_us, readings_min, slope }))
            },
        );
    }
}
