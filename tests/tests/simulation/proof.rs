//! P5: what cleared an alarm was a reading that the journal has, good, in its tag's order, and back past the clear point.

use std::collections::BTreeMap;

use davy_journal::Commit;
use davy_model::{Comparator, Input, Quality, QualityReason, Transition, TransitionKind, Value};

/// Value, quality code and source time of every reading up to a commit, by tag.
type Readings = BTreeMap<u32, Vec<(u64, u8, i64)>>;

pub(crate) fn clears(commits: &[Commit]) -> Result<(), String> {
    let mut readings = Readings::new();
    for commit in commits {
        for input in &commit.inputs {
            if let Input::Readings(block) = input {
                for reading in &block.readings {
                    let seen =
                        (reading.value.to_bits(), reading.quality.code(), reading.source_time.as_micros());
                    readings.entry(reading.tag.0).or_default().push(seen);
                }
            }
        }
        for transition in &commit.transitions {
            let rule = transition.alarm.rule.as_ref();
            if transition.kind == TransitionKind::Cleared && !rule.starts_with("davy-") {
                proven(transition, &readings)?;
            }
        }
    }
    Ok(())
}

fn proven(transition: &Transition, readings: &Readings) -> Result<(), String> {
    let fails =
        |why: &str| Err(format!("P5: {} cleared on {why}: {:?}", transition.id(), transition.evidence));
    if transition.evidence.readings.is_empty() {
        return fails("nothing");
    }
    for seen in &transition.evidence.readings {
        let kept = (Value::from(seen.value).to_bits(), seen.quality.code(), seen.source_time.as_micros());
        if !readings.values().any(|of_tag| of_tag.contains(&kept)) {
            return fails("a reading that nobody sent");
        }
        if matches!(seen.quality, Quality::Bad(_)) {
            return fails("a bad reading");
        }
        let Some(value) = seen.value else { return fails("a reading without a value") };
        let Some(limit) = &transition.limit else { continue };
        if matches!(seen.quality, Quality::Uncertain(QualityReason::OverRange | QualityReason::UnderRange)) {
            return fails("a value beyond the sensor's range");
        }
        let back = match limit.comparator {
            Comparator::Above | Comparator::AtOrAbove => value <= limit.clear_point,
            Comparator::Below | Comparator::AtOrBelow => value >= limit.clear_point,
        };
        if !back {
            return fails("a value that is not back");
        }
    }
    Ok(())
}
