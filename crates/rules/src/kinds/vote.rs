//! `vote`: M of N tags past a limit, and what happens when some of them cannot be believed.
//!
//! M of N are past a limit exactly when the M-th greatest value is. So what is calculated is that value, and it is judged
//! by levels like any other.

use std::sync::Arc;

use davy_model::{TagIndex, Unit};

use super::{
    Keep, KindDraft,
    group::{self, Group},
};
use crate::{
    Code, Program,
    expand::{Calculation, Expansion},
    fields::{Fields, Item},
    level::{LevelDraft, levels},
    one_level,
    report::Report,
};

const KEYS: [&str; 5] = ["need", "group_by", "degraded", "faulty", "levels"];
/// What becomes of the votes of tags that are not known.
pub(crate) const DEGRADED: [&str; 2] = ["safe", "available"];
/// The keys of the alarm of tags that are not known.
pub(crate) const FAULTY: [&str; 2] = ["at_least", "tier"];

/// The M-th greatest value of N tags (the M-th least, of falling levels), in their unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Vote {
    /// M.
    pub need: u32,
    /// What becomes of M when tags are not known.
    pub degraded: Degraded,
    /// Whether the levels are passed upwards.
    pub rising: bool,
    /// Whether the number of tags that are not known is meant, and not the value.
    pub faulty: bool,
}

/// What becomes of M of N when some of N are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Degraded {
    /// Each one takes one vote with it, down to one: 2 of 3 becomes 1 of 2.
    Safe,
    /// M stays, while so many are known: 2 of 3 becomes 2 of 2.
    Available,
}

impl Vote {
    pub(super) fn keep(&self) -> Keep {
        Keep::default()
    }
}

pub(super) struct Draft {
    need: u32,
    group: Group,
    degraded: Degraded,
    faulty: Option<LevelDraft>,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    KEYS.to_vec()
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &KEYS, report)?;
    let need = fields.need("need", report).and_then(|item| item.whole(1..=1000, report));
    let group = group::read(&fields, Group::Site, report);
    let degraded = fields.need("degraded", report).and_then(|item| item.word(&DEGRADED, report));
    let faulty = fields.get("faulty").map(|item| faulty(&item, report));
    let levels = levels(&fields, report)?;
    let rising = levels[0].comparator.is_rising();
    if let Some(other) = levels.iter().find(|level| level.comparator.is_rising() != rising) {
        let finding = crate::report::Finding::new(Code::KeyConflict, format!("{about}: levels"));
        let found = "levels that are passed upwards, and others downwards";
        report.error(other.place, finding.found_words(found).expected("one direction: a rule for each"));
        return None;
    }
    let degraded = if degraded? == "safe" { Degraded::Safe } else { Degraded::Available };
    Some(Draft { need: need?, group: group?, degraded, faulty: faulty.unwrap_or_default(), levels })
}

/// `faulty: {at_least: 2, tier: yellow}`: so many tags that are not known have an alarm of their own.
fn faulty(item: &Item<'_>, report: &mut Report) -> Option<LevelDraft> {
    let fields = Fields::open(item.node(), item.about_key(), &FAULTY, report)?;
    let at_least = fields.need("at_least", report)?.whole(1..=1000, report)?;
    let tier = fields.need("tier", report)?.tier(report)?;
    let written = format!("{at_least} faulty").into();
    Some(one_level::from_number("FAULTY", fields.place, tier, f64::from(at_least), written))
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        let tags = expansion.tags.clone();
        for (name, members) in self.group.of(expansion.site, &tags, |tag| Some(*tag)) {
            let inputs: Vec<TagIndex> = members.into_iter().map(|at| tags[at]).collect();
            if (inputs.len() as u32) < self.need {
                let found = format!("{} tags in {name}", inputs.len());
                expansion.wrong(
                    expansion.place(),
                    Code::NumberRange,
                    &found,
                    "at least as many as are needed",
                );
                continue;
            }
            let first = expansion.site.tag(inputs[0]);
            if !expansion.in_one_unit(&inputs) {
                continue;
            }
            if let Some(level) = &self.faulty {
                let subject: Arc<str> = format!("{name}/faulty").into();
                self.make(expansion, subject, (&inputs, Unit::One), Some(vec![level.clone()]));
            }
            let unit = first.unit;
            self.make(expansion, name, (&inputs, unit), None);
        }
    }
}

impl Draft {
    fn make(
        &self,
        expansion: &mut Expansion<'_>,
        subject: Arc<str>,
        (inputs, unit): (&[TagIndex], Unit),
        levels: Option<Vec<LevelDraft>>,
    ) {
        let Draft { need, degraded, .. } = *self;
        let rising = self.levels[0].comparator.is_rising();
        let program = Program::Vote(Vote { need, degraded, rising, faulty: levels.is_some() });
        let substance = expansion.site.tag(inputs[0]).substance;
        let (near, inputs) = (Some(inputs[0]), inputs.to_vec());
        expansion.make(Calculation {
            subject,
            unit,
            substance,
            inputs,
            alarms: Vec::new(),
            near,
            levels,
            program,
        });
    }
}
