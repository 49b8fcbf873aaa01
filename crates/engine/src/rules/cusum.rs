//! `cusum`: S = max(0, S + z − k) over the readings kept, which is the greatest sum of z − k that ends at the newest.

use davy_rules::Cusum;

use super::{Value, View, standard::target};

pub(super) fn value(program: &Cusum, view: &View<'_>) -> Option<Value> {
    let input = view.input()?;
    let (target, sigma) = target(&program.standard, input)?;
    let towards = if program.falling { -1.0 } else { 1.0 };
    let sum = input
        .readings
        .iter()
        .fold(0.0f64, |sum, seen| (sum + (seen.value - target) / sigma * towards - program.slack).max(0.0));
    input.readings.back()?;
    Some(Value::new(sum, input.quality_of_readings()))
}
