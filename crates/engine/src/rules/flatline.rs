//! `flatline`: the difference between the greatest and the least value over a window, of which all must be known.

use davy_rules::Flatline;

use super::{Value, View};
use crate::memory::part_us;

pub(super) fn value(program: &Flatline, view: &View<'_>) -> Option<Value> {
    let input = view.input()?;
    let covered_us: i64 = input.cells.iter().map(|cell| cell.covered_us).sum();
    let readings: u32 = input.cells.iter().map(|cell| cell.readings).sum();
    // The grid may cut one part off at either end.
    if readings < program.readings_min || covered_us < program.over_us - part_us(program.over_us) {
        return None;
    }
    let greatest = input.cells.iter().map(|cell| cell.max).reduce(f64::max)?;
    let least = input.cells.iter().map(|cell| cell.min).reduce(f64::min)?;
    Some(Value::new(greatest - least, input.quality_of_cells()))
}
