//! `ewma`: an exponentially weighted mean of how far a tag's value is off its target, in its own standard deviations.
//!
//! S. W. Roberts, 1959; with λ 0.2 and 2.96 deviations a false alarm comes after about 500 readings on the average.

use davy_model::micros;

use super::{
    Keep, KindDraft,
    standard::{self, Standard, StandardDraft},
};
use crate::{
    Program,
    expand::Expansion,
    fields::{Fields, Item},
    level::{LevelDraft, levels},
    report::Report,
};

/// The mean over the readings of `over`, in standard deviations of such a mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Ewma {
    /// By what it is measured.
    pub standard: Standard,
    /// How much the newest reading weighs, 0 to 1; those before it the less, the older they are.
    pub lambda: f64,
    /// Readings this old are left out, µs.
    pub over_us: i64,
    /// Of at least so many readings.
    pub readings_min: u32,
}

impl Ewma {
    pub(super) fn keep(&self) -> Keep {
        Keep { readings_us: self.over_us, ..self.standard.keep() }
    }
}

pub(super) struct Draft {
    standard: StandardDraft,
    lambda: f64,
    over_us: i64,
    readings_min: u32,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    standard::and(&["lambda", "over", "at_least", "levels"])
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &keys(), report)?;
    let standard = standard::read(&fields, report);
    let lambda = fields.number("lambda", 0.2, 0.01..=1.0, report);
    let over = fields.need_span("over", report);
    let readings_min = fields.count("at_least", 3, 1..=super::PARTS as u32, report);
    let levels = levels(&fields, report);
    Some(Draft {
        standard: standard?,
        lambda: lambda?,
        over_us: micros(over?),
        readings_min: readings_min?,
        levels: levels?,
    })
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        let Draft { ref standard, lambda, over_us, readings_min, .. } = *self;
        standard.each(expansion, |standard| Program::Ewma(Ewma { standard, lambda, over_us, readings_min }));
    }
}
