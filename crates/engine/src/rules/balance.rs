//! `balance`: mean flow in less mean flow out less the mean growth of what is stored.

use davy_model::Quality;
use davy_rules::Balance;

use super::{Input, Value, View};
use crate::memory::{Cell, worse};

/// µs an hour.
const HOUR_US: f64 = 3600e6;

pub(super) fn value(program: &Balance, view: &View<'_>) -> Option<Value> {
    let (flows_in, others) = view.inputs.split_at_checked(program.flows_in as usize)?;
    let (flows_out, stores) = others.split_at_checked(program.flows_out as usize)?;
    let mut left = 0.0;
    for flow in flows_in {
        left += mean(flow, program)?;
    }
    for flow in flows_out {
        left -= mean(flow, program)?;
    }
    for (store, times) in stores.iter().zip(&program.stores) {
        left -= growth(store, program)? * times;
    }
    let quality = view.inputs.iter().map(Input::quality_of_cells).fold(Quality::Good, worse);
    Some(Value::new(left, quality))
}

fn mean(flow: &Input<'_>, program: &Balance) -> Option<f64> {
    let covered_us = covered(flow, program)?;
    Some(flow.cells.iter().map(|cell| cell.area).sum::<f64>() / covered_us)
}

/// How fast what is stored grows, in the tag's unit an hour: from the first part to the last.
fn growth(store: &Input<'_>, program: &Balance) -> Option<f64> {
    covered(store, program)?;
    let (first, last) = (store.cells.front()?, store.cells.back()?);
    let middle = |cell: &Cell| i64::midpoint(cell.from_us, cell.until_us);
    let passed_us = middle(last) - middle(first);
    (passed_us > 0).then(|| (last.mean() - first.mean()) / (passed_us as f64 / HOUR_US))
}

/// How much of the window is known, µs; none when it is too little.
fn covered(input: &Input<'_>, program: &Balance) -> Option<f64> {
    let covered_us: i64 = input.cells.iter().map(|cell| cell.covered_us).sum();
    let covered_us = covered_us as f64;
    (covered_us > 0.0 && covered_us >= program.coverage * program.over_us as f64).then_some(covered_us)
}
