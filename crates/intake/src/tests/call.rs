//! An edge node that publishes over gRPC.

use davy_model::{NodeChange, Reason};
use davy_proto::v1 as wire;
use prost::Message;

use super::*;
use crate::{CallIntake, LetterFilter, NotPublished, Publication, QuotaConfig};

fn payload(seq: u64, readings: &[(&str, f64)]) -> Vec<u8> {
    let reading = |(tag, value): &(&str, f64)| wire::Reading {
        tag: (*tag).to_owned(),
        value: Some(*value),
        ..Default::default()
    };
    wire::ReadingBatch { seq: Some(seq), readings: readings.iter().map(reading).collect() }.encode_to_vec()
}

fn begin(setting: &Setting, quota: QuotaConfig) -> Publication {
    let calls = CallIntake::new(Arc::clone(&setting.intake), quota);
    assert_eq!(calls.begin(&"gw".into(), "mine", "gw-1").err(), Some(NotPublished::NoSuchSite));
    assert_eq!(calls.begin(&"gw".into(), "park", "gw-9").err(), Some(NotPublished::NoSuchNode));
    calls.begin(&"gw".into(), "park", "gw-1").expect("both are there")
}

#[tokio::test]
async fn the_answer_comes_after_the_commit_and_good_readings_pass_beside_bad_ones() {
    let mut setting = Setting::new(1 << 20);
    let mut publication = begin(&setting, QuotaConfig::default());
    let taken = publication.take(&payload(7, &[("AT-1/h2s", 12.4), ("AT-9/h2s", 1.0)])).await;
    assert_eq!((taken.accepted, taken.rejected), (1, 1));
    let findings: Vec<_> = taken.findings.iter().map(|it| (it.reason, &*it.pointer)).collect();
    assert_eq!(findings, [(Reason::PointUnknown, "/readings/1/tag")]);
    let (parcel, block) = setting.writer.readings().await;
    assert_eq!((block.messages[0].seq, block.readings[0].value.get()), (Some(7), Some(12.4)));
    let answer = tokio::spawn(publication.finish());
    tokio::task::yield_now().await;
    assert!(!answer.is_finished(), "nothing is on disk yet");
    parcel.committed();
    assert!(timeout(DEADLINE, answer).await.expect("answered").expect("it ends"));
    assert_eq!(setting.door.dead_letters.list(&LetterFilter::default(), 10).len(), 1);
    assert!(setting.door.account.totals().intake_balances());
    let presence = setting.door.presence.node(&"gw-1".into());
    assert_eq!(presence.state(), Some(NodeChange::Online), "whoever comes to an end is not lost");
}

#[tokio::test]
async fn what_cannot_be_written_is_not_answered_as_if_it_were() {
    let mut setting = Setting::new(1 << 20);
    let mut publication = begin(&setting, QuotaConfig::default());
    publication.take(&payload(1, &[("AT-1/h2s", 12.4)])).await;
    drop(setting.writer.readings().await);
    assert!(!timeout(DEADLINE, publication.finish()).await.expect("answered"));
}

#[tokio::test]
async fn a_call_that_breaks_off_loses_its_edge_node_and_a_davy_that_stops_does_not() {
    for (davy_stops, due) in [(false, NodeChange::Lost), (true, NodeChange::Online)] {
        let mut setting = Setting::new(1 << 20);
        let mut publication = begin(&setting, QuotaConfig::default());
        publication.take(&payload(1, &[("AT-1/h2s", 12.4)])).await;
        setting.writer.readings().await.0.committed();
        publication.break_off(davy_stops).await;
        let presence = setting.door.presence.node(&"gw-1".into());
        assert_eq!(presence.state(), Some(due), "davy stops: {davy_stops}");
        if due == NodeChange::Lost {
            let parcel = setting.writer.next().await;
            assert!(matches!(parcel.input, Input::Node { change: NodeChange::Lost, .. }), "it is judged");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_brings_more_than_its_quota_waits_and_loses_nothing() {
    let setting = Setting::new(1 << 20);
    let quota = QuotaConfig { bytes_per_s: 0, readings_per_s: 1, burst_s: 1 };
    let mut publication = begin(&setting, quota);
    let before = tokio::time::Instant::now();
    for seq in 0..4 {
        let taken = publication.take(&payload(seq, &[("AT-1/h2s", 12.4), ("TK-1/level", 2.0)])).await;
        assert_eq!((taken.accepted, taken.rejected), (2, 0));
    }
    assert!(before.elapsed() >= Duration::from_secs(5), "eight readings, one of them at once");
}
