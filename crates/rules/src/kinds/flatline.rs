//! `flatline`: a tag's value that does not move is a sensor that hangs, or a value that is frozen on its way.

use davy_model::{Comparator, micros};

use super::{Keep, KindDraft};
use crate::{
    Program,
    expand::Expansion,
    fields::{Fields, Item},
    level::{LevelDraft, Scale},
    one_level,
    report::Report,
};

/// The difference between the greatest and the least value over a window, in the tag's unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Flatline {
    /// How long the window is, µs of the tag's time; all of it must be known.
    pub over_us: i64,
    /// How many readings there must be in it.
    pub readings_min: u32,
}

impl Flatline {
    pub(super) fn keep(&self) -> Keep {
        Keep { readings_us: 0, cells_us: self.over_us }
    }
}

pub(super) struct Draft {
    program: Flatline,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    one_level::and(&["over", "spread", "at_least"])
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &keys(), report)?;
    let over = fields.need_span("over", report);
    let readings_min = fields.count("at_least", 3, 2..=100_000, report);
    let spread = fields.need("spread", report).and_then(|item| item.figure(report));
    let level = one_level::read("FLAT", Comparator::AtOrBelow, &fields, spread, report);
    let program = Flatline { over_us: micros(over?), readings_min: readings_min? };
    Some(Draft { program, levels: vec![level?] })
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn scale(&self) -> Scale {
        Scale::Width
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        expansion.each(Some, |_, _| Some(Program::Flatline(self.program.clone())));
    }
}
