//! `spike`: how far the newest reading lies from those before it, in their own standard deviations.

use davy_rules::Spike;

use super::{Value, View, median, standard::SIGMAS_A_MEDIAN_DISTANCE};

pub(super) fn value(program: &Spike, view: &View<'_>) -> Option<Value> {
    let input = view.input()?;
    let newest = input.readings.back()?;
    let mut before: Vec<f64> =
        input.readings.iter().take(input.readings.len() - 1).map(|seen| seen.value).collect();
    if before.len() < program.readings_min as usize {
        return None;
    }
    let middle = median(&mut before)?;
    for value in &mut before {
        *value = (*value - middle).abs();
    }
    let sigma = (median(&mut before)? * SIGMAS_A_MEDIAN_DISTANCE).max(program.sigma_min);
    Some(Value::new((newest.value - middle).abs() / sigma, newest.quality))
}
