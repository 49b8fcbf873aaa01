//! `spike`: how far the newest reading lies from those before it, in their own standard deviations.

use davy_rules::Spike;

use super::{
    Value, View,
    median::{Key, median, median_distance},
    standard::SIGMAS_A_MEDIAN_DISTANCE,
};

pub(super) fn value(program: &Spike, view: &View<'_>) -> Option<Value> {
    let input = view.input()?;
    let newest = input.readings.back()?;
    let before = input.readings.iter().take(input.readings.len() - 1);
    let mut before: Vec<Key> = before.map(|seen| Key::of(seen.value)).collect();
    if before.len() < program.readings_min as usize {
        return None;
    }
    let middle = median(&mut before)?;
    let sigma = (median_distance(&mut before, middle)? * SIGMAS_A_MEDIAN_DISTANCE).max(program.sigma_min);
    Some(Value::new((newest.value - middle).abs() / sigma, newest.quality))
}
