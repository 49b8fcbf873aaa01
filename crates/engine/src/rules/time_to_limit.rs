//! `time_to_limit`: how long until the limit is reached as it goes now, min; only where the slope is one for certain.

use davy_rules::TimeToLimit;

use super::{
    Value, View,
    rate_of_change::{points, slope},
};

/// What is told where the limit is not approached, min: a year.
const NOT_APPROACHED_MIN: f64 = 366.0 * 24.0 * 60.0;
/// So many of its standard errors a slope must be away from level.
const SIGMAS: f64 = 3.0;

pub(super) fn value(program: &TimeToLimit, view: &View<'_>) -> Option<Value> {
    let input = view.input()?;
    let points = points(input.readings.iter(), program.over_us, program.readings_min)?;
    let slope = slope(&points, program.slope)?;
    let towards = if program.falling { -1.0 } else { 1.0 };
    let (_, newest) = *points.last()?;
    let left = (program.limit - newest) * towards;
    let speed = slope * towards;
    let minutes = if left <= 0.0 {
        0.0
    } else if speed <= 0.0 || speed * speed <= SIGMAS * SIGMAS * slope_variance(&points, slope) {
        NOT_APPROACHED_MIN
    } else {
        (left / speed).min(NOT_APPROACHED_MIN)
    };
    Some(Value::new(minutes, input.quality_of_readings()))
}

/// The variance of a slope: that of the residuals over the spread of the times.
fn slope_variance(points: &[(f64, f64)], slope: f64) -> f64 {
    let count = points.len() as f64;
    let (sum_t, sum_v) = points.iter().fold((0.0, 0.0), |(t, v), (at, value)| (t + at, v + value));
    let (mean_t, mean_v) = (sum_t / count, sum_v / count);
    let (residual, spread) = points.iter().fold((0.0, 0.0), |(residual, spread), (at, value)| {
        let off = (value - mean_v) - slope * (at - mean_t);
        (residual + off * off, spread + (at - mean_t) * (at - mean_t))
    });
    residual / (count - 2.0).max(1.0) / spread
}
