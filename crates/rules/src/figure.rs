//! A number with a unit as people write it: `7.05 ppm`, `25 %LEL`, `-0.5`.

use std::sync::Arc;

use davy_model::Unit;

use crate::report::{Place, quoted};

/// A number, the unit it is written in, and how it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Finite.
    pub value: f64,
    /// The tag's unit, when not given.
    pub unit: Option<Unit>,
    /// As the file has it.
    pub written: Arc<str>,
    /// Where it stands.
    pub place: Place,
}

/// Why a text is no figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FigureError {
    /// It does not begin with a finite number.
    Number,
    /// It goes on with something that is not a unit.
    Unit(String),
}

impl Figure {
    /// Reads a figure.
    pub(crate) fn parse(text: &str, place: Place) -> Result<Figure, FigureError> {
        let text = text.trim();
        let (value, unit) = leading_number(text).ok_or(FigureError::Number)?;
        let unit = match unit.trim() {
            "" => None,
            unit => Some(Unit::parse(unit).ok_or_else(|| FigureError::Unit(unit.to_owned()))?),
        };
        Ok(Figure { value, unit, written: text.into(), place })
    }
}

/// The number that a text begins with, and what comes after it.
pub fn leading_number(text: &str) -> Option<(f64, &str)> {
    let (digits, rest) = text.split_at(number_len(text));
    Some((number(digits)?, rest))
}

/// A finite number in plain decimal or scientific notation.
pub(crate) fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-' | b'e' | b'E'));
    let value: f64 = if plain { text.parse().ok()? } else { return None };
    value.is_finite().then_some(value)
}

/// How many bytes of `text` are a number. An `e` counts only with digits behind it.
fn number_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let sign = |at: usize| usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
    let mantissa = sign(0) + digits(sign(0));
    if mantissa == sign(0) || !matches!(bytes.get(mantissa), Some(b'e' | b'E')) {
        return mantissa;
    }
    let exponent_from = mantissa + 1 + sign(mantissa + 1);
    let exponent = bytes[exponent_from..].iter().take_while(|b| b.is_ascii_digit()).count();
    if exponent == 0 { mantissa } else { exponent_from + exponent }
}

impl FigureError {
    /// What stands there, for people.
    pub(crate) fn found(&self, whole: &str) -> String {
        match self {
            FigureError::Number => quoted(whole),
            FigureError::Unit(unit) => quoted(unit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(f64, Option<String>), FigureError> {
        let figure = Figure::parse(text, Place::start_of(0))?;
        Ok((figure.value, figure.unit.map(|unit| unit.to_string())))
    }

    #[test]
    fn figures_read_as_people_write_them() {
        for (text, value, unit) in [
            ("7.05 ppm", 7.05, Some("ppm")),
            ("7.05ppm", 7.05, Some("ppm")),
            ("25 %LEL", 25.0, Some("%LEL")),
            ("1.0 %CH4", 1.0, Some("%vol")),
            ("-0.5 kPa", -0.5, Some("kPa")),
            ("60 ℃", 60.0, Some("degC")),
            ("1e3 Pa", 1000.0, Some("Pa")),
            ("10 mg/m3@25C", 10.0, Some("mg/m3@25C")),
            ("7", 7.0, None),
            ("  .5  ", 0.5, None),
        ] {
            assert_eq!(parse(text), Ok((value, unit.map(str::to_owned))), "{text}");
        }
    }

    #[test]
    fn what_is_no_figure_says_which_half_is_wrong() {
        for text in ["", "ppm", "high", "1.2.3 ppm", "1e999 ppm", "nan", "inf", ".nan", "-", "气 7"] {
            assert_eq!(parse(text), Err(FigureError::Number), "{text}");
        }
        for (text, unit) in [("7 ppmm", "ppmm"), ("7 8", "8"), ("7e ppm", "e ppm"), ("7 气", "气")] {
            assert_eq!(parse(text), Err(FigureError::Unit(unit.to_owned())), "{text}");
        }
    }
}
