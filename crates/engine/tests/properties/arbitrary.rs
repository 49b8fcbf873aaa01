//! Anything at all may come in: nothing panics, and nothing is lost count of.

use std::sync::Arc;

use davy_engine::{Engine, SnapshotError};
use davy_model::{
    Input, MessageHead, NodeChange, NodeIndex, Quality, QualityReason, Reading, ReadingBlock, TagIndex,
    Timestamp,
};
use proptest::{collection::vec, prelude::*};

use super::logs::{cases, plans};
use crate::support::at;

fn any_time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        1 => any::<i64>().prop_map(Timestamp::from_micros),
        1 => Just(Timestamp::MIN),
        1 => Just(Timestamp::MAX),
        4 => (0..400_000_000i64).prop_map(|us| Timestamp::from_micros(1_795_420_800_000_000 + us)),
    ]
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY), Just(f64::MIN), Just(85.0), Just(-0.0)]
}

fn any_input() -> impl Strategy<Value = (Timestamp, Input)> {
    let quality = any::<u8>().prop_map(|code| Quality::from_code(code).unwrap_or(Quality::Good));
    let reading =
        (0..5u32, quality, any_time(), any_value()).prop_map(|(tag, quality, source_time, value)| Reading {
            tag: TagIndex(tag),
            quality,
            source_time,
            value: value.into(),
        });
    let message = (0..4u32, any_time(), vec(reading, 0..5));
    let block = vec(message, 0..4).prop_map(|messages| {
        let mut block = ReadingBlock::default();
        for (node, arrival, readings) in messages {
            let len = readings.len() as u32;
            block.messages.push(MessageHead {
                node: NodeIndex(node),
                arrival,
                seq: None,
                redelivered: false,
                freshness: davy_model::Freshness::Live,
                len,
            });
            block.readings.extend(readings);
        }
        Input::Readings(block)
    });
    let node = (0..4u32, 0..3usize).prop_map(|(node, change)| Input::Node {
        node: NodeIndex(node),
        change: [NodeChange::Online, NodeChange::Offline, NodeChange::Lost][change],
    });
    (any_time(), prop_oneof![6 => block, 1 => node, 1 => Just(Input::Tick), 1 => Just(Input::Restarted)])
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn nothing_that_comes_in_makes_it_panic(
        start in any_time(),
        inputs in vec(any_input(), 0..40),
        plan in 0..3usize,
    ) {
        let plans = plans();
        let mut engine = Engine::new(Arc::clone(&plans[0]), start);
        let (mut out, mut given) = (Vec::new(), 0);
        for (place, (now, input)) in inputs.iter().enumerate() {
            if let Input::Readings(block) = input {
                given += block.readings.len() as u64;
            }
            engine.apply(*now, input, &mut out).expect("only commands are refused");
            engine.next_deadline();
            if place % 16 == 7 {
                engine.activate(*now, Arc::clone(&plans[plan]), &mut out);
            }
        }
        let counts = engine.counts();
        prop_assert_eq!(counts.judged + counts.duplicate + counts.out_of_order + counts.too_old, given);
        let bytes = engine.snapshot();
        prop_assert_eq!(Engine::restore(Arc::clone(engine.plan()), &bytes).expect("its own").snapshot(), bytes);
    }

    #[test]
    fn a_damaged_snapshot_is_refused_or_loads_but_never_panics(
        inputs in vec(any_input(), 5..20),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let plans = plans();
        let mut engine = Engine::new(Arc::clone(&plans[0]), Timestamp::from_micros(0));
        let mut out = Vec::new();
        for (now, input) in &inputs {
            engine.apply(*now, input, &mut out).expect("only commands are refused");
        }
        let mut bytes = engine.snapshot();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        drop(Engine::restore(Arc::clone(&plans[0]), &bytes));
    }
}

/// One message in which every tag says that.
fn all_say(value: f64, quality: Quality, arrival: Timestamp) -> Input {
    let reading = |tag| Reading { tag: TagIndex(tag), quality, source_time: arrival, value: value.into() };
    let head = MessageHead {
        node: NodeIndex(0),
        arrival,
        seq: None,
        redelivered: false,
        freshness: davy_model::Freshness::Live,
        len: 5,
    };
    Input::Readings(ReadingBlock { messages: vec![head], readings: (0..5).map(reading).collect() })
}

#[test]
fn whichever_byte_of_a_snapshot_is_damaged_nothing_panics() {
    let plan = &plans()[0];
    let mut engine = Engine::new(Arc::clone(plan), at(0.0));
    let mut out = Vec::new();
    for (s, value, quality) in [
        (1.0, 85.0, Quality::Good),
        (9.0, 85.0, Quality::Good),
        (12.0, 3.0, Quality::Bad(QualityReason::SensorFailure)),
    ] {
        engine.apply(at(s), &all_say(value, quality, at(s)), &mut out).expect("only commands are refused");
    }
    assert!(!out.is_empty(), "there are alarms in it");
    let whole = engine.snapshot();
    // Most of it are zeros, one as good as the next.
    let is_apart = |place: &usize| whole[*place] != 0 || *place == 0 || whole[place - 1] != 0;
    for place in (0..whole.len()).filter(is_apart) {
        let mut damaged = whole.clone();
        for byte in (0..16).chain([0x7f, 0x80, 0xff]) {
            damaged[place] = byte;
            drop(Engine::restore(Arc::clone(plan), &damaged));
        }
    }
}

#[test]
fn a_snapshot_of_other_files_or_of_a_newer_davy_is_refused() {
    let plans = plans();
    let engine = Engine::new(Arc::clone(&plans[0]), Timestamp::from_micros(0));
    let bytes = engine.snapshot();
    assert!(matches!(Engine::restore(Arc::clone(&plans[1]), &bytes), Err(SnapshotError::Revision { .. })));
    // Field 1 is the layout's version, one byte behind its tag.
    let mut newer = bytes.clone();
    newer[1] = 99;
    assert!(matches!(
        Engine::restore(Arc::clone(&plans[0]), &newer),
        Err(SnapshotError::Newer { found: 99 })
    ));
    assert!(matches!(Engine::restore(Arc::clone(&plans[0]), &bytes[..9]), Err(SnapshotError::Decode(_))));
}
