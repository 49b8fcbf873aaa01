//! Major hazard sources (重大危险源): S, R and the class of a unit, by design and by what is in it now.
//!
//! Promise: every figure is made of those in the plan, which name their clauses, by the two sums of GB 18218-2018, 4.2.1 and
//! 4.3.2; more of a substance never makes a figure smaller or a class lesser. What nobody measured counts as by design.
//!
//! It does not know: where values come from, how a report is shown.

mod class;
mod holding;
mod report;
mod standing;

pub use class::Class;
pub use holding::{Holding, Origin};
pub use report::{SourceReport, report};
pub use standing::{Standing, Step};

/// What is rounded away by adding up, as a share of a bound. Ten tenths are one in law, and not quite in binary: a bound is
/// reached from so little below it.
const ROUNDING: f64 = 1e-9;

/// Whether a sum is at or above a bound.
fn reaches(sum: f64, bound: f64) -> bool {
    sum >= bound * (1.0 - ROUNDING)
}
