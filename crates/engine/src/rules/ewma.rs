//! `ewma`: the weighted mean of z over the readings kept, the newest the heaviest, in standard deviations of such a mean.

use davy_rules::Ewma;

use super::{Value, View, standard::target};

pub(super) fn value(program: &Ewma, view: &View<'_>) -> Option<Value> {
    let input = view.input()?;
    let (target, sigma) = target(&program.standard, input)?;
    if input.readings.len() < program.readings_min as usize {
        return None;
    }
    let (mut mean, mut weights, mut squares, mut weight) = (0.0, 0.0, 0.0, program.lambda);
    for seen in input.readings.iter().rev() {
        mean += weight * (seen.value - target) / sigma;
        weights += weight;
        squares += weight * weight;
        weight *= 1.0 - program.lambda;
    }
    // Σw·z / Σw has the variance Σw² / (Σw)², each z having 1.
    Some(Value::new(mean / squares.sqrt().max(f64::MIN_POSITIVE), input.quality_of_readings()))
        .filter(|_| weights > 0.0)
}
