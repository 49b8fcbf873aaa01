//! `interlock`: 1 while a command stands and nothing proves that it was obeyed.

use davy_model::Quality;
use davy_rules::Interlock;

use super::{Value, View};
use crate::hold::Seen;

pub(super) fn value(program: &Interlock, view: &View<'_>) -> Option<Value> {
    let (own, proofs) = view.inputs.split_first()?;
    let seen = own.held?;
    if view.command.is_none() {
        return Some(Value::new(0.0, seen.quality));
    }
    let proves = |proof: &Seen| (proof.value != 0.0) == program.on && proof.quality == Quality::Good;
    let proven = !proofs.is_empty() && proofs.iter().all(|proof| proof.held.as_ref().is_some_and(proves));
    Some(Value::new(f64::from(u8::from(!proven)), seen.quality))
}

/// The reading that gave the command, after one more reading of the first input.
pub(crate) fn command(program: &Interlock, before: Option<Seen>, seen: Seen) -> Option<Seen> {
    if program.comparator.is_past(seen.value, program.command) {
        return Some(before.unwrap_or(seen));
    }
    let over = seen.value < program.until || (program.until_inclusive && seen.value <= program.until);
    before.filter(|_| !(over && seen.quality.may_clear()))
}
