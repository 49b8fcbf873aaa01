//! The engine's snapshot: what is taken up goes on without harm, and is the same when it is taken again.

use std::{cell::OnceCell, sync::Arc};

use davy_engine::Engine;
use davy_model::{
    Actor, Command, CommandKind, Input, MessageHead, NodeIndex, Quality, Reading, ReadingBlock, TagIndex, Timestamp,
};
use davy_rules::{Plan, bundle, compile};

use super::site::plain;
use crate::harness::{Gauge, Heap, Target};

pub(crate) const SNAPSHOT: Target = Target {
    name: "snapshot",
    runs: 15_000,
    check,
    seeds,
    // A tag of ten bytes is a state of a hundred; the plan's tags are there whatever the snapshot says.
    heap: Heap { times: 256, bytes: 256 * 1024 },
    ..Target::PLAIN
};

const START_US: i64 = 1_795_420_800_000_000;

thread_local! {
    static PLAN: OnceCell<Arc<Plan>> = const { OnceCell::new() };
}

fn plan() -> Arc<Plan> {
    let made = || {
        let bundle = bundle(plain::bent("", "", "")).expect("the plain site is good");
        Arc::new(compile(&bundle).expect("the plain site is good"))
    };
    PLAN.with(|plan| Arc::clone(plan.get_or_init(made)))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(START_US + second * 1_000_000)
}

fn readings(second: i64, value: f64) -> Input {
    let reading = |tag| Reading { tag: TagIndex(tag), quality: Quality::Good, source_time: at(second), value: value.into() };
    let head = MessageHead {
        node: NodeIndex(0),
        arrival: at(second),
        seq: None,
        redelivered: false,
        freshness: davy_model::Freshness::Live,
        len: 4,
    };
    Input::Readings(ReadingBlock { messages: vec![head], readings: (0..4).map(reading).collect() })
}

/// An engine as it is after so many seconds of a rise and a fall.
fn seeds() -> Vec<Vec<u8>> {
    let mut engine = Engine::new(plan(), at(0));
    let mut out = Vec::new();
    let mut seeds = vec![engine.snapshot()];
    for second in 1..60 {
        let value = f64::from((30 - (second as i32 - 30).abs()) / 2);
        engine.apply(at(second), &readings(second, value), &mut out).expect("only commands are refused");
        if let Some(raised) = out.last().filter(|_| second == 25) {
            let shelve = CommandKind::Shelve { duration: std::time::Duration::from_secs(60), one_shot: false };
            let actor = Actor { name: "li".into(), approved_by: Some("wu".into()), comment: "x".into() };
            let (alarm, request_id) = (raised.alarm.clone(), "".into());
            let command = Command { alarm, occurrence: None, actor, kind: shelve, request_id };
            let _ = engine.apply(at(second), &Input::Command(command), &mut out);
        }
        if second % 9 == 0 {
            seeds.push(engine.snapshot());
        }
    }
    // Silence, and so stale alarms.
    engine.apply(at(600), &Input::Tick, &mut out).expect("only commands are refused");
    seeds.push(engine.snapshot());
    seeds
}

fn check(gauge: &mut Gauge, input: &[u8]) {
    let mut engine = match gauge.measure(input.len(), || Engine::restore(plan(), input)) {
        Ok(engine) => engine,
        Err(error) => {
            let said = error.to_string();
            return gauge.saw(&said[..said.len().min(60)]);
        }
    };
    let again = engine.snapshot();
    let twin = Engine::restore(plan(), &again).expect("its own");
    assert_eq!(twin.snapshot(), again, "a snapshot of a snapshot is another");
    gauge.saw(engine.known().len());
    let mut out = Vec::new();
    // It goes on: readings, silence, an operator, the far ends of time.
    for (second, value) in [(61, 20.0), (62, 0.0), (100, f64::MAX)] {
        engine.apply(at(second), &readings(second, value), &mut out).expect("only commands are refused");
        engine.next_deadline();
    }
    for known in engine.known().into_iter().take(3) {
        let actor = Actor { name: "li".into(), approved_by: None, comment: "x".into() };
        let (kind, request_id) = (CommandKind::Acknowledge, "".into());
        let command = Command { alarm: known.alarm, occurrence: None, actor, kind, request_id };
        let _ = engine.apply(at(101), &Input::Command(command), &mut out);
    }
    for now in [at(700), Timestamp::MIN, Timestamp::MAX] {
        engine.apply(now, &Input::Tick, &mut out).expect("only commands are refused");
        engine.next_deadline();
    }
    gauge.saw(out.len().min(9));
}
