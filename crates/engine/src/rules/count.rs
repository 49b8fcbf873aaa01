//! `count`: the number of the gravest step whose count of alarms is reached.

use davy_model::Quality;
use davy_rules::Count;

use super::{Value, View};

pub(super) fn value(program: &Count, view: &View<'_>) -> Option<Value> {
    let reached = program.steps.iter().rposition(|step| {
        let count = view.alarms.iter().filter(|alarm| alarm.seen.tier >= step.at).count();
        count >= step.at_least as usize
    });
    Some(Value::new(reached.map_or(0.0, |at| (at + 1) as f64), Quality::Good))
}
