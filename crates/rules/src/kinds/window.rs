//! `window`: the mean, greatest or least value of a tag over a rolling window, of which enough must be known.
//!
//! `twa` and `stel` are means with the windows that GBZ 2.1-2019 (4.1) gives to PC-TWA and PC-STEL: 8 hours, 15 minutes.

use std::time::Duration;

use davy_model::micros;

use super::{Keep, KindDraft};
use crate::{
    Program,
    expand::Expansion,
    fields::{Fields, Item},
    level::{LevelDraft, levels},
    report::Report,
};

const KEYS: [&str; 4] = ["of", "over", "coverage", "levels"];
/// What is taken of a window.
pub(crate) const WORDS: [&str; 5] = ["mean", "max", "min", "twa", "stel"];
/// Share of the window that must be known when the file does not say: an engineering default.
const COVERAGE: f64 = 0.75;

/// A statistic of a tag's value over a rolling window, in its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Which statistic.
    pub of: Of,
    /// How long the window is, µs of the tag's time.
    pub over_us: i64,
    /// Which share of it must be known: for a mean to be one, and for an extreme to prove that it was no worse.
    pub coverage: f64,
}

/// A statistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The mean over the time that is known.
    Mean,
    /// The greatest value.
    Max,
    /// The least value.
    Min,
}

impl Window {
    pub(super) fn keep(&self) -> Keep {
        Keep { readings_us: 0, cells_us: self.over_us }
    }
}

pub(super) struct Draft {
    program: Window,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    KEYS.to_vec()
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &KEYS, report)?;
    let of = fields.need("of", report).and_then(|item| item.word(&WORDS, report));
    let (of, usual) = match of {
        Some("max") => (Some(Of::Max), None),
        Some("min") => (Some(Of::Min), None),
        Some("twa") => (Some(Of::Mean), Some(Duration::from_secs(8 * 3600))),
        Some("stel") => (Some(Of::Mean), Some(Duration::from_secs(15 * 60))),
        Some(_) => (Some(Of::Mean), None),
        None => (None, None),
    };
    let over = match usual {
        Some(usual) => fields.get("over").map_or(Some(usual), |item| item.span(report)),
        None => fields.need_span("over", report),
    };
    let coverage = fields.number("coverage", COVERAGE, 0.0..=1.0, report);
    let levels = levels(&fields, report);
    Some(Draft { program: Window { of: of?, over_us: micros(over?), coverage: coverage? }, levels: levels? })
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        expansion.each(Some, |_, _| Some(Program::Window(self.program.clone())));
    }
}
