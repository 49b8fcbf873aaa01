//! `rate_of_change`: the slope of a tag's value over a window, in its unit a minute.

use davy_rules::{RateOfChange, Slope};

use super::{
    Value, View,
    median::{Key, median},
};
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
    // Without a condition several are divided at once; and there is none where time goes on from point to point.
    let goes_on = points.is_sorted_by(|(before, _), (after, _)| before < after);
    for (at, &(from, low)) in points.iter().enumerate() {
        let later = &points[at + 1..];
        let slope = |&(to, high): &(f64, f64)| Key::of((high - low) / (to - from));
        if goes_on {
            slopes.extend(later.iter().map(slope));
        } else {
            slopes.extend(later.iter().filter(|(to, _)| *to > from).map(slope));
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::theil_sen;

    /// The median slope as its definition has it: of all pairs of which one is later, in order.
    fn plainly(points: &[(f64, f64)]) -> Option<f64> {
        let later = |at: usize| points[at + 1..].iter().map(move |to| (points[at], *to));
        let pairs = (0..points.len()).flat_map(later).filter(|(from, to)| to.0 > from.0);
        let mut slopes: Vec<f64> = pairs.map(|(from, to)| (to.1 - from.1) / (to.0 - from.0)).collect();
        slopes.sort_by(f64::total_cmp);
        let upper = *slopes.get(slopes.len() / 2)?;
        Some(if slopes.len() % 2 == 1 { upper } else { f64::midpoint(slopes[slopes.len() / 2 - 1], upper) })
    }

    /// Up to as many readings as are kept, and more; some at one moment, values of a coarse gauge or of a fine one.
    fn points() -> impl Strategy<Value = Vec<(f64, f64)>> {
        let coarse = (-2i32..3).prop_map(|steps| f64::from(steps) * 0.1);
        let value = prop_oneof![2 => coarse, 2 => -50.0..50.0, 1 => -f64::MAX..f64::MAX];
        let step = prop_oneof![Just(0i64), Just(1_000_000), 1i64..5_000_000];
        let steady = (1i64..5_000_000, prop::collection::vec(value.clone(), 0..140))
            .prop_map(|(step, values)| values.into_iter().map(|value| (step, value)).collect());
        let uneven = prop::collection::vec((step, value), 0..140);
        prop_oneof![steady, uneven].prop_map(|seen: Vec<(i64, f64)>| {
            let mut at_us = -60_000_000;
            let point = |(step, value): (i64, f64)| {
                at_us += step;
                (at_us as f64 / super::MINUTE_US, value)
            };
            seen.into_iter().map(point).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_slope_is_its_definition_to_the_bit(points in points()) {
            prop_assert_eq!(theil_sen(&points).map(f64::to_bits), plainly(&points).map(f64::to_bits));
        }
    }
}
