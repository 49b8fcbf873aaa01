//! A point of a scale, and on which side of it something is so.

use std::fmt;

use davy_model::Comparator;
use davy_rules::Level;

/// A point, and which values are past it: `≥ 7.05`. In the tag's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Which side, and whether the point itself.
    pub comparator: Comparator,
    /// The point.
    pub point: f64,
}

/// Where a level raises, and where it clears.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// A value past it raises.
    pub raises: Edge,
    /// A value past it clears.
    pub clears: Edge,
}

impl Edge {
    /// Past the point and not at it, on the side where a level raises.
    pub(super) fn beyond(level: &Level, point: f64) -> Edge {
        let comparator = if level.comparator.is_rising() { Comparator::Above } else { Comparator::Below };
        Edge { comparator, point }
    }

    /// Back past the point, on the side where a level clears; at it too, when `inclusive`.
    pub(super) fn back(level: &Level, point: f64, inclusive: bool) -> Edge {
        let comparator = match (level.comparator.is_rising(), inclusive) {
            (true, false) => Comparator::Below,
            (true, true) => Comparator::AtOrBelow,
            (false, false) => Comparator::Above,
            (false, true) => Comparator::AtOrAbove,
        };
        Edge { comparator, point }
    }

    /// Whether a value is past it. Never true for NaN.
    pub fn is_past(self, value: f64) -> bool {
        self.comparator.is_past(value, self.point)
    }
}

/// `≥ 7.05`.
impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.comparator.symbol(), figure(self.point))
    }
}

/// How far back from its set point a level clears, in the tag's unit.
pub(super) fn width(level: &Level) -> f64 {
    (level.set_point - level.clear_point).abs()
}

/// A number as people read it: nine decimals at most, without the noise of reckoning.
pub fn figure(value: f64) -> String {
    let text = format!("{value:.9}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
