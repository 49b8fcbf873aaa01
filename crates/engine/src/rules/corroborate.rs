//! `corroborate`: the greatest number of witnesses whose alarms stand and began within so long of each other; where the wind
//! is known, of those that it can have carried from the first to the others.

use davy_model::Quality;
use davy_rules::Corroborate;

use super::{Input, Standing, Value, View};

pub(super) fn value(program: &Corroborate, view: &View<'_>) -> Option<Value> {
    let mut began: Vec<&Standing> = view.alarms.iter().collect();
    began.sort_by_key(|alarm| alarm.seen.first_out);
    let wind = wind(program, view.inputs);
    let witnesses = (0..began.len()).map(|first| {
        let from = began[first];
        let later_us = |to: &Standing| to.seen.first_out.micros_since(from.seen.first_out);
        let together = began[first..].iter().take_while(|to| later_us(to) <= program.within_us);
        let carried = together.filter(|to| match (&program.downwind, wind) {
            (Some(downwind), Some(wind)) => downwind.carries((from.at, to.at), later_us(to), wind),
            (_, _) => true,
        });
        let mut witnesses: Vec<u32> = carried.map(|alarm| alarm.witness).collect();
        witnesses.sort_unstable();
        witnesses.dedup();
        witnesses.len()
    });
    Some(Value::new(witnesses.max().unwrap_or(0) as f64, Quality::Good))
}

/// The wind, from where and how fast. What is not known for certain rules nothing out.
fn wind(program: &Corroborate, inputs: &[Input<'_>]) -> Option<(f64, f64)> {
    let [direction, speed] = inputs else { return None };
    let known = |input: &Input<'_>| input.held.filter(|seen| seen.quality == Quality::Good);
    program.downwind.as_ref()?.wind(known(direction)?.value, known(speed)?.value)
}
