//! One trip level as its file has it, and as a program has it.

use std::{sync::Arc, time::Duration};

use davy_model::{Comparator, Conversion, ConversionError, Substance, Tier, Unit, micros};

use crate::{
    Code, Level,
    fields::{Fields, one_of},
    figure::Figure,
    report::{Finding, Place, Report},
    yaml::Node,
};

const SETS: [&str; 4] = ["above", "at_or_above", "below", "at_or_below"];
const CLEARS: [&str; 5] =
    ["clear_below", "clear_at_or_below", "clear_above", "clear_at_or_above", "deadband"];
const KEYS: [&str; 15] = [
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
    /// When it clears.
    clear: Clear,
    on_delay_us: i64,
    off_delay_us: i64,
    latch: bool,
    re_alarm_us: Option<i64>,
}

/// When a level clears.
#[derive(Clone, Debug)]
enum Clear {
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

/// Reads one level. What is wrong with it goes to the report.
pub(crate) fn read(node: &Node, about: &str, report: &mut Report) -> Option<LevelDraft> {
    let fields = Fields::open(node, about, &KEYS, report)?;
    let name = fields.need("name", report).and_then(|item| item.name(report));
    let tier = fields.need("tier", report).and_then(|item| item.tier(report));
    let set = set_point(&fields, report);
    let clear = set.as_ref().and_then(|(comparator, _)| clear(&fields, *comparator, report));
    let delay = |key: &str, shortest, report: &mut Report| {
        fields.get(key).and_then(|item| item.duration(shortest, report)).map(micros)
    };
    let on_delay_us = delay("on_delay", Duration::ZERO, report).unwrap_or(0);
    let off_delay_us = delay("off_delay", Duration::ZERO, report).unwrap_or(0);
    let re_alarm_us = delay("re_alarm", A_MILLISECOND, report);
    let latch = fields.get("latch").and_then(|item| item.flag(report)).unwrap_or(false);
    let (comparator, set_point) = set?;
    Some(LevelDraft {
        name: name?.into(),
        place: fields.place,
        tier: tier?,
        comparator,
        set_point,
        clear: clear?,
        on_delay_us,
        off_delay_us,
        latch,
        re_alarm_us,
    })
}

fn set_point(fields: &Fields<'_>, report: &mut Report) -> Option<(Comparator, Figure)> {
    let given = fields.given(&SETS);
    let [key] = given[..] else {
        let code = if given.is_empty() { Code::KeyMissing } else { Code::KeyConflict };
        let finding =
            Finding::new(code, fields.about()).expected(format!("exactly one of {}", one_of(&SETS)));
        report.error(fields.place, finding.found_words(all_of(&given)));
        return None;
    };
    let comparator = match key {
        "above" => Comparator::Above,
        "at_or_above" => Comparator::AtOrAbove,
        "below" => Comparator::Below,
        _ => Comparator::AtOrBelow,
    };
    Some((comparator, fields.get(key)?.figure(report)?))
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

fn all_of(keys: &[&str]) -> String {
    if keys.is_empty() { "none".to_owned() } else { keys.join(" and ") }
}

impl LevelDraft {
    /// The level in a tag's unit.
    ///
    /// # Errors
    /// A finding when a figure does not convert, or the clear point then lies past the set point.
    pub(crate) fn compile(&self, unit: Unit, gas: &Substance) -> Result<Level, Unfit> {
        let set_point = converted(&self.set_point, unit, gas)?;
        let (clear_point, clear_inclusive) = self.clear_point(set_point, unit, gas)?;
        Ok(Level {
            name: Arc::clone(&self.name),
            tier: self.tier,
            comparator: self.comparator,
            set_point,
            clear_point,
            clear_inclusive,
            on_delay_us: self.on_delay_us,
            off_delay_us: self.off_delay_us,
            latch: self.latch,
            re_alarm_us: self.re_alarm_us,
            written: Arc::clone(&self.set_point.written),
        })
    }

    fn clear_point(&self, set_point: f64, unit: Unit, gas: &Substance) -> Result<(f64, bool), Unfit> {
        // Where reaching the set point is not yet past it, it is already clear.
        let complement = matches!(self.comparator, Comparator::Above | Comparator::Below);
        let (figure, inclusive) = match &self.clear {
            Clear::Complement => return Ok((set_point, complement)),
            Clear::Deadband(width) => {
                let back = converted_width(width, unit, gas)?;
                let point = if self.comparator.is_rising() { set_point - back } else { set_point + back };
                return Ok((point, complement));
            }
            Clear::Point { figure, inclusive } => (figure, *inclusive),
        };
        let point = converted(figure, unit, gas)?;
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
pub(crate) fn converted(figure: &Figure, unit: Unit, gas: &Substance) -> Result<f64, Unfit> {
    let line = line(figure, unit, gas)?;
    let value = line.apply(figure.value);
    if value.is_finite() { Ok(value) } else { Err(Unfit::new(figure, Code::NumberRange, "a smaller number")) }
}

fn converted_width(figure: &Figure, unit: Unit, gas: &Substance) -> Result<f64, Unfit> {
    let line = line(figure, unit, gas)?;
    let width = line.apply_width(figure.value);
    if width.is_finite() { Ok(width) } else { Err(Unfit::new(figure, Code::NumberRange, "a smaller number")) }
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
