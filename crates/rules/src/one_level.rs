//! Kinds with a single level have its keys beside their own.

use std::sync::Arc;

use davy_model::{Comparator, Tier};

use crate::{
    fields::Fields,
    figure::Figure,
    level::{Clear, LevelDraft, Timing},
    report::{Place, Report},
};

/// The keys that a kind with a single level takes up.
pub(crate) const KEYS: [&str; 5] = ["tier", "on_delay", "off_delay", "latch", "re_alarm"];

/// A kind's own keys, and these.
pub(crate) fn and(own: &[&'static str]) -> Vec<&'static str> {
    own.iter().chain(&KEYS).copied().collect()
}

/// The level of a kind that speaks when its value is on one side of a figure.
pub(crate) fn read(
    name: &str,
    comparator: Comparator,
    fields: &Fields<'_>,
    set_point: Option<Figure>,
    report: &mut Report,
) -> Option<LevelDraft> {
    let tier = fields.need("tier", report).and_then(|item| item.tier(report));
    let timing = Timing::read(fields, report);
    Some(LevelDraft {
        name: name.into(),
        place: fields.place,
        tier: tier?,
        comparator,
        set_point: set_point?,
        formula: None,
        clear: Clear::Complement,
        timing,
        basis: None,
    })
}

/// The level that is passed from a plain number on, without a delay.
pub(crate) fn from_number(
    name: &str,
    place: Place,
    tier: Tier,
    number: f64,
    written: Arc<str>,
) -> LevelDraft {
    LevelDraft {
        name: name.into(),
        place,
        tier,
        comparator: Comparator::AtOrAbove,
        set_point: Figure { value: number, unit: None, written, place },
        formula: None,
        clear: Clear::Complement,
        timing: Timing::default(),
        basis: None,
    }
}

/// A plain number as a figure.
pub(crate) fn number(value: f64, written: impl Into<Arc<str>>, place: Place) -> Figure {
    Figure { value, unit: None, written: written.into(), place }
}
