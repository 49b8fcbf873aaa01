//! How a value is compared with a set point.

/// How a value is compared with a set point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparator {
    /// `>`
    Above,
    /// `≥`
    AtOrAbove,
    /// `<`
    Below,
    /// `≤`
    AtOrBelow,
}

impl Comparator {
    /// Whether `value` is past `set_point`. Never true for NaN.
    pub fn is_past(self, value: f64, set_point: f64) -> bool {
        match self {
            Comparator::Above => value > set_point,
            Comparator::AtOrAbove => value >= set_point,
            Comparator::Below => value < set_point,
            Comparator::AtOrBelow => value <= set_point,
        }
    }

    /// Whether `value` is back past `clear_point`, or, when `inclusive`, at it. Never true for NaN.
    pub fn is_clear(self, value: f64, clear_point: f64, inclusive: bool) -> bool {
        match (self.is_rising(), inclusive) {
            (true, false) => value < clear_point,
            (true, true) => value <= clear_point,
            (false, false) => value > clear_point,
            (false, true) => value >= clear_point,
        }
    }

    /// True for `>` and `≥`.
    pub const fn is_rising(self) -> bool {
        matches!(self, Comparator::Above | Comparator::AtOrAbove)
    }

    /// `>`, `≥`, `<` or `≤`.
    pub const fn symbol(self) -> &'static str {
        match self {
            Comparator::Above => ">",
            Comparator::AtOrAbove => "≥",
            Comparator::Below => "<",
            Comparator::AtOrBelow => "≤",
        }
    }

    /// All comparators.
    pub const ALL: [Comparator; 4] =
        [Comparator::Above, Comparator::AtOrAbove, Comparator::Below, Comparator::AtOrBelow];
}
