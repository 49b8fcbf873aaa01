//! `hazard`: S or R of a hazard source, by what is in it now.

use davy_model::{Quality, QualityReason};
use davy_rules::Hazard;

use super::{Value, View};
use crate::memory::worse;

const BILLION: f64 = 1e9;

/// Of a member whose tag says nothing, nothing is added: what is known may be enough to raise an alarm, and proves nothing
/// of being back.
pub(super) fn value(program: &Hazard, view: &View<'_>) -> Option<Value> {
    view.inputs.iter().find(|input| input.held.is_some())?;
    let (mut sum, mut quality) = (program.fixed, Quality::Good);
    for (input, (content, a_tonne)) in view.inputs.iter().zip(&program.parts) {
        let Some(seen) = input.held else {
            quality = worse(quality, Quality::Uncertain(QualityReason::Incomplete));
            continue;
        };
        sum += a_tonne * content.tonnes(seen.value);
        quality = worse(quality, seen.quality);
    }
    Some(Value::new(to_a_billionth(sum), quality))
}

/// Ten tenths are one, and not quite in binary: adding up moves nobody past a bound, nor keeps anybody short of it.
fn to_a_billionth(sum: f64) -> f64 {
    (sum * BILLION).round() / BILLION
}
