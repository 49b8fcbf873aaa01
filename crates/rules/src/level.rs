//! One trip level as its file has it, and as a program has it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use davy_model::{Comparator, Conversion, ConversionError, Substance, Tier, Unit, micros};

use crate::{
    Basis, Code, Level,
    basis::{self, Origin},
    fields::{Fields, Item, all_of, one_of},
    figure::Figure,
    formula::{self, Formula},
    report::{Finding, Place, Report},
    yaml::{Node, Value},
};

/// Levels of a rule at most.
pub(crate) const LEVELS_MAX: usize = 32;
/// The set point, by how it is compared: the first two rise into alarm.
pub(crate) const SETS: [&str; 4] = ["above", "at_or_above", "below", "at_or_below"];
/// The clear point: the first two of a rising level, the next two of a falling one.
pub(crate) const CLEARS: [&str; 5] =
    ["clear_below", "clear_at_or_below", "clear_above", "clear_at_or_above", "deadband"];
/// The keys of a level.
pub(crate) const KEYS: [&str; 16] = [
    "name",
    "tier",
    "above",
    "at_or_above",
    "below",
    "at_or_below",
    "clear_below",
    "clear_at_or_below",
    "clear_above",
    "clear_at_or_above",
    "deadband",
    "on_delay",
    "off_delay",
    "latch",
    "re_alarm",
    "basis",
];
const A_MILLISECOND: Duration = Duration::from_millis(1);

/// A level whose figures are still in the units of the file.
#[derive(Clone, Debug)]
pub(crate) struct LevelDraft {
    /// LL, L, H, HH, L1...
    pub(crate) name: Arc<str>,
    /// Where it stands.
    pub(crate) place: Place,
    /// How grave.
    pub(crate) tier: Tier,
    /// How a value is compared with the set point.
    pub(crate) comparator: Comparator,
    /// Passed, it raises.
    pub(crate) set_point: Figure,
    /// What it is reckoned by, until that is done.
    pub(crate) formula: Option<Formula>,
    /// When it clears.
    pub(crate) clear: Clear,
    /// Its delays.
    pub(crate) timing: Timing,
    /// Where its set point comes from, when not from where the rule's do.
    pub(crate) basis: Option<Basis>,
}

/// How long a level waits, holds, and is silent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timing {
    /// Past the set point before it raises, µs.
    pub(crate) on_delay_us: i64,
    /// Clear before it clears, µs.
    pub(crate) off_delay_us: i64,
    /// Held after it clears, until reset.
    pub(crate) latch: bool,
    /// Still active after this, it sounds again, µs.
    pub(crate) re_alarm_us: Option<i64>,
}

/// Whether a figure is a point of a scale, or a width on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// A value: 0 °C is 273.15 K.
    Point,
    /// A difference: 1 °C is 1 K.
    Width,
}

/// When a level clears.
#[derive(Clone, Debug)]
pub(crate) enum Clear {
    /// As soon as the set point is not passed.
    Complement,
    /// At this point, or only past it.
    Point { figure: Figure, inclusive: bool },
    /// This far back from the set point.
    Deadband(Figure),
}

/// Why a figure does not suit a tag.
#[derive(Clone, Debug)]
pub(crate) struct Unfit {
    /// Where the figure stands.
    pub(crate) place: Place,
    /// What is wrong with it.
    pub(crate) code: Code,
    /// The figure as written.
    pub(crate) found: Arc<str>,
    /// What may stand there.
    pub(crate) expected: String,
}

impl Unfit {
    fn new(figure: &Figure, code: Code, expected: impl Into<String>) -> Unfit {
        Unfit { place: figure.place, code, found: Arc::clone(&figure.written), expected: expected.into() }
    }
}

/// Reads the levels under the key `levels`, the least grave first.
pub(crate) fn levels(fields: &Fields<'_>, report: &mut Report) -> Option<Vec<LevelDraft>> {
    read_all(&fields.need("levels", report)?, fields.about(), Formulas::Refused, report)
}

/// Whether a set point may be made of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Formulas {
    /// It may.
    Taken,
    /// It must be a figure.
    Refused,
}

/// Reads a list of levels, the least grave first.
pub(crate) fn read_all(
    item: &Item<'_>,
    about: &str,
    formulas: Formulas,
    report: &mut Report,
) -> Option<Vec<LevelDraft>> {
    let nodes = item.list_of(1..=LEVELS_MAX, "levels", report)?;
    let mut levels = Vec::new();
    let mut names = BTreeSet::new();
    for (place, node) in nodes.iter().enumerate() {
        let Some(draft) = read(node, &format!("{about}, level {}", place + 1), formulas, report) else {
            continue;
        };
        if !names.insert(Arc::clone(&draft.name)) {
            let finding = Finding::new(Code::NameTwice, format!("{about}: level name")).found(&draft.name);
            report.error(draft.place, finding.expected("a name of its own in the rule"));
        }
        levels.push(draft);
    }
    let complete = levels.len() == nodes.len();
    levels.sort_by_key(|level| level.tier);
    complete.then_some(levels)
}

impl Timing {
    /// Reads the delays of a level.
    pub(crate) fn read(fields: &Fields<'_>, report: &mut Report) -> Timing {
        let delay = |key: &str, shortest, report: &mut Report| {
            fields.get(key).and_then(|item| item.duration(shortest, report)).map(micros)
        };
        Timing {
            on_delay_us: delay("on_delay", Duration::ZERO, report).unwrap_or(0),
            off_delay_us: delay("off_delay", Duration::ZERO, report).unwrap_or(0),
            re_alarm_us: delay("re_alarm", A_MILLISECOND, report),
            latch: fields.get("latch").and_then(|item| item.flag(report)).unwrap_or(false),
        }
    }
}

/// Reads one level. What is wrong with it goes to the report.
fn read(node: &Node, about: &str, formulas: Formulas, report: &mut Report) -> Option<LevelDraft> {
    let fields = Fields::open(node, about, &KEYS, report)?;
    let name = fields.need("name", report).and_then(|item| item.name(report));
    let tier = fields.need("tier", report).and_then(|item| item.tier(report));
    let set = set_point(&fields, formulas, report);
    let clear = set.as_ref().and_then(|(comparator, ..)| clear(&fields, *comparator, report));
    let timing = Timing::read(&fields, report);
    let basis = fields.get("basis").map(|item| basis::read(&item, Origin::default(), report));
    let (comparator, set_point, formula) = set?;
    Some(LevelDraft {
        name: name?.into(),
        place: fields.place,
        tier: tier?,
        comparator,
        set_point,
        formula,
        clear: clear?,
        timing,
        basis: basis.unwrap_or_default(),
    })
}

fn set_point(
    fields: &Fields<'_>,
    formulas: Formulas,
    report: &mut Report,
) -> Option<(Comparator, Figure, Option<Formula>)> {
    let key = fields.one_of(&SETS, report)?;
    let comparator = match key {
        "above" => Comparator::Above,
        "at_or_above" => Comparator::AtOrAbove,
        "below" => Comparator::Below,
        _ => Comparator::AtOrBelow,
    };
    let item = fields.get(key)?;
    if formulas == Formulas::Taken && matches!(item.node().value, Value::Map(_)) {
        let formula = formula::read(item.node(), &item.about_key(), report)?;
        return Some((comparator, formula.placeholder(), Some(formula)));
    }
    Some((comparator, item.figure(report)?, None))
}

fn clear(fields: &Fields<'_>, comparator: Comparator, report: &mut Report) -> Option<Clear> {
    let given = fields.given(&CLEARS);
    let key = match given[..] {
        [] => return Some(Clear::Complement),
        [key] => key,
        _ => {
            let finding = Finding::new(Code::KeyConflict, fields.about()).found_words(all_of(&given));
            report.error(fields.place, finding.expected(format!("at most one of {}", one_of(&CLEARS))));
            return None;
        }
    };
    let item = fields.get(key)?;
    let figure = item.figure(report)?;
    if key == "deadband" {
        if figure.value < 0.0 {
            report.error(item.place, item.finding(Code::NumberRange).expected("a width of at least 0"));
        }
        return Some(Clear::Deadband(figure));
    }
    let wanted = if comparator.is_rising() { &CLEARS[0..2] } else { &CLEARS[2..4] };
    if !wanted.contains(&key) {
        let finding = Finding::new(Code::ClearPoint, fields.about()).found_words(key);
        let direction = if comparator.is_rising() { "rises" } else { "falls" };
        report.error(
            item.place,
            finding.expected(format!("{}: the level {direction} into alarm", one_of(wanted))),
        );
        return None;
    }
    Some(Clear::Point { figure, inclusive: key.contains("at_or") })
}

impl LevelDraft {
    /// The level in a tag's unit.
    ///
    /// # Errors
    /// A finding when a figure does not convert, or the clear point then lies past the set point.
    pub(crate) fn compile(&self, unit: Unit, gas: &Substance, scale: Scale) -> Result<Level, Unfit> {
        let set_point = scaled(&self.set_point, unit, gas, scale)?;
        let (clear_point, clear_inclusive) = self.clear_point(set_point, unit, gas, scale)?;
        let Timing { on_delay_us, off_delay_us, latch, re_alarm_us } = self.timing;
        Ok(Level {
            name: Arc::clone(&self.name),
            tier: self.tier,
            comparator: self.comparator,
            set_point,
            clear_point,
            clear_inclusive,
            on_delay_us,
            off_delay_us,
            latch,
            re_alarm_us,
            written: Arc::clone(&self.set_point.written),
        })
    }

    fn clear_point(
        &self,
        set_point: f64,
        unit: Unit,
        gas: &Substance,
        scale: Scale,
    ) -> Result<(f64, bool), Unfit> {
        // Where reaching the set point is not yet past it, it is already clear.
        let complement = matches!(self.comparator, Comparator::Above | Comparator::Below);
        let (figure, inclusive) = match &self.clear {
            Clear::Complement => return Ok((set_point, complement)),
            Clear::Deadband(width) => {
                let back = scaled(width, unit, gas, Scale::Width)?;
                let point = if self.comparator.is_rising() { set_point - back } else { set_point + back };
                return Ok((point, complement));
            }
            Clear::Point { figure, inclusive } => (figure, *inclusive),
        };
        let point = scaled(figure, unit, gas, scale)?;
        let beyond = if self.comparator.is_rising() { point > set_point } else { point < set_point };
        if beyond || (point == set_point && inclusive && !complement) {
            let side = if self.comparator.is_rising() { "below" } else { "above" };
            let expected = format!("a clear point {side} the set point, {}", self.set_point.written);
            return Err(Unfit::new(figure, Code::ClearPoint, expected));
        }
        Ok((point, inclusive))
    }
}

/// A figure in another unit; as it is, when it has none of its own.
pub(crate) fn scaled(figure: &Figure, unit: Unit, gas: &Substance, scale: Scale) -> Result<f64, Unfit> {
    let line = line(figure, unit, gas)?;
    let value = match scale {
        Scale::Point => line.apply(figure.value),
        Scale::Width => line.apply_width(figure.value),
    };
    if value.is_finite() { Ok(value) } else { Err(Unfit::new(figure, Code::NumberRange, "a smaller number")) }
}

fn line(figure: &Figure, unit: Unit, gas: &Substance) -> Result<Conversion, Unfit> {
    let from = figure.unit.unwrap_or(unit);
    from.conversion(unit, gas).map_err(|failed| match failed {
        ConversionError::Dimension { .. } => {
            Unfit::new(figure, Code::UnitMismatch, format!("a unit that converts to {unit}"))
        }
        ConversionError::MolarMass { .. } => {
            let expected = format!("{unit}, or the molar_mass of the gas in tags.csv");
            Unfit::new(figure, Code::SubstanceUnknown, expected)
        }
        ConversionError::Lel { .. } => {
            Unfit::new(figure, Code::SubstanceUnknown, format!("{unit}, or the lel of the gas in tags.csv"))
        }
    })
}
