//! `corroborate`: several devices say the same at about the same time; one alone may be wrong.

use davy_model::{Comparator, micros};

use super::{
    Keep, KindDraft,
    count::of_groups,
    group::{self, Group},
};
use crate::{
    Program,
    expand::Expansion,
    fields::{Fields, Item},
    level::LevelDraft,
    one_level,
    report::{Place, Report},
};

/// How many devices have an alarm that stands, each first past its limit within so long of the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Corroborate {
    /// How long, µs.
    pub within_us: i64,
}

impl Corroborate {
    pub(super) fn keep(&self) -> Keep {
        Keep::default()
    }
}

pub(super) struct Draft {
    of: Vec<(String, Place)>,
    group: Group,
    program: Corroborate,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    one_level::and(&["of", "group_by", "at_least", "within"])
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &keys(), report)?;
    let of = fields.rules("of", report);
    let group = group::read(&fields, Group::Area, report);
    let at_least = fields.need("at_least", report).and_then(|item| item.whole(2..=1000, report));
    let within = fields.need_span("within", report);
    let place = fields.place;
    let set_point =
        at_least.map(|count| one_level::number(f64::from(count), format!("{count} devices"), place));
    let level = one_level::read("DEVICES", Comparator::AtOrAbove, &fields, set_point, report);
    let program = Corroborate { within_us: micros(within?) };
    Some(Draft { of: of?, group: group?, program, levels: vec![level?] })
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn looks_at(&self) -> &[(String, Place)] {
        &self.of
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        of_groups(expansion, self.group, &Program::Corroborate(self.program.clone()));
    }
}
