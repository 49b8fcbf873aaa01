//! The inputs that these tests declare, and what an expression gives over them.

use davy_model::{Quality, Quantity, Substance, Unit, Value};
use davy_rules::expression::{Declared, EvalError, Expression, Operand, Output, STEPS_MAX};

/// Level, another level, pressures in kPa and bar, a flow, a temperature, a pump, a gas, and a share.
pub(crate) const UNITS: [(&str, &str); 11] = [
    ("level", "m"),
    ("other", "m"),
    ("gauge", "mm"),
    ("pressure", "kPa"),
    ("line", "bar"),
    ("flow", "m3/h"),
    ("temp", "degC"),
    ("pump", "on/off"),
    ("h2s", "ppm"),
    ("fill", "%"),
    ("ratio", "1"),
];

pub(crate) fn declared() -> Vec<Declared> {
    let input = |(name, unit): &(&str, &str)| Declared {
        name: (*name).into(),
        unit: Unit::parse(unit).expect(unit),
        substance: match *name {
            "h2s" => Quantity::new("gas.h2s").expect("a gas").substance(),
            _ => Substance::default(),
        },
    };
    UNITS.iter().map(input).collect()
}

pub(crate) fn parse(text: &str) -> Expression {
    Expression::parse(text, &declared()).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"))
}

/// Values of all inputs, good but for those named.
pub(crate) fn operands(values: &[f64; 11], qualities: &[(&str, Quality)]) -> Vec<Operand> {
    let quality =
        |name: &str| qualities.iter().find(|(of, _)| *of == name).map_or(Quality::Good, |found| found.1);
    let all = UNITS.iter().zip(values);
    all.map(|((name, _), value)| Operand { value: Value::of(*value), quality: quality(name) }).collect()
}

/// The plant on a plain day.
pub(crate) const DAY: [f64; 11] = [6.0, 4.0, 5900.0, 101.0, 3.0, 20.0, 25.0, 1.0, 10.0, 80.0, 0.5];

pub(crate) fn eval(text: &str, operands: &[Operand]) -> Result<Output, EvalError> {
    parse(text).eval(operands, STEPS_MAX)
}
