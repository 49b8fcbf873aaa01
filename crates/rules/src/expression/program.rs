//! A checked expression as it is evaluated: two kinds of nodes, numbers and conditions, so that nothing is left to ask.

use std::cmp::Ordering;

use davy_model::{Comparator, Conversion, Quality};

use super::Operand;

/// Why an evaluation has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// The result hangs on an input that is no evidence.
    #[error("input {input} is no evidence")]
    NoEvidence {
        /// Its place among those declared, from 0.
        input: u32,
    },
    /// An operation divides by zero, leaves the numbers that can be held, or takes the root of less than nothing.
    #[error("the operation at character {character} has no finite result")]
    NotFinite {
        /// Where the operation stands, from 1.
        character: u32,
    },
    /// It would take more steps than it was given.
    #[error("the steps are spent")]
    StepsSpent,
}

/// Something that gives a finite number.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Number {
    Constant(f64),
    Input(usize),
    Unary(Unary, Box<Number>, u32),
    Binary(Binary, Box<(Number, Number)>, u32),
    Choice(Box<(Condition, Number, Number)>),
}

/// Something that holds or not.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    Constant(bool),
    /// An on/off number: 0 is off, anything else is on.
    On(Box<Number>),
    Compare(Comparator, Box<(Number, Number)>),
    Equal(Box<(Number, Number)>),
    /// Both hold, or neither.
    Same(Box<(Condition, Condition)>),
    Not(Box<Condition>),
    And(Box<(Condition, Condition)>),
    Or(Box<(Condition, Condition)>),
    Choice(Box<(Condition, Condition, Condition)>),
    /// The input has a value of good or uncertain quality.
    IsEvidence(usize),
    /// The input has a value of good quality.
    IsGood(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unary {
    Negate,
    Abs,
    Sqrt,
    Log,
    Log10,
    Exp,
    Convert(Conversion),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Min,
    Max,
    Pow,
}

impl Unary {
    /// Logarithms and powers by `libm`, so that every machine replays a log to the same last digit.
    pub(super) fn of(self, x: f64) -> f64 {
        match self {
            Unary::Negate => -x,
            Unary::Abs => x.abs(),
            Unary::Sqrt => x.sqrt(),
            Unary::Log => libm::log(x),
            Unary::Log10 => libm::log10(x),
            Unary::Exp => libm::exp(x),
            Unary::Convert(line) => line.apply(x),
        }
    }
}

impl Binary {
    pub(super) fn of(self, x: f64, y: f64) -> f64 {
        match self {
            Binary::Add => x + y,
            Binary::Subtract => x - y,
            Binary::Multiply => x * y,
            Binary::Divide => x / y,
            Binary::Min if y < x => y,
            Binary::Max if y > x => y,
            Binary::Min | Binary::Max => x,
            Binary::Pow => libm::pow(x, y),
        }
    }
}

/// One evaluation.
pub(super) struct Run<'o> {
    operands: &'o [Operand],
    steps_left: u32,
    quality: Quality,
}

impl<'o> Run<'o> {
    pub(super) fn new(operands: &'o [Operand], steps_max: u32) -> Run<'o> {
        Run { operands, steps_left: steps_max, quality: Quality::Good }
    }

    /// The worst of the inputs read.
    pub(super) fn quality(&self) -> Quality {
        self.quality
    }

    fn step(&mut self) -> Result<(), EvalError> {
        self.steps_left = self.steps_left.checked_sub(1).ok_or(EvalError::StepsSpent)?;
        Ok(())
    }

    fn evidence(&self, input: usize) -> Option<(f64, Quality)> {
        let operand = self.operands.get(input).filter(|operand| operand.quality.is_evidence())?;
        Some((operand.value.get()?, operand.quality))
    }

    fn read(&mut self, input: usize) -> Result<f64, EvalError> {
        let (value, quality) = self.evidence(input).ok_or_else(|| no_evidence(input))?;
        if quality == Quality::Good {
            return Ok(value);
        }
        // What may not clear is worse than what is merely doubtful.
        let badness = |quality: Quality| (!quality.may_clear(), quality);
        if badness(quality).cmp(&badness(self.quality)) == Ordering::Greater {
            self.quality = quality;
        }
        Ok(value)
    }
}

#[cold]
fn no_evidence(input: usize) -> EvalError {
    EvalError::NoEvidence { input: u32::try_from(input).unwrap_or(u32::MAX) }
}

fn finite(value: f64, character: u32) -> Result<f64, EvalError> {
    if value.is_finite() { Ok(value) } else { Err(EvalError::NotFinite { character }) }
}

impl Number {
    pub(super) fn value(&self, run: &mut Run<'_>) -> Result<f64, EvalError> {
        run.step()?;
        match self {
            Number::Constant(value) => Ok(*value),
            Number::Input(input) => run.read(*input),
            Number::Unary(operation, x, at) => finite(operation.of(x.value(run)?), *at),
            Number::Binary(operation, pair, at) => {
                let x = pair.0.value(run)?;
                finite(operation.of(x, pair.1.value(run)?), *at)
            }
            Number::Choice(choice) => {
                let branch = if choice.0.holds(run)? { &choice.1 } else { &choice.2 };
                branch.value(run)
            }
        }
    }

    /// The most steps it can take.
    pub(super) fn steps(&self) -> u32 {
        1 + match self {
            Number::Constant(_) | Number::Input(_) => 0,
            Number::Unary(_, x, _) => x.steps(),
            Number::Binary(_, pair, _) => pair.0.steps() + pair.1.steps(),
            Number::Choice(choice) => choice.0.steps() + choice.1.steps().max(choice.2.steps()),
        }
    }
}

impl Condition {
    pub(super) fn holds(&self, run: &mut Run<'_>) -> Result<bool, EvalError> {
        run.step()?;
        match self {
            Condition::Constant(holds) => Ok(*holds),
            Condition::On(number) => Ok(number.value(run)? != 0.0),
            Condition::Compare(comparator, pair) => {
                let x = pair.0.value(run)?;
                Ok(comparator.is_past(x, pair.1.value(run)?))
            }
            Condition::Equal(pair) => Ok(pair.0.value(run)? == pair.1.value(run)?),
            Condition::Same(pair) => Ok(pair.0.holds(run)? == pair.1.holds(run)?),
            Condition::Not(inner) => Ok(!inner.holds(run)?),
            Condition::And(pair) => decided_by(false, pair, run),
            Condition::Or(pair) => decided_by(true, pair, run),
            Condition::Choice(choice) => {
                let branch = if choice.0.holds(run)? { &choice.1 } else { &choice.2 };
                branch.holds(run)
            }
            Condition::IsEvidence(input) => Ok(run.evidence(*input).is_some()),
            Condition::IsGood(input) => {
                Ok(run.evidence(*input).is_some_and(|(_, quality)| quality == Quality::Good))
            }
        }
    }

    /// The most steps it can take.
    pub(super) fn steps(&self) -> u32 {
        1 + match self {
            Condition::Constant(_) | Condition::IsEvidence(_) | Condition::IsGood(_) => 0,
            Condition::On(number) => number.steps(),
            Condition::Compare(_, pair) | Condition::Equal(pair) => pair.0.steps() + pair.1.steps(),
            Condition::Same(pair) | Condition::And(pair) | Condition::Or(pair) => {
                pair.0.steps() + pair.1.steps()
            }
            Condition::Not(inner) => inner.steps(),
            Condition::Choice(choice) => choice.0.steps() + choice.1.steps().max(choice.2.steps()),
        }
    }
}

/// Either side that is `decisive` decides, whatever the other is, and though the other has no result: so CEL has it, and
/// so it must be where a missing value may not matter. Otherwise both are needed.
fn decided_by(decisive: bool, pair: &(Condition, Condition), run: &mut Run<'_>) -> Result<bool, EvalError> {
    let first = pair.0.holds(run);
    if first == Ok(decisive) {
        return first;
    }
    let second = pair.1.holds(run);
    if second == Ok(decisive) { second } else { first.and(second) }
}
