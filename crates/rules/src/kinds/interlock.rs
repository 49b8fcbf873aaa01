//! `interlock`: what was commanded has not happened: methane is past its cut-off, and the feeder is still energised.
//!
//! Davy commands nothing. It sees that others' interlock should have acted, and that nothing proves that it did.

use davy_model::{Comparator, TagIndex, Unit};

use super::{
    Keep, KindDraft,
    beside::{self, Beside},
};
use crate::{
    Code, Program,
    expand::{Calculation, Expansion},
    fields::{Fields, Item},
    figure::Figure,
    level::{LevelDraft, Scale},
    one_level,
    report::Report,
};

/// `within` is its on-delay.
const KEYS: [&str; 7] = ["when", "proof", "within", "tier", "off_delay", "latch", "re_alarm"];
/// How the command is compared.
pub(crate) const COMMANDS: [&str; 2] = ["at_or_above", "above"];
/// What proves it.
pub(crate) const STATES: [&str; 2] = ["on", "off"];
/// The keys of the command.
pub(crate) const WHEN: [&str; 4] = ["at_or_above", "above", "until_below", "until_at_or_below"];
/// The keys of its proof.
pub(crate) const PROOF: [&str; 4] = ["quantity", "tag", "same", "is"];

/// 1 while the first input is past the command and no other input proves that it was obeyed, else 0.
///
/// A value that is not known proves nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Interlock {
    /// How the first input is compared with the command.
    pub comparator: Comparator,
    /// The command, in the first input's unit: past it, what is to be proven must be so.
    pub command: f64,
    /// The command stands until the first input is below this, or at it when `until_inclusive`.
    pub until: f64,
    /// See [`Interlock::until`].
    pub until_inclusive: bool,
    /// Whether the others must be on (1), or off (0).
    pub on: bool,
}

impl Interlock {
    pub(super) fn keep(&self) -> Keep {
        Keep::default()
    }
}

pub(super) struct Draft {
    comparator: Comparator,
    command: Figure,
    until: Option<(Figure, bool)>,
    proof: Beside,
    on: bool,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    KEYS.to_vec()
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &KEYS, report)?;
    let when = fields.need("when", report)?;
    let when = Fields::open(when.node(), when.about_key(), &WHEN, report)?;
    let key = when.one_of(&COMMANDS, report)?;
    let comparator = if key == "above" { Comparator::Above } else { Comparator::AtOrAbove };
    let command = when.get(key)?.figure(report);
    let until = ["until_below", "until_at_or_below"].into_iter().find_map(|key| Some((key, when.get(key)?)));
    let until = until.and_then(|(key, item)| Some((item.figure(report)?, key == "until_at_or_below")));
    let (proof, on) = proof(&fields.need("proof", report)?, report)?;
    let within = fields.need("within", report)?;
    let span = within.span(report)?;
    let set_point =
        one_level::number(1.0, format!("no proof within {}", crate::duration::show(span)), within.place);
    let mut level = one_level::read("UNPROVEN", Comparator::AtOrAbove, &fields, Some(set_point), report)?;
    level.timing.on_delay_us = davy_model::micros(span);
    Some(Draft { comparator, command: command?, until, proof, on, levels: vec![level] })
}

fn proof(item: &Item<'_>, report: &mut Report) -> Option<(Beside, bool)> {
    let fields = Fields::open(item.node(), item.about_key(), &PROOF, report)?;
    let beside = beside::read(&fields, report);
    let is = fields.need("is", report)?.word(&STATES, report)?;
    Some((beside?, is == "on"))
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        let proofs = expansion.select(&self.proof.selector);
        for tag in expansion.tags.clone() {
            let near = self.proof.of(expansion, &proofs, tag);
            let inputs: Vec<TagIndex> = std::iter::once(tag).chain(near).collect();
            if inputs.len() == 1 {
                expansion.error(
                    expansion.place(),
                    Code::TagUnknown,
                    tag,
                    "a tag beside it that proves the command",
                );
                continue;
            }
            let Some(command) = expansion.figure(&self.command, tag, Scale::Point) else { continue };
            let complement = self.comparator == Comparator::Above;
            let (until, until_inclusive) = match &self.until {
                Some((figure, inclusive)) => match expansion.figure(figure, tag, Scale::Point) {
                    Some(until) => (until, *inclusive),
                    None => continue,
                },
                None => (command, complement),
            };
            let (comparator, on) = (self.comparator, self.on);
            let program = Program::Interlock(Interlock { comparator, command, until, until_inclusive, on });
            let described = expansion.site.tag(tag);
            expansion.make(Calculation {
                subject: described.name.clone(),
                unit: Unit::OnOff,
                substance: described.substance,
                inputs,
                alarms: Vec::new(),
                near: Some(tag),
                levels: None,
                program,
            });
        }
    }
}
