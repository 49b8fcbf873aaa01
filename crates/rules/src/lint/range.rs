//! Levels on something calculated that no value within the sensors' range can reach, or that every one does.

use davy_model::{Range, TagIndex};

use super::calculated::levels_of;
use crate::{
    Calculated, Code, Flatline, Level, Plan, Program, RateOfChange, Spike,
    report::{Finding, quoted},
};

const MINUTE_US: f64 = 60e6;

/// The first level of the calculated tag at that place that lies beyond what its inputs can make of it.
pub(super) fn beyond(plan: &Plan, at: usize) -> Option<(Code, Finding)> {
    let made = &plan.calculated[at];
    let (low, high, why) = reach(made, range(plan, made)?)?;
    let is_beyond = |level: &&Level| !(low..=high).contains(&level.set_point);
    let level = levels_of(plan, at).find(is_beyond)?;
    let finding = Finding::new(Code::SetPointOutsideRange, "")
        .found_words(format!("level {} at {}", quoted(&level.name), level.written))
        .expected(format!("{} to {} {}, {why}", rounded(low), rounded(high), made.unit));
    Some((Code::SetPointOutsideRange, finding))
}

/// The least and the greatest that can be calculated, and by what.
fn reach(made: &Calculated, range: Range) -> Option<(f64, f64, &'static str)> {
    let width = range.high - range.low;
    match &made.program {
        Program::Window(_) => Some((range.low, range.high, "what the sensor can measure")),
        Program::Vote(vote) if !vote.faulty => Some((range.low, range.high, "what the sensors can measure")),
        Program::Deviation(deviation) if deviation.signed => Some((-width, width, "as wide as the range")),
        Program::Deviation(_) => Some((0.0, width, "as wide as the range")),
        // Readings span half of the window at least: faster than all of the range in that time it does not go on.
        Program::RateOfChange(RateOfChange { over_us, .. }) => {
            let fastest = 2.0 * width / (*over_us as f64 / MINUTE_US);
            Some((-fastest, fastest, "all of the range in half of over"))
        }
        Program::Spike(Spike { sigma_min, .. }) if *sigma_min > 0.0 => {
            Some((0.0, width / sigma_min, "all of the range in sigma_min"))
        }
        Program::Flatline(Flatline { .. }) => Some((0.0, width, "less than all of the range")),
        _ => None,
    }
}

/// The range of what is calculated of: from the least to the greatest that any of its inputs can measure.
fn range(plan: &Plan, made: &Calculated) -> Option<Range> {
    let range = |tag: &TagIndex| plan.site.tag(*tag).range;
    let mut all = made.inputs.iter().map(range);
    let first = all.next()??;
    all.try_fold(first, |sum, range| {
        let range = range?;
        Some(Range { low: sum.low.min(range.low), high: sum.high.max(range.high) })
    })
}

/// To four digits, so that 0.1 + 0.2 reads as it is meant.
fn rounded(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
