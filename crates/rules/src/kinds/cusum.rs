//! `cusum`: the sum of what a tag's value was off its target, less what is allowed; it finds a small shift that lasts.
//!
//! E. S. Page, 1954: S = max(0, S + z − k), an alarm when S > h. With k 0.5 and h 5, one-sided, a shift of one standard
//! deviation is found after about ten readings.

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

/// The greatest sum of z − k over readings up to the newest, z in standard deviations; 0 when all such sums are less.
#[derive(Clone, Debug, PartialEq)]
pub struct Cusum {
    /// By what it is measured.
    pub standard: Standard,
    /// k: how much of each deviation is allowed, in standard deviations.
    pub slack: f64,
    /// Whether what lies below the target counts instead of what lies above.
    pub falling: bool,
    /// Readings this old are left out, µs.
    pub over_us: i64,
}

impl Cusum {
    pub(super) fn keep(&self) -> Keep {
        Keep { readings_us: self.over_us, ..self.standard.keep() }
    }
}

pub(super) struct Draft {
    standard: StandardDraft,
    slack: f64,
    falling: bool,
    over_us: i64,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    standard::and(&["slack", "direction", "over", "levels"])
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &keys(), report)?;
    let standard = standard::read(&fields, report);
    let slack = fields.number("slack", 0.5, 0.0..=1000.0, report);
    let falling = fields.falling(report);
    let over = fields.need_span("over", report);
    let levels = levels(&fields, report);
    Some(Draft {
        standard: standard?,
        slack: slack?,
        falling: falling?,
        over_us: micros(over?),
        levels: levels?,
    })
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        let Draft { ref standard, slack, falling, over_us, .. } = *self;
        standard.each(expansion, |standard| Program::Cusum(Cusum { standard, slack, falling, over_us }));
    }
}
