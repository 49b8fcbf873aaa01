//! `corroborate`: several devices say the same at about the same time, or as the wind carries it from one to the next; one
//! alone may be wrong.

use davy_model::{Comparator, micros};

use super::{
    Downwind, Keep, KindDraft,
    count::of_groups,
    downwind,
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
    /// Which of them one cloud can have reached; any, without.
    pub downwind: Option<Downwind>,
}

impl Corroborate {
    pub(super) fn keep(&self) -> Keep {
        Keep::default()
    }
}

pub(super) struct Draft {
    of: Vec<(String, Place)>,
    group: Group,
    within_us: i64,
    downwind: Option<downwind::Draft>,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    one_level::and(&["of", "group_by", "at_least", "within", "downwind"])
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
    let downwind = match fields.get("downwind") {
        None => None,
        Some(item) => Some(downwind::read(&item, report)?),
    };
    let within_us = micros(within?);
    Some(Draft { of: of?, group: group?, within_us, downwind, levels: vec![level?] })
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn looks_at(&self) -> &[(String, Place)] {
        &self.of
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        let within_us = self.within_us;
        of_groups(expansion, self.group, |expansion, members| {
            let (inputs, downwind) = match &self.downwind {
                None => (Vec::new(), None),
                Some(draft) => {
                    let (inputs, downwind) = draft.of(expansion, members)?;
                    (inputs, Some(downwind))
                }
            };
            Some((inputs, Program::Corroborate(Corroborate { within_us, downwind })))
        });
    }
}
