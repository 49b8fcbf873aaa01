//! A set point made of another: half of that of `L2`, 2 ppm below that of `h2s/L1`. It is reckoned when the files are read; what
//! runs is a number as any other.

use std::sync::Arc;

use crate::{
    Code, dependence,
    fields::{Fields, Item},
    figure::Figure,
    report::{Finding, Place, Report, quoted},
    rule_file::{DraftKind, RuleDraft},
    yaml::Node,
};

/// The keys of a formula; the first is required.
pub(crate) const KEYS: [&str; 4] = ["of", "times", "plus", "minus"];
/// Formulas that may rest on one another.
const DEPTH_MAX: usize = 32;

/// A set point made of another.
#[derive(Clone, Debug)]
pub(crate) struct Formula {
    /// `L2`, or `h2s/L2`.
    of: Arc<str>,
    times: f64,
    /// Added, as `plus` has it, or `minus` with its sign turned.
    shift: Option<Figure>,
    place: Place,
}

/// Reads one. What is wrong with it goes to the report.
pub(crate) fn read(node: &Node, about: &str, report: &mut Report) -> Option<Formula> {
    let fields = Fields::open(node, about, &KEYS, report)?;
    let of = fields.need("of", report).and_then(|item| item.text(report));
    let times = fields.number("times", 1.0, -1e9..=1e9, report);
    let shift = shift(&fields, report)?;
    Some(Formula { of: of?.into(), times: times?, shift, place: fields.place })
}

/// `Some(None)` when there is none.
#[expect(clippy::option_option, reason = "none there, and one that cannot be read, are two things")]
fn shift(fields: &Fields<'_>, report: &mut Report) -> Option<Option<Figure>> {
    let figure = |item: Item<'_>, report: &mut Report| item.figure(report);
    match (fields.get("plus"), fields.get("minus")) {
        (None, None) => Some(None),
        (Some(plus), None) => figure(plus, report).map(Some),
        (None, Some(minus)) => {
            let minus = figure(minus, report)?;
            Some(Some(Figure { value: -minus.value, ..minus }))
        }
        (Some(_), Some(minus)) => {
            let finding = Finding::new(Code::KeyConflict, fields.about()).found_words("plus and minus");
            report.error(minus.place, finding.expected("one of them"));
            None
        }
    }
}

impl Formula {
    /// Stands where the set point will be, until it is reckoned.
    pub(crate) fn placeholder(&self) -> Figure {
        Figure { value: 0.0, unit: None, written: "".into(), place: self.place }
    }

    fn of_figure(&self, of: &Figure, about: &str, report: &mut Report) -> Option<Figure> {
        let mut value = of.value * self.times;
        if let Some(shift) = &self.shift {
            if shift.unit.is_some() && shift.unit != of.unit {
                let expected = format!("a figure in the unit of {}, which is {}", self.of, of.written);
                let finding = Finding::new(Code::UnitMismatch, about).found(&shift.written);
                report.error(shift.place, finding.expected(expected));
                return None;
            }
            value += shift.value;
        }
        if !value.is_finite() {
            report.error(self.place, Finding::new(Code::NumberRange, about).expected("a smaller number"));
            return None;
        }
        // As people write it: 0.1 × 3 ppm is 0.3 ppm.
        let value = round(value);
        let unit = of.unit.map_or_else(String::new, |unit| format!(" {unit}"));
        let written = format!("{value}{unit}").into();
        Some(Figure { value, unit: of.unit, written, place: self.place })
    }
}

/// To twelve digits: what the arithmetic of halves and tenths leaves behind is no limit that somebody meant.
fn round(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

/// Reckons every formula. One that names no level, or comes by itself again, is told.
pub(crate) fn resolve(drafts: &mut [RuleDraft], report: &mut Report) {
    for rule in 0..drafts.len() {
        let count = levels(&drafts[rule]).len();
        for level in 0..count {
            let mut on_the_way = Vec::new();
            reckon(drafts, (rule, level), &mut on_the_way, report);
        }
    }
}

fn levels(draft: &RuleDraft) -> &[crate::level::LevelDraft] {
    match &draft.kind {
        DraftKind::Limit(levels) => levels,
        DraftKind::Stale(_) | DraftKind::Calculated(_, _) => &[],
    }
}

/// The set point of a level, reckoned if it has to be.
fn reckon(
    drafts: &mut [RuleDraft],
    (rule, level): (usize, usize),
    on_the_way: &mut Vec<(usize, usize)>,
    report: &mut Report,
) -> Option<Figure> {
    let draft = &levels(&drafts[rule])[level];
    let Some(formula) = draft.formula.clone() else { return Some(draft.set_point.clone()) };
    let about = format!("rule {}, level {}", quoted(&drafts[rule].id), quoted(&draft.name));
    if on_the_way.contains(&(rule, level)) || on_the_way.len() >= DEPTH_MAX {
        let finding = Finding::new(Code::RuleCycle, about).found(&formula.of);
        report.error(formula.place, finding.expected("a level that does not rest on this one"));
        return None;
    }
    on_the_way.push((rule, level));
    let other = find(drafts, rule, &formula, &about, report)?;
    let of = reckon(drafts, other, on_the_way, report)?;
    if other.0 != rule && of.unit.is_none() {
        // It is in the unit of the other rule's tags, which need not be that of these.
        let finding = Finding::new(Code::UnitMismatch, about).found(&of.written);
        report.error(formula.place, finding.expected(format!("a figure with its unit at {}", formula.of)));
        return None;
    }
    let figure = formula.of_figure(&of, &about, report)?;
    if let DraftKind::Limit(levels) = &mut drafts[rule].kind {
        levels[level].set_point = figure.clone();
        levels[level].formula = None;
    }
    Some(figure)
}

fn find(
    drafts: &[RuleDraft],
    rule: usize,
    formula: &Formula,
    about: &str,
    report: &mut Report,
) -> Option<(usize, usize)> {
    let (other, name) = match formula.of.rsplit_once('/') {
        None => (Some(rule), &*formula.of),
        Some((id, name)) => (dependence::find(drafts, id).map(|at| at as usize), name),
    };
    let found = other.and_then(|other| {
        let at = levels(&drafts[other]).iter().position(|level| *level.name == *name)?;
        Some((other, at))
    });
    if found.is_none() {
        let names = other.map(|other| levels(&drafts[other])).unwrap_or_default();
        let near = report.nearest(name, names.iter().map(|level| &*level.name));
        let finding = Finding::new(Code::LevelUnknown, about).found(&formula.of);
        report.error(
            formula.place,
            finding
                .expected("a level of this rule, or RULE/LEVEL of another of kind limit")
                .did_you_mean(near),
        );
    }
    found
}
