use davy_model::{
    AlarmFacts, AlarmKey, BundleFile, Condition, Freshness, MessageHead, NodeChange, NodeIndex, Quality,
    Reading, Tier, TransitionKind, Value,
};

use super::*;
use crate::{Loaded, raised::raised};

const SITE: &str = "site: park
edge_nodes: [{id: gw-1}, {id: gw-2}]
areas:
  - {id: north}
  - {id: tanks, parent: north}
time: {max_ahead: 10s}
";

fn loaded(tags: &str) -> Loaded {
    let file = |path: &str, text: &str| BundleFile { path: path.to_owned(), text: text.to_owned() };
    let files = vec![file("site.yaml", SITE), file("tags.csv", tags)];
    Loaded::of_files(files).unwrap_or_else(|found| panic!("{found:?}"))
}

fn ppm() -> Loaded {
    loaded("tag,quantity,unit,interval,area\nA,gas.h2s,ppm,1s,tanks\nB,gas.h2s,ppm,1s,\n")
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros((1_795_420_800 + seconds) * 1_000_000)
}

fn translator(begin: Beginning) -> Translator {
    Translator::new("park".into(), begin, None, None, None).expect("it begins")
}

fn beginning() -> Beginning {
    Beginning { after: None, begins_era: false, hole: None, sequence: 0 }
}

fn commit(number: u64, inputs: Vec<Input>) -> Commit {
    Commit { number, at: at(number.cast_signed()), inputs, transitions: Vec::new() }
}

/// One message that arrives now, with readings of tags measured so many seconds from then.
fn message(now: i64, readings: &[(u32, i64, f64)]) -> Input {
    let head = MessageHead {
        node: NodeIndex(0),
        arrival: at(now),
        seq: None,
        redelivered: false,
        freshness: Freshness::Live,
        len: readings.len() as u32,
    };
    let reading = |(tag, ahead, value): &(u32, i64, f64)| Reading {
        tag: TagIndex(*tag),
        quality: Quality::Good,
        source_time: at(now + ahead),
        value: Value::of(*value),
    };
    Input::Readings(ReadingBlock { messages: vec![head], readings: readings.iter().map(reading).collect() })
}

fn take(translator: &mut Translator, commits: Vec<Commit>) -> Batch {
    for commit in commits {
        let hash = [commit.number as u8; 32];
        translator.take(commit, hash, None).expect("it is understood");
    }
    translator.batch().expect("something was taken")
}

#[test]
fn readings_get_the_name_and_unit_that_were_theirs_when_they_came() {
    let (before, after) = (ppm(), loaded("tag,quantity,unit,interval\nB,gas.h2s,mg/m3,1s\n"));
    let mut translator = translator(beginning());
    let batch = take(
        &mut translator,
        vec![
            commit(
                1,
                vec![Input::Activate(Arc::clone(&before.bundle)), message(1, &[(0, 0, 1.0), (1, 0, 2.0)])],
            ),
            commit(2, vec![message(2, &[(1, 0, 3.0)])]),
            commit(3, vec![Input::Activate(Arc::clone(&after.bundle)), message(3, &[(0, 0, 4.0)])]),
        ],
    );
    let told: Vec<(&str, &str, f64)> = batch
        .readings
        .iter()
        .map(|row| {
            let series = &batch.series[row.series as usize];
            (&*series.tag, &*series.unit, row.value.get().expect("a value"))
        })
        .collect();
    assert_eq!(told, [("A", "ppm", 1.0), ("B", "ppm", 2.0), ("B", "ppm", 3.0), ("B", "mg/m3", 4.0)]);
    assert_eq!(batch.series.len(), 3);
    assert_eq!(batch.until.revision, after.bundle.revision);
    assert_eq!((batch.until.number, batch.activations.len()), (3, 2));
    // Places of one batch mean nothing in the next.
    let next = take(&mut translator, vec![commit(4, vec![message(4, &[(0, 0, 5.0)])])]);
    assert_eq!(next.after, Some(batch.until));
    assert_eq!((&*next.series[0].tag, next.series.len()), ("B", 1));
}

#[test]
fn what_a_source_stamps_too_far_ahead_is_kept_at_its_arrival() {
    let files = ppm();
    let inputs = vec![
        Input::Activate(Arc::clone(&files.bundle)),
        message(100, &[(0, 10, 1.0), (0, 11, 2.0), (0, -99, 3.0), (0, 3_000_000_000, 4.0)]),
    ];
    let batch = take(&mut translator(beginning()), vec![commit(1, inputs)]);
    let times: Vec<Timestamp> = batch.readings.iter().map(|row| row.time).collect();
    assert_eq!(times, [at(110), at(100), at(1), at(100)]);
    assert!(batch.readings.iter().all(|row| row.arrival == at(100)));
}

#[test]
fn who_comes_and_goes_is_told_by_name_and_a_stranger_not_at_all() {
    let files = ppm();
    let node = |place: u32, change| Input::Node { node: NodeIndex(place), change };
    let inputs = vec![
        Input::Activate(Arc::clone(&files.bundle)),
        node(1, NodeChange::Online),
        node(u32::MAX, NodeChange::Online),
        node(1, NodeChange::Lost),
        Input::Heartbeat(1),
        Input::Tick,
    ];
    let batch = take(&mut translator(beginning()), vec![commit(1, inputs)]);
    let told: Vec<(&str, NodeChange)> =
        batch.nodes.iter().map(|event| (&*event.edge_node, event.change)).collect();
    assert_eq!(told, [("gw-2", NodeChange::Online), ("gw-2", NodeChange::Lost)]);
}

fn transition(sequence: u64, subject: &str, tier: Tier, condition: Condition) -> Transition {
    let raised = raised(sequence, tier, at(sequence.cast_signed()));
    let is_raised = condition == Condition::Active;
    Transition {
        alarm: AlarmKey { subject: subject.into(), ..raised.alarm.clone() },
        kind: if is_raised { TransitionKind::Raised } else { TransitionKind::Cleared },
        facts: AlarmFacts { condition, ..AlarmFacts::normal(tier) },
        tags: vec![subject.into()],
        ..raised
    }
}

#[test]
fn an_area_comes_to_the_gravest_alarm_in_it_and_in_what_is_within() {
    let files = ppm();
    let mut first = commit(1, vec![Input::Activate(Arc::clone(&files.bundle))]);
    first.transitions = vec![
        transition(1, "A", Tier::Yellow, Condition::Active),
        // B belongs nowhere.
        transition(2, "B", Tier::Red, Condition::Active),
        transition(3, "A", Tier::Red, Condition::Active),
        transition(4, "A", Tier::Red, Condition::Active),
        transition(5, "A", Tier::Red, Condition::Normal),
    ];
    let batch = take(&mut translator(beginning()), vec![first]);
    let told: Vec<(&str, Timestamp, Option<Tier>)> =
        batch.risks.iter().map(|risk| (&*risk.scope, risk.at, risk.tier)).collect();
    let both = |seconds: i64, tier: Option<Tier>| {
        [("area/north", at(seconds), tier), ("area/tanks", at(seconds), tier)]
    };
    assert_eq!(told, [both(1, Some(Tier::Yellow)), both(3, Some(Tier::Red)), both(5, None)].concat());
    assert_eq!(batch.until.sequence, 5);
    let decoded = davy_journal::decode_transition(&batch.transitions[2].record).expect("whole");
    assert_eq!(decoded, *batch.transitions[2].transition);
}

#[test]
fn a_batch_says_what_it_follows_and_what_was_lost_before_it_once() {
    let files = ppm();
    let stands = Position { number: 5, hash: [5; 32], sequence: 7, at: at(5), revision: "old".into() };
    let begin = Beginning { after: Some(stands.clone()), begins_era: false, hole: Some((6, 9)), sequence: 8 };
    let base = Activation { at: at(9), bundle: Arc::clone(&files.bundle) };
    let mut translator = Translator::new("park".into(), begin, None, Some(&base), None).expect("it begins");
    assert!(translator.batch().is_none(), "nothing was taken");
    let first = take(&mut translator, vec![commit(10, vec![message(10, &[(0, 0, 1.0)])])]);
    assert_eq!((first.after, first.hole), (Some(stands), Some((6, 9))));
    assert_eq!(first.activations, [base], "the files are kept with the first batch that needs them");
    assert_eq!((first.until.sequence, &*first.series[0].tag), (8, "A"));
    let second = take(&mut translator, vec![commit(11, Vec::new())]);
    assert_eq!((second.after, second.hole, second.begins_era), (Some(first.until), None, false));
}

#[test]
fn a_batch_is_full_by_readings() {
    let files = ppm();
    let mut translator = translator(beginning());
    let inputs = vec![Input::Activate(Arc::clone(&files.bundle)), message(1, &[(0, 0, 1.0), (1, 0, 1.0)])];
    translator.take(commit(1, inputs), [1; 32], None).expect("it is understood");
    assert!(translator.is_full(2) && !translator.is_full(3));
}
