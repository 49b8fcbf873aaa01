//! What a value is measured by: a target and a standard deviation, as the file has them or as the tag's past shows them.

use std::collections::VecDeque;

use davy_rules::Standard;

use super::{
    Input,
    median::{Key, median, median_distance},
};
use crate::memory::Cell;

/// Makes a median distance a standard deviation, where values are spread normally: 1 / Φ⁻¹(3/4).
pub(super) const SIGMAS_A_MEDIAN_DISTANCE: f64 = 1.4826;

/// Target and standard deviation; none while half of the past is not known yet.
pub(super) fn target(standard: &Standard, input: &Input<'_>) -> Option<(f64, f64)> {
    match *standard {
        Standard::Given { target, sigma } => Some((target, sigma)),
        Standard::Itself { over_us, sigma_min } => {
            let mut means = means(input.cells, over_us)?;
            let middle = median(&mut means)?;
            let distance = median_distance(&mut means, middle)?;
            Some((middle, (distance * SIGMAS_A_MEDIAN_DISTANCE).max(sigma_min)))
        }
    }
}

/// The means of the parts before the last one; none while less than half of so long is known.
pub(super) fn means(cells: &VecDeque<Cell>, over_us: i64) -> Option<Vec<Key>> {
    let covered_us: i64 = cells.iter().map(|cell| cell.covered_us).sum();
    let before = cells.iter().take(cells.len().saturating_sub(1));
    (covered_us >= over_us / 2).then(|| before.map(|cell| Key::of(cell.mean())).collect())
}
