//! `quality`: whether the last reading has one of some qualities.

use davy_model::Quality;
use davy_rules::QualityWatch;

use super::{Value, View};

pub(super) fn value(program: &QualityWatch, view: &View<'_>) -> Option<Value> {
    let reason = view.input()?.quality.reason();
    let is = reason.is_some_and(|reason| program.reasons.contains(&reason));
    // What is looked at is known for certain, whatever the value is worth.
    Some(Value::new(f64::from(u8::from(is)), Quality::Good))
}
