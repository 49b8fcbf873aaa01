//! In what a number inside an expression is: a unit, a product of units, or whatever stands beside it.

use std::fmt;

use davy_model::Unit;

/// Powers of a unit that are kept; more is a mistake in the text.
const POWER_MAX: i32 = 8;

/// In what a number is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// A figure without a unit: it takes the unit of what it is set beside.
    Free,
    /// Units and their powers, by unit, none to the power of zero. Without any, a plain number.
    Of(Vec<(Unit, i32)>),
}

impl Measure {
    pub(super) const PLAIN: Measure = Measure::Of(Vec::new());

    pub(super) fn of(unit: Unit) -> Measure {
        if unit == Unit::One { Measure::PLAIN } else { Measure::Of(vec![(unit, 1)]) }
    }

    /// The unit, when it is one that tags have.
    pub(super) fn unit(&self) -> Option<Unit> {
        match self {
            Measure::Free => Some(Unit::One),
            Measure::Of(powers) => match powers.as_slice() {
                [] => Some(Unit::One),
                [(unit, 1)] => Some(*unit),
                _ => None,
            },
        }
    }

    /// Whether it is a plain number, or may be taken for one.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Measure::Free) || *self == Measure::PLAIN
    }

    /// The measure of a product with `other` to the power of `sign`; none when a power is out of all reason.
    pub(super) fn times(&self, other: &Measure, sign: i32) -> Option<Measure> {
        let (Measure::Of(ours), Measure::Of(theirs)) = (self, other) else {
            return match (self, other) {
                (Measure::Free, Measure::Free) => Some(Measure::Free),
                (Measure::Free, theirs) => theirs.power(sign),
                (ours, _) => Some(ours.clone()),
            };
        };
        let mut all = ours.clone();
        for (unit, power) in theirs {
            match all.binary_search_by_key(unit, |(known, _)| *known) {
                Ok(at) => all[at].1 += power * sign,
                Err(at) => all.insert(at, (*unit, power * sign)),
            }
        }
        Measure::kept(all)
    }

    /// The measure of a power; none when it is out of all reason.
    pub(super) fn power(&self, exponent: i32) -> Option<Measure> {
        match self {
            Measure::Free => Some(Measure::Free),
            Measure::Of(powers) => {
                let times = |(unit, power): &(Unit, i32)| Some((*unit, power.checked_mul(exponent)?));
                Measure::kept(powers.iter().map(times).collect::<Option<Vec<_>>>()?)
            }
        }
    }

    /// The measure of a square root; none when there is no such unit.
    pub(super) fn root(&self) -> Option<Measure> {
        match self {
            Measure::Free => Some(Measure::Free),
            Measure::Of(powers) => {
                let half = |(unit, power): &(Unit, i32)| (power % 2 == 0).then_some((*unit, power / 2));
                Some(Measure::Of(powers.iter().map(half).collect::<Option<Vec<_>>>()?))
            }
        }
    }

    fn kept(mut powers: Vec<(Unit, i32)>) -> Option<Measure> {
        powers.retain(|(_, power)| *power != 0);
        powers.iter().all(|(_, power)| power.abs() <= POWER_MAX).then_some(Measure::Of(powers))
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let powers = match self {
            Measure::Free => return f.write_str("a figure without a unit"),
            Measure::Of(powers) if powers.is_empty() => return f.write_str("a plain number"),
            Measure::Of(powers) => powers,
        };
        f.write_str("in ")?;
        for (at, (unit, power)) in powers.iter().enumerate() {
            let dot = if at > 0 { "·" } else { "" };
            match power {
                1 => write!(f, "{dot}{unit}")?,
                _ => write!(f, "{dot}({unit})^{power}")?,
            }
        }
        Ok(())
    }
}
