//! Boxes that speak HJ 212 over TCP, and the Davy they speak to, each in a process of its own.

mod boxes;
mod many;

use std::{collections::BTreeMap, process::Command};

use davy_proto::v1::{Alert, TransitionKind};
use davy_tests::{Davy, Grpc, LONG, Metrics, Setup, davy_binary, wait_until};
use serde_json::Value;

use boxes::{Frame, Station};

const SITE: &str = "site: works
title: {en: Works}
edge_nodes:
  - {id: stack-1, loss_grace: 5m, silence_limit: 30m}
  - {id: stack-2, loss_grace: 5m, silence_limit: 30m}
sources:
  - {hj212: B1, edge_node: stack-1}
  - {hj212: B2, edge_node: stack-2}
";
const TAGS: &str = "tag,quantity,unit,interval,edge_node,sent_as
S1/so2,gas.so2,mg/m3,1m,stack-1,a21026
S2/so2,gas.so2,mg/m3,1m,stack-2,a21026
";
const RULES: &str = "rules:
  - id: so2
    applies_to: {quantity: gas.so2}
    limit: [{name: H, tier: orange, above: 35 mg/m3}]
    response: {action: look, time_to_respond: 10m}
";

fn works() -> Setup {
    let mut setup = Setup::new();
    setup.site("works", &[("site.yaml", SITE), ("tags.csv", TAGS), ("rules/so2.yaml", RULES)]);
    setup.configure("[hj212]\nlisten = \"127.0.0.1:0\"\n");
    setup
}

/// A figure, whatever its other labels.
async fn figure(davy: &Davy, name: &str, labels: &[(&str, &str)]) -> f64 {
    Metrics::of(davy.http()).await.figure(name, labels)
}

#[tokio::test]
async fn two_boxes_raise_their_alarms_and_are_answered() {
    let davy = Davy::serve(&works().config()).await;
    let mut alerts = Grpc::connect(davy.http()).await.subscribe_from_now().await;
    let (mut one, mut two) =
        (Station::connect(davy.hj212().await).await, Station::connect(davy.hj212().await).await);
    let (first, second) = (Frame::now("B1", 1, 50.0), Frame::now("B2", 2, 60.0));
    // The one in two pieces, the other behind garbage and stuck to a heartbeat.
    let (head, tail) = first.bytes().split_at(37);
    one.send(head).await;
    one.send(tail).await;
    two.send(&[b"noise", second.bytes(), &boxes::heartbeat("B2")].concat()).await;
    assert_eq!(one.answer().await, first.ack());
    let mut answers = vec![two.answer().await, two.answer().await];
    answers.sort();
    assert!(
        answers.contains(&second.ack()) && answers.iter().any(|answer| answer.contains("CN=9013")),
        "{answers:?}"
    );
    let mut raised = Vec::new();
    while raised.len() < 2 {
        let is_raised = |alert: &Alert| alert.transition() == TransitionKind::Raised;
        let alert = alerts.alert("an alarm of each box", LONG, is_raised).await;
        raised.push((alert.tags[0].clone(), alert.value));
    }
    raised.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(raised, [("S1/so2".to_owned(), Some(50.0)), ("S2/so2".to_owned(), Some(60.0))]);
    assert!(figure(&davy, "davy_hj212_frames_total", &[]).await >= 3.0);
}

#[tokio::test]
async fn every_split_of_a_frame_over_the_wire_is_the_same_frame() {
    let davy = Davy::serve(&works().config()).await;
    let mut station = Station::connect(davy.hj212().await).await;
    let len = Frame::now("B1", 0, 1.0).bytes().len();
    for (at, split) in (1..len).step_by(7).enumerate() {
        let frame = Frame::new("B1", at as u32, 120 - at as i64, 1.0);
        station.send(&frame.bytes()[..split]).await;
        station.send(&frame.bytes()[split..]).await;
        assert_eq!(station.answer().await, frame.ack(), "split at {split}");
    }
    let refused = figure(&davy, "davy_hj212_refused_total", &[]).await;
    assert!(refused == 0.0, "{refused} refused");
}

/// A box that sends its next frame before the last is answered, and then waits: each comes at another moment of the other's
/// way to the disk.
#[tokio::test]
async fn a_frame_that_comes_while_another_is_made_durable_is_answered() {
    let davy = Davy::serve(&works().config()).await;
    let mut station = Station::connect(davy.hj212().await).await;
    for round in 0..40_u32 {
        let (first, second) = (
            Frame::new("B1", 2 * round, 120 - i64::from(2 * round), 1.0),
            Frame::new("B1", 2 * round + 1, 119 - i64::from(2 * round), 1.0),
        );
        station.send(first.bytes()).await;
        let sent = std::time::Instant::now();
        while sent.elapsed() < std::time::Duration::from_micros(u64::from(round) * 25) {
            std::hint::spin_loop();
        }
        station.send(second.bytes()).await;
        assert_eq!(
            [station.answer().await, station.answer().await],
            [first.ack(), second.ack()],
            "round {round}"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_is_answered_and_kept() {
    let davy = Davy::serve(&works().config()).await;
    let mut station = Station::connect(davy.hj212().await).await;
    let mut bad = Frame::now("B1", 1, 1.0).bytes().to_vec();
    let end = bad.len() - 3;
    bad[end] = if bad[end] == b'0' { b'1' } else { b'0' };
    station.send(&bad).await;
    assert!(station.answer().await.contains("CP=&&QnRtn=9&&"), "a CRC that does not hold");
    station.send(Frame::now("B9", 2, 1.0).bytes()).await;
    assert!(station.answer().await.contains("CP=&&QnRtn=4&&"), "a box that nobody knows");
    let letters = Grpc::connect(davy.http()).await.dead_letters("works").await;
    let codes: Vec<&str> =
        letters.iter().flat_map(|letter| letter.problems.iter().map(|problem| &*problem.code)).collect();
    assert_eq!(codes, ["CRC_MISMATCH"], "what came of a box that the site knows");
}

/// The values in a journal, and how often each was put down.
fn journal(setup: &Setup) -> BTreeMap<String, usize> {
    let export = Command::new(davy_binary()).args(["journal", "export"]).arg(setup.journal("works")).output();
    let export = export.expect("davy runs");
    let mut values = BTreeMap::new();
    for line in String::from_utf8_lossy(&export.stdout).lines() {
        let line: Value = serde_json::from_str(line).expect("JSON lines");
        for reading in line["value"]["readings"].as_array().into_iter().flatten() {
            *values.entry(reading["value"].to_string()).or_default() += 1;
        }
    }
    values
}

/// Waits until a figure is more than zero.
async fn until(davy: &Davy, name: &str) {
    wait_until(name, LONG, async || (figure(davy, name, &[]).await > 0.0).then_some(())).await;
}

/// Killed somewhere between a frame and its answer, Davy has it whenever it answered; and a frame that was not answered
/// comes again and is judged once. It is killed before it can read the frame, at once, when it has read it, when it has judged
/// it, and when it has answered.
#[tokio::test]
async fn a_frame_that_was_not_answered_comes_again_and_counts_once() {
    let setup = works();
    let mut had = 0;
    for round in 0..8_u32 {
        let mut davy = Davy::serve(&setup.config()).await;
        let mut station = Station::connect(davy.hj212().await).await;
        let value = f64::from(round) + 0.25;
        let frame = Frame::new("B1", round, 100 - i64::from(round), value);
        if round == 0 {
            davy.freeze();
        }
        station.send(frame.bytes()).await;
        match round % 4 {
            0 => {}
            1 => until(&davy, "davy_hj212_frames_total").await,
            2 => until(&davy, "davy_readings_judged_total").await,
            _ => until(&davy, "davy_hj212_answers_total").await,
        }
        davy.kill();
        let answered = station.has_answer(&frame).await;
        let before = journal(&setup).get(&value.to_string()).copied().unwrap_or(0);
        assert!(!answered || before == 1, "round {round}: answered, and not in the journal");
        had += before;
        let mut davy = Davy::serve(&setup.config()).await;
        let mut station = Station::connect(davy.hj212().await).await;
        station.send(frame.bytes()).await;
        assert_eq!(station.answer().await, frame.ack(), "round {round}");
        let (judged, twice) = wait_until("the frame is accounted for", LONG, async || {
            let judged = figure(&davy, "davy_readings_judged_total", &[("site", "works")]).await;
            let twice = figure(&davy, "davy_readings_not_judged_total", &[("fate", "duplicate")]).await;
            (judged + twice > 0.0).then_some((judged, twice))
        })
        .await;
        let want = if before == 1 { (0.0, 1.0) } else { (1.0, 0.0) };
        assert_eq!((judged, twice), want, "round {round}: judged, and counted once already");
        assert_eq!(davy.stop().await, 0);
    }
    assert!((4..8).contains(&had), "{had} of 8 frames were durable when Davy was killed");
}
