//! `expression`: a number or a condition made of several tags, in CEL, where the fields of a rule do not reach.

use std::{collections::BTreeSet, sync::Arc};

use davy_model::{Comparator, TagIndex, Unit};

use super::{
    Keep, KindDraft,
    beside::{self, Beside},
};
use crate::{
    Code, Program,
    expand::{Calculation, Expansion},
    expression::{Declared, Expression, INPUTS_MAX, Kind, is_input_name},
    fields::{Fields, Item},
    level::{LevelDraft, levels},
    one_level,
    report::{Finding, Place, Report},
};

/// What the tag covered is called in the text.
const THIS: &str = "this";
/// A number, or a condition.
pub(crate) const FORMS: [&str; 2] = ["value", "when"];
/// The keys of an input.
pub(crate) const INPUT: [&str; 3] = ["quantity", "tag", "same"];

/// A checked expression over its inputs, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    /// The program.
    pub expression: Arc<Expression>,
}

impl Formula {
    pub(super) fn keep(&self) -> Keep {
        Keep::default()
    }
}

pub(super) struct Draft {
    inputs: Vec<Input>,
    text: String,
    place: Place,
    is_condition: bool,
    levels: Vec<LevelDraft>,
}

/// A program and the unit of what it gives.
type Checked = (Arc<Expression>, Unit);

struct Input {
    name: Arc<str>,
    place: Place,
    beside: Beside,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    one_level::and(&["inputs", "value", "when", "levels"])
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &keys(), report)?;
    let inputs = fields.get("inputs").map_or(Some(Vec::new()), |item| inputs(&item, report));
    let is_condition = fields.one_of(&FORMS, report)? == "when";
    let text = fields.get(if is_condition { "when" } else { "value" })?;
    let place = text.place;
    let text = text.text(report)?.to_owned();
    let levels = if is_condition {
        let set_point = one_level::number(1.0, "true", place);
        one_level::read("TRUE", Comparator::AtOrAbove, &fields, Some(set_point), report)
            .map(|level| vec![level])
    } else {
        levels(&fields, report)
    };
    Some(Draft { inputs: inputs?, text, place, is_condition, levels: levels? })
}

fn inputs(item: &Item<'_>, report: &mut Report) -> Option<Vec<Input>> {
    let entries = item.entries(report)?;
    if entries.len() > INPUTS_MAX {
        let finding = item.finding(Code::ValueType).found_words(format!("{} inputs", entries.len()));
        report.error(item.place, finding.expected(format!("at most {INPUTS_MAX}")));
        return None;
    }
    let read: Vec<Input> = entries.iter().filter_map(|entry| input(entry, report)).collect();
    (read.len() == entries.len()).then_some(read)
}

fn input(entry: &Item<'_>, report: &mut Report) -> Option<Input> {
    let name = entry.key();
    if name == THIS || !is_input_name(name) {
        let finding = Finding::new(Code::NameInvalid, entry.about_key()).found(name);
        report.error(
            entry.place,
            finding.expected("a name of letters, digits and _ that CEL does not use itself"),
        );
        return None;
    }
    let beside = if entry.is_map() {
        beside::read(&Fields::open(entry.node(), entry.about_key(), &INPUT, report)?, report)?
    } else {
        Beside::named(entry.text(report)?)
    };
    Some(Input { name: name.into(), place: entry.place, beside })
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        let selected: Vec<Vec<TagIndex>> =
            self.inputs.iter().map(|input| expansion.select(&input.beside.selector)).collect();
        // Tags with the same units have the same program; what is wrong is told once.
        let mut programs: Vec<(Vec<Declared>, Option<Checked>)> = Vec::new();
        let mut told = BTreeSet::new();
        for tag in expansion.tags.clone() {
            let Some(others) = self.others(expansion, &selected, tag) else { return };
            let declared = self.declared(expansion, tag, &others);
            let known = programs.iter().find(|(for_those, _)| *for_those == declared);
            let program = match known {
                Some((_, program)) => program.clone(),
                None => {
                    let program = self.program(expansion, &declared, &mut told);
                    programs.push((declared, program.clone()));
                    program
                }
            };
            let Some((expression, unit)) = program else { continue };
            let described = expansion.site.tag(tag);
            let (subject, substance) = (described.name.clone(), described.substance);
            let inputs = std::iter::once(tag).chain(others).collect();
            expansion.make(Calculation {
                subject,
                unit,
                substance,
                inputs,
                alarms: Vec::new(),
                near: Some(tag),
                levels: None,
                program: Program::Expression(Formula { expression }),
            });
        }
    }
}

impl Draft {
    /// For each input the one tag beside this one.
    fn others(
        &self,
        expansion: &mut Expansion<'_>,
        selected: &[Vec<TagIndex>],
        tag: TagIndex,
    ) -> Option<Vec<TagIndex>> {
        let mut others = Vec::with_capacity(self.inputs.len());
        for (input, selected) in self.inputs.iter().zip(selected) {
            let beside = input.beside.of(expansion, selected, tag);
            let [other] = beside[..] else {
                let found =
                    format!("{} tags for {} of {}", beside.len(), input.name, expansion.site.tag(tag).name);
                expansion.wrong(input.place, Code::TagUnknown, &found, "exactly one");
                return None;
            };
            others.push(other);
        }
        Some(others)
    }

    fn declared(&self, expansion: &Expansion<'_>, tag: TagIndex, others: &[TagIndex]) -> Vec<Declared> {
        let names =
            std::iter::once(Arc::from(THIS)).chain(self.inputs.iter().map(|input| Arc::clone(&input.name)));
        let tags = std::iter::once(tag).chain(others.iter().copied());
        let declare = |(name, tag): (Arc<str>, TagIndex)| {
            let tag = expansion.site.tag(tag);
            Declared { name, unit: tag.unit, substance: tag.substance }
        };
        names.zip(tags).map(declare).collect()
    }

    fn program(
        &self,
        expansion: &mut Expansion<'_>,
        declared: &[Declared],
        told: &mut BTreeSet<String>,
    ) -> Option<Checked> {
        let expression = match Expression::parse(&self.text, declared) {
            Ok(expression) => expression,
            Err(mistakes) => {
                for mistake in mistakes.into_iter().filter(|mistake| told.insert(mistake.to_string())) {
                    expansion.mistake(self.place, &mistake);
                }
                return None;
            }
        };
        let unit = match (expression.kind(), self.is_condition) {
            (Kind::Condition, true) => Unit::OnOff,
            (Kind::Number(unit), false) => unit.unwrap_or(Unit::One),
            (Kind::Condition, false) => {
                expansion.wrong(
                    self.place,
                    Code::ExpressionType,
                    "a condition",
                    "a number; for a condition write when",
                );
                return None;
            }
            (Kind::Number(_), true) => {
                expansion.wrong(
                    self.place,
                    Code::ExpressionType,
                    "a number",
                    "a condition; for a number write value",
                );
                return None;
            }
        };
        Some((Arc::new(expression), unit))
    }
}
