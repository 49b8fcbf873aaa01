//! Nobody measures, and nobody is told: that must not happen.

use std::{collections::BTreeMap, sync::Arc};

use davy_engine::Engine;
use davy_model::{Condition, Freshness, Input, Transition};
use proptest::prelude::*;

use super::logs::{Entry, apply, cases, log, plans};
use crate::support::at;

/// `X` and `Y`, which report by exception, by their places.
const BY_EXCEPTION: [(u32, &str); 2] = [(3, "X"), (4, "Y")];
/// The `after` of the rule `stale`, µs.
const AFTER_US: i64 = 20_000_000;

/// What is known of a tag's readings, told from the log alone.
#[derive(Clone, Copy, Default)]
struct Known {
    source_us: Option<i64>,
    /// Since when its last reading has been no evidence, arrival µs.
    ended_us: Option<i64>,
}

/// Takes an entry, and gives the arrival time up to which Davy has seen.
fn take(known: &mut BTreeMap<u32, Known>, now_us: i64, input: &Input) -> i64 {
    match input {
        Input::Readings(block) => {
            let mut readings = block.readings.iter();
            for head in &block.messages {
                for reading in readings.by_ref().take(head.len as usize) {
                    let known = known.entry(reading.tag.0).or_default();
                    let source_us = reading.source_time.as_micros();
                    if head.freshness == Freshness::Live
                        && known.source_us.is_none_or(|last| last <= source_us)
                    {
                        known.source_us = Some(source_us);
                        let ended = known.ended_us.unwrap_or(head.arrival.as_micros());
                        known.ended_us =
                            (!reading.quality.is_evidence() || !reading.value.is_some()).then_some(ended);
                    }
                }
            }
            block.messages.last().map_or(now_us, |head| head.arrival.as_micros())
        }
        Input::Restarted => {
            // Davy listens anew.
            known.values_mut().for_each(|known| known.ended_us = known.ended_us.map(|_| now_us));
            now_us
        }
        _ => now_us,
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_by_exception_tag_without_evidence_is_told_of(log in log(false, false)) {
        let plans = plans();
        let mut engine = Engine::new(Arc::clone(&plans[0]), at(0.0));
        let (mut known, mut active) = (BTreeMap::new(), BTreeMap::new());
        for (now, entry) in &log.0 {
            let mut out: Vec<Transition> = Vec::new();
            apply(&mut engine, &plans, *now, entry, &mut out);
            for told in out.iter().filter(|told| &*told.alarm.rule == "stale") {
                active.insert(told.alarm.subject.to_string(), told.facts.condition == Condition::Active);
            }
            let Entry::Input(input) = entry else { continue };
            let seen_us = take(&mut known, now.as_micros(), input);
            for (tag, name) in BY_EXCEPTION {
                let ended_us = known.get(&tag).and_then(|known| known.ended_us);
                if ended_us.is_some_and(|ended_us| seen_us >= ended_us + AFTER_US) {
                    prop_assert_eq!(active.get(name), Some(&true), "{} is silent, and nobody is told", name);
                }
            }
        }
    }
}
