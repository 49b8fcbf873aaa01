//! `rate_of_change`: the slope of a tag's value over a window, in its unit a minute.

use davy_rules::{RateOfChange, Slope};

use super::{Value, View, median};
use crate::hold::Seen;

/// µs a minute.
pub(super) const MINUTE_US: f64 = 60e6;

pub(super) fn value(program: &RateOfChange, view: &View<'_>) -> Option<Value> {
    let input = view.input()?;
    let points = points(input.readings.iter(), program.over_us, program.readings_min)?;
    Some(Value::new(slope(&points, program.slope)?, input.quality_of_readings()))
}

/// Readings as minutes before the newest, and values; none when they are too few, or span less than half the window.
pub(super) fn points<'a>(
    readings: impl Iterator<Item = &'a Seen> + Clone,
    over_us: i64,
    readings_min: u32,
) -> Option<Vec<(f64, f64)>> {
    let (first, last) = (readings.clone().next()?, readings.clone().last()?);
    let spanned_us = last.judged_us - first.judged_us;
    let point = |seen: &Seen| ((seen.judged_us - last.judged_us) as f64 / MINUTE_US, seen.value);
    let points: Vec<(f64, f64)> = readings.map(point).collect();
    (points.len() >= readings_min as usize && spanned_us >= over_us / 2).then_some(points)
}

/// The slope of a line through points, a minute; none where all lie at one moment.
pub(super) fn slope(points: &[(f64, f64)], slope: Slope) -> Option<f64> {
    match slope {
        Slope::TheilSen => theil_sen(points),
        Slope::Regression => regression(points),
    }
}

fn theil_sen(points: &[(f64, f64)]) -> Option<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    for (at, (from, low)) in points.iter().enumerate() {
        for (to, high) in &points[at + 1..] {
            if to > from {
                slopes.push((high - low) / (to - from));
            }
        }
    }
    median(&mut slopes)
}

fn regression(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let (sum_t, sum_v) = points.iter().fold((0.0, 0.0), |(t, v), (at, value)| (t + at, v + value));
    let (mean_t, mean_v) = (sum_t / count, sum_v / count);
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), (at, value)| {
        (above + (at - mean_t) * (value - mean_v), below + (at - mean_t) * (at - mean_t))
    });
    (below > 0.0).then(|| above / below)
}
