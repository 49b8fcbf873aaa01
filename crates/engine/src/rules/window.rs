//! `window`: mean, greatest or least value over a rolling window. A gap is not read as zero: it is not read at all, and when
//! too much is missing there is no value.

use davy_model::{Quality, QualityReason};
use davy_rules::{Of, Window};

use super::{Value, View};

pub(super) fn value(program: &Window, view: &View<'_>) -> Option<Value> {
    let input = view.input()?;
    let covered_us: i64 = input.cells.iter().map(|cell| cell.covered_us).sum();
    let is_covered = covered_us as f64 >= program.coverage * program.over_us as f64;
    let value = match program.of {
        Of::Mean if !is_covered || covered_us == 0 => return None,
        Of::Mean => input.cells.iter().map(|cell| cell.area).sum::<f64>() / covered_us as f64,
        Of::Max => input.cells.iter().map(|cell| cell.max).reduce(f64::max)?,
        Of::Min => input.cells.iter().map(|cell| cell.min).reduce(f64::min)?,
    };
    // The greatest value that is known raises, however little is known; what is missing may have been greater.
    let incomplete = Quality::Uncertain(QualityReason::Incomplete);
    Some(Value::new(value, if is_covered { input.quality_of_cells() } else { incomplete }))
}
