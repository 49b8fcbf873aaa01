//! `expression`: what CEL makes of the inputs' values.

use davy_model::{Quality, QualityReason};
use davy_rules::{
    Formula,
    expression::{Operand, STEPS_MAX},
};

use super::{Value, View};

pub(super) fn value(program: &Formula, view: &View<'_>) -> Option<Value> {
    let operand = |held: Option<crate::hold::Seen>| match held {
        Some(seen) => Operand { value: davy_model::Value::of(seen.value), quality: seen.quality },
        None => Operand { value: davy_model::Value::NONE, quality: Quality::Bad(QualityReason::Stale) },
    };
    let operands: Vec<Operand> = view.inputs.iter().map(|input| operand(input.held)).collect();
    let output = program.expression.eval(&operands, STEPS_MAX).ok()?;
    Some(Value::new(output.value, output.quality))
}
