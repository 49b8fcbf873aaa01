//! What must hold of everything that is told.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use davy_engine::{Engine, derive, without};
use davy_model::{
    AlarmFacts, AlarmKey, AlarmState, Condition, Input, Quality, Timestamp, Transition, TransitionKind,
};
use davy_rules::WatchKind;
use proptest::{prelude::*, strategy::ValueTree};

use super::logs::{Entry, Log, apply, cases, log, plans, readings_of, run};
use crate::support::{at, seconds};

/// Whether ISA-18.2 lets `kind` lead from one standing to the other.
fn is_legal(before: &AlarmFacts, kind: TransitionKind, after: &AlarmFacts) -> bool {
    let active = |facts: &AlarmFacts| facts.condition == Condition::Active;
    let same_condition = active(before) == active(after);
    // Of an alarm that does not stand, the tier is what its rule says by now: other files change it untold.
    let told = match before.stands() {
        true => after.clone(),
        false => AlarmFacts { tier: before.tier, tier_highest: before.tier_highest, ..after.clone() },
    };
    // What asks people for something, by when, is no part of the ISA-18.2 life.
    let same = AlarmFacts { case: None, ..before.clone() } == AlarmFacts { case: None, ..told.clone() };
    let verdict = |facts: &AlarmFacts| facts.case.as_ref().and_then(|case| case.verdict);
    let given = |facts: &AlarmFacts| facts.case.as_ref().is_some_and(|case| case.feedback);
    let ends = matches!(kind, TransitionKind::Closed | TransitionKind::Withdrawn);
    if before.case.is_some() && after.case.is_none() && !ends {
        return false;
    }
    match kind {
        TransitionKind::Raised => !active(before) && active(after) && !after.acknowledged,
        TransitionKind::TierRaised => {
            active(before) && active(after) && after.tier > before.tier && !after.acknowledged
        }
        TransitionKind::TierLowered => active(before) && active(after) && after.tier < before.tier,
        TransitionKind::Cleared => {
            active(before) && !active(after) && after.acknowledged == before.acknowledged
        }
        TransitionKind::Acknowledged => same_condition && !before.acknowledged && after.acknowledged,
        TransitionKind::Escalated => same && !(before.acknowledged && given(before)),
        TransitionKind::ReAlarmed => {
            active(before) && active(after) && !after.acknowledged && !before.is_quieted()
        }
        TransitionKind::Sounded => active(before) && same && !before.acknowledged,
        TransitionKind::Shelved => same_condition && before.shelving.is_none() && after.shelving.is_some(),
        TransitionKind::Unshelved | TransitionKind::ShelveExpired => {
            same_condition && before.shelving.is_some() && after.shelving.is_none()
        }
        TransitionKind::Suppressed => before.suppressed_by.is_none() && after.suppressed_by.is_some(),
        TransitionKind::Unsuppressed => before.suppressed_by.is_some() && after.suppressed_by.is_none(),
        TransitionKind::OutOfService => before.in_service && !after.in_service,
        TransitionKind::InService => !before.in_service && after.in_service,
        TransitionKind::Reset => !active(before) && before.latched && before.acknowledged && !after.latched,
        TransitionKind::Withdrawn => before.stands() && after.state() == AlarmState::Normal,
        TransitionKind::Verified => same && before.acknowledged && verdict(after).is_some(),
        TransitionKind::Acted => same && before.acknowledged && verdict(before).is_some(),
        TransitionKind::FeedbackGiven => same && verdict(before).is_some() && given(after),
        TransitionKind::Closed => {
            same && !active(before) && before.acknowledged && given(before) && after.case.is_none()
        }
        TransitionKind::Commented => *before == told,
    }
}

fn check_paths(told: &[Transition]) -> Result<(), TestCaseError> {
    let mut facts: BTreeMap<AlarmKey, (AlarmFacts, u64, u32)> = BTreeMap::new();
    for now in told {
        let normal = AlarmFacts::normal(now.facts.tier);
        let (before, occurrence, step) = facts.remove(&now.alarm).unwrap_or((normal, 0, 0));
        prop_assert!(is_legal(&before, now.kind, &now.facts), "{:?} {} {:?}", before, now.kind, now.facts);
        let raised = now.kind == TransitionKind::Raised;
        let want = if raised { (occurrence + 1, 1) } else { (occurrence, step + 1) };
        prop_assert_eq!((now.occurrence, now.step), want, "{}", now.id());
        prop_assert!(!(now.sounds && now.facts.is_quieted()), "quiet, and sounds: {}", now.id());
        prop_assert!(now.facts.tier <= now.facts.tier_highest || !now.facts.stands());
        facts.insert(now.alarm.clone(), (now.facts.clone(), now.occurrence, now.step));
    }
    Ok(())
}

fn check_numbers(told: &[Transition]) -> Result<(), TestCaseError> {
    let sequences: Vec<u64> = told.iter().map(|told| told.sequence).collect();
    prop_assert_eq!(sequences, (1..=told.len() as u64).collect::<Vec<_>>());
    let ids: BTreeSet<_> = told.iter().map(Transition::id).collect();
    prop_assert_eq!(ids.len(), told.len());
    Ok(())
}

/// A limit's alarm clears on a usable value that is back past its clear point, for as long as the off-delay asks.
fn check_clears(told: &[Transition]) -> Result<(), TestCaseError> {
    for told in told.iter().filter(|told| told.kind == TransitionKind::Cleared) {
        prop_assert!(told.quality.is_evidence(), "{:?}", told);
        let Some(limit) = told.limit.as_ref() else { continue };
        let evidence = &told.evidence;
        let judged = if evidence.calculated.is_empty() { &evidence.readings } else { &evidence.calculated };
        for seen in judged {
            prop_assert!(
                seen.quality.may_clear()
                    && !limit
                        .comparator
                        .is_past(seen.value.expect("evidence has a value"), limit.clear_point),
                "{:?}",
                told
            );
        }
        prop_assert!(!judged.is_empty());
    }
    for delay in told.iter().filter_map(|told| told.evidence.delay) {
        prop_assert!(delay.elapsed >= delay.required, "{:?}", delay);
    }
    Ok(())
}

/// Makes every reading bad.
fn spoil(log: &mut Log) {
    for (_, entry) in &mut log.0 {
        if let Entry::Input(Input::Readings(block)) = entry {
            for reading in &mut block.readings {
                reading.quality = Quality::Bad(davy_model::QualityReason::Unspecified);
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_alarm_lives_a_legal_life_under_numbers_of_its_own(log in log(true, true)) {
        let told = run(&log);
        check_numbers(&told)?;
        check_paths(&told)?;
        check_clears(&told)?;
    }

    #[test]
    fn every_reading_is_accounted_for(log in log(true, true)) {
        let plans = plans();
        let mut engine = Engine::new(Arc::clone(&plans[0]), at(0.0));
        let mut out = Vec::new();
        for (now, entry) in &log.0 {
            apply(&mut engine, &plans, *now, entry, &mut out);
        }
        let counts = engine.counts();
        let all = counts.judged + counts.duplicate + counts.out_of_order + counts.too_old;
        prop_assert_eq!(all, readings_of(&log));
        prop_assert!(counts.bad.max(counts.late).max(counts.clock_suspect) <= counts.judged);
    }

    #[test]
    fn bad_readings_raise_and_clear_nothing(first in log(false, false), mut then in log(false, false)) {
        spoil(&mut then);
        let span = first.0.last().map_or(at(0.0), |(now, _)| *now).micros_since(at(0.0)) + 1_000_000;
        let plans = plans();
        let mut engine = Engine::new(Arc::clone(&plans[0]), at(0.0));
        let mut out = Vec::new();
        for (now, entry) in &first.0 {
            apply(&mut engine, &plans, *now, entry, &mut out);
        }
        // What was good before may hold for half a minute, and its node may hold it as long again.
        let settled = at(0.0).offset_micros(span + 120_000_000);
        engine.apply(settled, &Input::Tick, &mut out).expect("a tick is never refused");
        for tag in 0..5 {
            bad_reading(&mut engine, tag, settled, &mut out);
        }
        out.clear();
        for (now, entry) in &then.0 {
            let later = settled.offset_micros(now.micros_since(at(0.0)) + 1);
            apply(&mut engine, &plans, later, &shifted(entry, later.micros_since(*now)), &mut out);
        }
        let by_limits = out.iter().filter(|told| &*told.alarm.rule == "lim" || &*told.alarm.rule == "quick");
        for told in by_limits {
            prop_assert!(!matches!(told.kind, TransitionKind::Cleared | TransitionKind::Raised), "{:?}", told);
        }
    }

    #[test]
    fn what_is_told_is_told_in_the_order_it_could_be_known(log in log(false, false)) {
        let told = run(&log);
        for pair in told.windows(2) {
            prop_assert!(
                pair[0].arrival_time <= pair[1].arrival_time,
                "{} at {} {:?}, then {} at {} {:?}",
                pair[0].id(),
                seconds(pair[0].arrival_time),
                pair[0].kind,
                pair[1].id(),
                seconds(pair[1].arrival_time),
                pair[1].kind
            );
        }
    }
}

proptest! {
    #![proptest_config(cases(40))]

    /// P7: every decision follows from its evidence alone, and a piece of it that is needed cannot be left out.
    #[test]
    fn every_decision_follows_from_its_evidence_alone(log in log(true, false)) {
        let plan = &plans()[0];
        for told in run(&log) {
            let Some(derivation) = derive(plan, &told) else { continue };
            prop_assert!(derivation.agrees, "{:?}", told);
            for piece in derivation.pieces {
                let rest = Transition { evidence: without(&told.evidence, piece.part), ..told.clone() };
                let holds = derive(plan, &rest).is_some_and(|derivation| derivation.holds);
                prop_assert_eq!(holds, !piece.is_needed, "{:?} of {:?}", piece, told);
            }
        }
    }
}

fn bad_reading(engine: &mut Engine, tag: u32, now: Timestamp, out: &mut Vec<Transition>) {
    let quality = Quality::Bad(davy_model::QualityReason::Unspecified);
    let reading =
        davy_model::Reading { tag: davy_model::TagIndex(tag), quality, source_time: now, value: 0.0.into() };
    let node = davy_model::NodeIndex(u32::from(tag == 2));
    let head = davy_model::MessageHead {
        node,
        arrival: now,
        seq: None,
        redelivered: false,
        freshness: davy_model::Freshness::Live,
        len: 1,
    };
    let block = davy_model::ReadingBlock { messages: vec![head], readings: vec![reading] };
    engine.apply(now, &Input::Readings(block), out).expect("readings are never refused");
}

fn shifted(entry: &Entry, by_us: i64) -> Entry {
    let Entry::Input(Input::Readings(block)) = entry else { return entry.clone() };
    let mut block = block.clone();
    for head in &mut block.messages {
        head.arrival = head.arrival.offset_micros(by_us);
    }
    for reading in &mut block.readings {
        reading.source_time = reading.source_time.offset_micros(by_us);
    }
    Entry::Input(Input::Readings(block))
}

#[test]
fn the_logs_reach_what_they_are_to_prove() {
    let plan = &plans()[0];
    assert!(plan.watches.iter().any(|watch| matches!(watch.kind, WatchKind::Silence(_))));
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut kinds = BTreeSet::new();
    for _ in 0..400 {
        let log = log(true, true).new_tree(&mut runner).expect("a log").current();
        kinds.extend(run(&log).iter().map(|told| told.kind));
    }
    assert_eq!(kinds.len(), TransitionKind::ALL.len(), "reached only {kinds:?}");
}
