//! The files of `site/`, judged by the engine itself over the recorded week: what they catch, and what they cost.
//!
//! The figures stand in the middle of a wide range that does equally well; none was chosen by a release's own times.
//! `docs/tuners/leaks-at-a-fence.md` says what else was tried.

use std::{collections::BTreeMap, sync::Arc};

use davy_engine::Judge;
use davy_model::{
    BundleFile, Freshness, Input, MessageHead, NodeChange, NodeIndex, Quality, Reading, ReadingBlock,
    TagIndex, Timestamp, Transition, TransitionKind, Value,
};
use davy_rules::{bundle, compile};

use crate::{
    Recording,
    data::Point,
    figures::{Figures, Occurrence},
};

const FILES: [(&str, &str); 3] = [
    ("site.yaml", include_str!("site/site.yaml")),
    ("tags.csv", include_str!("site/tags.csv")),
    ("rules/leaks.yaml", include_str!("site/rules/leaks.yaml")),
];

#[test]
fn one_rule_set_for_all_sensors_knows_the_leaks_and_seldom_cries_wolf() {
    let Some(recording) = Recording::open() else { return };
    let transitions = judged(&recording.readings);
    let leaks: Vec<&Transition> =
        transitions.iter().filter(|transition| &*transition.alarm.rule == "leak").collect();
    let figures = Figures::of(&occurrences(&leaks), &recording.readings, &recording.releases);
    println!("the best rule set known: {figures}");
    assert!(figures.caught_anew() >= 15, "{figures}");
    assert!(figures.outside_a_sensor_day() <= 0.1, "{figures}");
    assert!(figures.median_anew_min() < 5.0, "{figures}");
    // A condition is not an alarm.
    assert!(transitions.iter().all(|transition| &*transition.alarm.rule != "ch4-above-usual"));
}

/// All that comes of the week, each minute's values arriving as they are measured.
fn judged(readings: &BTreeMap<&'static str, Vec<Point>>) -> Vec<Transition> {
    let files = FILES.map(|(path, text)| BundleFile { path: path.to_owned(), text: text.to_owned() });
    let bundle = bundle(files.to_vec()).unwrap_or_else(|findings| panic!("{}", findings[0]));
    let plan = compile(&bundle).unwrap_or_else(|findings| panic!("{}", findings[0]));
    let node = plan.site.node_index("fence").expect("the site has it");
    let mut minutes: BTreeMap<Timestamp, Vec<Reading>> = BTreeMap::new();
    for (sensor, points) in readings {
        let tag = plan.site.tag_index(&format!("{sensor}/ch4")).expect("the site has every sensor");
        for point in points {
            let reading = reading(tag, point);
            minutes.entry(reading.source_time).or_default().push(reading);
        }
    }
    let mut judge = Judge::new();
    let mut out = Vec::new();
    let begin = *minutes.keys().next().expect("a week has minutes");
    let online = Input::Node { node, change: NodeChange::Online };
    for input in [Input::Activate(Arc::new(bundle)), online] {
        judge.apply(begin, &input, &mut out).expect("the files compile");
    }
    for (now, readings) in minutes {
        while let Some(due) = judge.next_deadline().filter(|due| *due < now) {
            judge.apply(due, &Input::Tick, &mut out).expect("files are active");
        }
        judge.apply(now, &message(node, now, readings), &mut out).expect("files are active");
    }
    out
}

fn reading(tag: TagIndex, point: &Point) -> Reading {
    let source_time = Timestamp::from_micros(point.at.as_microsecond());
    Reading { tag, quality: Quality::Good, source_time, value: Value::of(point.ppm) }
}

fn message(node: NodeIndex, arrival: Timestamp, readings: Vec<Reading>) -> Input {
    let len = u32::try_from(readings.len()).expect("there are eight sensors");
    let head = MessageHead { node, arrival, seq: None, redelivered: false, freshness: Freshness::Live, len };
    Input::Readings(ReadingBlock { messages: vec![head], readings })
}

fn occurrences(transitions: &[&Transition]) -> Vec<Occurrence> {
    let at = |transition: &Transition| {
        jiff::Timestamp::from_microsecond(transition.source_time.as_micros()).expect("within the week")
    };
    let mut found: Vec<Occurrence> = Vec::new();
    for transition in transitions {
        match transition.kind {
            TransitionKind::Raised => {
                found.push(Occurrence { raised: at(transition), cleared: jiff::Timestamp::MAX });
            }
            TransitionKind::Cleared => {
                found.last_mut().expect("what clears was raised").cleared = at(transition);
            }
            _ => {}
        }
    }
    found
}
