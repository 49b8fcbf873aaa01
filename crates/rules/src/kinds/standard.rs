//! What a tag's value is measured by: how many of its usual deviations it lies off its target.

use davy_model::{TagIndex, Unit, micros};

use super::Keep;
use crate::{
    Code, Program,
    expand::Expansion,
    fields::Fields,
    figure::Figure,
    level::Scale,
    report::{Finding, Report},
};

/// Target and standard deviation of a tag's value, in its unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Standard {
    /// As the file has them.
    Given {
        /// The target.
        target: f64,
        /// The standard deviation; above 0.
        sigma: f64,
    },
    /// The median of its own means in the parts of so long a time, µs, half of which must be known; and 1.4826 times
    /// the median distance from it, at least so much.
    Itself {
        /// How long.
        over_us: i64,
        /// The least standard deviation; above 0.
        sigma_min: f64,
    },
}

/// The keys of a standard.
pub(crate) const KEYS: [&str; 4] = ["target", "sigma", "itself", "sigma_min"];

/// What the standard is: given, or what the tag usually is itself.
pub(crate) const FORMS: [&str; 2] = ["target", "itself"];

/// A kind's own keys, and these.
pub(super) fn and(own: &[&'static str]) -> Vec<&'static str> {
    own.iter().chain(&KEYS).copied().collect()
}

/// A standard whose figures are as written.
pub(super) enum StandardDraft {
    Given(Figure, Figure),
    Itself(i64, Figure),
}

pub(super) fn read(fields: &Fields<'_>, report: &mut Report) -> Option<StandardDraft> {
    let figure = |key: &'static str, report: &mut Report| {
        let item = fields.need(key, report)?;
        item.figure(report)
    };
    let wide = |key: &'static str, report: &mut Report| {
        let width = figure(key, report)?;
        if width.value > 0.0 {
            return Some(width);
        }
        let finding = Finding::new(Code::NumberRange, format!("{}: {key}", fields.about()));
        report.error(width.place, finding.found(&width.written).expected("more than 0"));
        None
    };
    match fields.one_of(&FORMS, report)? {
        "target" => {
            let target = figure("target", report);
            Some(StandardDraft::Given(target?, wide("sigma", report)?))
        }
        _ => {
            let over = fields.need_span("itself", report);
            Some(StandardDraft::Itself(micros(over?), wide("sigma_min", report)?))
        }
    }
}

impl StandardDraft {
    /// Makes a calculated tag of each tag covered, in multiples of its standard deviation.
    pub(super) fn each(&self, expansion: &mut Expansion<'_>, program: impl Fn(Standard) -> Program) {
        let program = |expansion: &mut Expansion<'_>, tag| Some(program(self.compile(expansion, tag)?));
        expansion.each(|_| Some(Unit::One), program);
    }

    /// The standard in a tag's unit.
    fn compile(&self, expansion: &mut Expansion<'_>, tag: TagIndex) -> Option<Standard> {
        match self {
            StandardDraft::Given(target, sigma) => Some(Standard::Given {
                target: expansion.figure(target, tag, Scale::Point)?,
                sigma: expansion.figure(sigma, tag, Scale::Width)?,
            }),
            StandardDraft::Itself(over_us, sigma_min) => Some(Standard::Itself {
                over_us: *over_us,
                sigma_min: expansion.figure(sigma_min, tag, Scale::Width)?,
            }),
        }
    }
}

impl Standard {
    /// What must be kept to know it.
    pub(super) fn keep(&self) -> Keep {
        match self {
            Standard::Given { .. } => Keep::default(),
            Standard::Itself { over_us, .. } => Keep { readings_us: 0, cells_us: *over_us },
        }
    }
}
