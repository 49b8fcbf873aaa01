//! A rule's expression: CEL text → a small program over the values of declared inputs, in their units.
//!
//! Promise: a text is refused with every mistake at once, each with its character, or becomes a program that needs a
//! known number of steps at most, allocates nothing, and gives a finite number, a condition, or why there is neither.
//!
//! It does not know: where the text stands, which tags the inputs are, what is done with the result.

mod call;
mod check;
mod measure;
mod mistake;
mod program;
mod syntax;

use std::sync::Arc;

use davy_model::{Quality, Substance, Unit, Value};

pub use call::FUNCTIONS;
pub use mistake::Mistake;
pub use program::EvalError;

use check::{Checker, Typed};
use program::{Condition, Number, Run};

/// Bytes of an expression at most.
pub const LENGTH_MAX: usize = 1000;
/// Brackets open at once at most: what reads CEL takes 8 KiB of stack for each.
pub const BRACKETS_MAX: usize = 16;
/// Operations inside operations at most; a sum of 60 values is 59 deep.
pub const DEPTH_MAX: usize = 64;
/// Inputs at most.
pub const INPUTS_MAX: usize = 32;
/// Steps that an expression may need at most: one for each constant, input, operator and function.
pub const STEPS_MAX: u32 = 256;

/// A name that an expression may use, and what is known of the value behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// As the text writes it; see [`is_input_name`].
    pub name: Arc<str>,
    /// In which its values come.
    pub unit: Unit,
    /// The gas, for `convert` between ppm, mg/m³ and %LEL.
    pub substance: Substance,
}

/// The value of an input at the time of evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// In the declared unit.
    pub value: Value,
    /// A bad one is no evidence.
    pub quality: Quality,
}

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// True or false: 1 or 0, on or off.
    Condition,
    /// A number; its unit, when it is one of those that tags have: a product of two is of none.
    Number(Option<Unit>),
}

/// What came of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Output {
    /// Finite; of a condition, 1 or 0.
    pub value: f64,
    /// The worst of the inputs that it was made from; never bad.
    pub quality: Quality,
}

/// A checked expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    root: Root,
    kind: Kind,
    steps: u32,
    used: Vec<bool>,
}

#[derive(Clone, Debug, PartialEq)]
enum Root {
    Number(Number),
    Condition(Condition),
}

/// Whether an input may be called so: a letter or `_`, then letters, digits and `_`; no word of CEL, no function.
pub fn is_input_name(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    plain && starts && name.len() <= 64 && !syntax::RESERVED.contains(&name) && !FUNCTIONS.contains(&name)
}

impl Expression {
    /// Reads and checks a text over the inputs declared.
    ///
    /// # Errors
    /// Every mistake, in the order of their characters.
    pub fn parse(text: &str, declared: &[Declared]) -> Result<Expression, Vec<Mistake>> {
        let parsed = syntax::parse(text, declared.len()).map_err(|mistake| vec![mistake])?;
        let mut checker = Checker::new(&parsed, declared);
        let typed = checker.whole();
        let Checker { mut mistakes, used, .. } = checker;
        let (Some(typed), true) = (typed, mistakes.is_empty()) else {
            mistakes.sort_by_key(|mistake| mistake.character);
            return Err(mistakes);
        };
        let (kind, root) = match typed {
            Typed::Number(number, measure) => (Kind::Number(measure.unit()), Root::Number(number)),
            Typed::Condition(condition) => (Kind::Condition, Root::Condition(condition)),
        };
        let steps = match &root {
            Root::Number(number) => number.steps(),
            Root::Condition(condition) => condition.steps(),
        };
        if steps > STEPS_MAX {
            return Err(vec![Mistake::too_many_steps(steps)]);
        }
        Ok(Expression { root, kind, steps, used })
    }

    /// A number in a unit, or a condition.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The steps that an evaluation takes at most, from 1 to [`STEPS_MAX`].
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Whether the text names the input declared at that place.
    pub fn uses(&self, input: usize) -> bool {
        self.used.get(input).copied().unwrap_or(false)
    }

    /// Evaluates over the inputs' values, in the order of their declaration, in at most so many steps.
    ///
    /// # Errors
    /// [`EvalError`] says why there is no result: an input that the result hangs on is no evidence, an operation has no
    /// finite result, or the steps are spent. None of them is a value: it neither raises nor clears.
    pub fn eval(&self, operands: &[Operand], steps_max: u32) -> Result<Output, EvalError> {
        let mut run = Run::new(operands, steps_max);
        let value = match &self.root {
            Root::Number(number) => number.value(&mut run)?,
            Root::Condition(condition) => f64::from(u8::from(condition.holds(&mut run)?)),
        };
        Ok(Output { value, quality: run.quality() })
    }
}
