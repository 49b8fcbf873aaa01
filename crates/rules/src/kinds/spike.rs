//! `spike`: one reading far from those before it says more of the sensor than of the process.

use davy_model::{Unit, micros};

use super::{Keep, KindDraft};
use crate::{
    Program,
    expand::Expansion,
    fields::{Fields, Item},
    figure::Figure,
    level::{LevelDraft, Scale, levels},
    report::Report,
};

const KEYS: [&str; 4] = ["over", "at_least", "sigma_min", "levels"];

/// How far the newest reading lies from the median of those before it, in 1.4826 times their median distance from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Spike {
    /// Over this long, µs of the tag's time.
    pub over_us: i64,
    /// Of at least so many readings before it.
    pub readings_min: u32,
    /// The least standard deviation, in the tag's unit: finer steps than the sensor has are no spike.
    pub sigma_min: f64,
}

impl Spike {
    pub(super) fn keep(&self) -> Keep {
        Keep { readings_us: self.over_us, cells_us: 0 }
    }
}

pub(super) struct Draft {
    over_us: i64,
    readings_min: u32,
    sigma_min: Figure,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    KEYS.to_vec()
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &KEYS, report)?;
    let over = fields.need_span("over", report);
    let readings_min = fields.count("at_least", 5, 3..=super::PARTS as u32, report);
    let sigma_min = fields.need("sigma_min", report).and_then(|item| item.figure(report));
    let levels = levels(&fields, report);
    Some(Draft {
        over_us: micros(over?),
        readings_min: readings_min?,
        sigma_min: sigma_min?,
        levels: levels?,
    })
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        let Draft { over_us, readings_min, sigma_min, .. } = self;
        expansion.each(
            |_| Some(Unit::One),
            |expansion, tag| {
                let sigma_min = expansion.figure(sigma_min, tag, Scale::Width)?;
                Some(Program::Spike(Spike { over_us: *over_us, readings_min: *readings_min, sigma_min }))
            },
        );
    }
}
