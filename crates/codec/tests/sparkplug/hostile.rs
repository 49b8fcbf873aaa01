//! Whatever comes, a session returns, its counts add up, and its memory has a bound.

use std::time::Duration;

use davy_codec::{
    Limits,
    sparkplug::{Session, Settings, Verb},
};
use proptest::prelude::*;

use crate::{
    edge_node::{EdgeNode, Sent, aliased, named},
    heard::{Heard, Stage},
};

const VERBS: [Verb; 8] = [
    Verb::NodeBirth,
    Verb::NodeDeath,
    Verb::NodeData,
    Verb::NodeCommand,
    Verb::DeviceBirth,
    Verb::DeviceDeath,
    Verb::DeviceData,
    Verb::DeviceCommand,
];

fn device_of(verb: Verb) -> Option<String> {
    matches!(verb, Verb::DeviceBirth | Verb::DeviceDeath | Verb::DeviceData).then(|| "d".to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn random_bytes_are_refused_and_counted(
        messages in proptest::collection::vec((0..8_usize, proptest::collection::vec(any::<u8>(), 0..80)), 0..20),
    ) {
        let mut stage = Stage::new();
        let birth = stage.node.nbirth(vec![named("volt", 1, 12.0)]);
        stage.take(&birth);
        for (verb, payload) in messages {
            stage.take(&Sent { verb: VERBS[verb], device: device_of(VERBS[verb]), payload });
            stage.wait(100);
        }
        let told: u32 = stage.heard.rejections.iter().map(|rejection| rejection.readings).sum();
        let counted: u32 = stage.heard.summaries.iter().map(|summary| summary.rejected).sum();
        prop_assert_eq!(told, counted);
    }

    #[test]
    fn a_good_payload_cut_or_bent_anywhere_gives_no_value_it_does_not_hold(
        cut in 0..400_usize, bent in 0..400_usize, bits in any::<u8>(),
    ) {
        let mut stage = Stage::new();
        let metrics = (0..8).map(|at| named(&format!("metric-{at}"), u64::from(at as u32), 12.0)).collect();
        let birth = stage.node.nbirth(metrics);
        let mut payload = birth.payload.clone();
        payload.truncate(cut.max(1));
        if let Some(byte) = payload.get_mut(bent) {
            *byte ^= bits;
        }
        stage.take(&Sent { payload, ..birth });
        stage.wait(60_000);
    }
}

#[test]
fn a_payload_cut_off_gives_nothing_since_its_number_is_not_known() {
    let mut node = EdgeNode::new(crate::heard::START_MS);
    let birth = node.nbirth((0..8).map(|at| named(&format!("m{at}"), at, 12.0)).collect());
    for len in 1..birth.payload.len() {
        let mut stage = Stage::new();
        let told = stage.take(&Sent { payload: birth.payload[..len].to_vec(), ..birth.clone() });
        let is_whole_frame = told.starts_with("online");
        assert!(is_whole_frame || told.starts_with("PROTOBUF_DECODE"), "{len}: {told}");
        assert!(!told.contains("=0"), "{len}: {told}");
    }
}

fn small() -> Settings {
    Settings {
        pending_max: 8,
        pending_bytes_max: 4096,
        metrics_max: 100,
        devices_max: 4,
        limits: Limits { payload_len_max: 16 * 1024, readings_max: 1000 },
        ..Settings::default()
    }
}

#[test]
fn an_edge_node_that_never_stops_inventing_stays_within_its_bounds() {
    let mut stage = Stage::with(small());
    let birth = stage.node.nbirth(vec![named("volt", 1, 12.0)]);
    stage.take(&birth);
    for round in 0..200_u64 {
        let metrics =
            (0..50).map(|at| named(&format!("{}-{round}-{at}", "m".repeat(90)), 1000 + round * 50 + at, 1.0));
        let birth = stage.node.dbirth(&format!("device-{round}"), metrics.collect());
        stage.take(&birth);
        assert!(stage.session.weight_bytes() < 100 * 600 + 4 * 300, "{}", stage.session.weight_bytes());
    }
    let codes: Vec<&str> = stage.heard.rejections.iter().map(|rejection| rejection.reason.word()).collect();
    assert!(codes.iter().all(|code| *code == "PAYLOAD_TOO_LARGE"), "{codes:?}");
}

#[test]
fn too_many_messages_that_wait_are_a_gap_at_once() {
    for len in [10, 1000] {
        let mut stage = Stage::with(small());
        let birth = stage.node.nbirth(vec![named("volt", 1, 12.0)]);
        stage.take(&birth);
        stage.node.seq += 1;
        let mut told = String::new();
        // Eight, or 4 KiB.
        for _ in 0..if len == 10 { 9 } else { 3 } {
            let data = stage.node.ndata((0..len / 10).map(|_| aliased(1, 1.0)).collect());
            told += &stage.take(&data);
            assert!(stage.session.weight_bytes() < 4096 + 8 * 256 + 2000, "{}", stage.session.weight_bytes());
        }
        assert!(told.contains(" lost ") && told.ends_with(" rebirth"), "{told}");
    }
}

#[test]
fn a_payload_past_the_limit_is_not_read() {
    let mut stage = Stage::with(small());
    let birth = stage.node.nbirth((0..1000).map(|at| named(&format!("metric-{at:04}"), at, 1.0)).collect());
    assert_eq!(stage.take(&birth), "PAYLOAD_TOO_LARGE*1");
    assert!(!stage.session.is_alive());
}

#[test]
fn births_that_storm_are_asked_for_once_an_interval() {
    let mut heard = Heard::default();
    let mut session = Session::new(Settings::default());
    let mut node = EdgeNode::new(crate::heard::START_MS);
    let start = davy_model::Timestamp::from_micros(1_795_420_800_000_000);
    for at in 0..60_000_u64 {
        let data = node.ndata(vec![aliased(1, 1.0)]);
        session.take(&data.arriving(start.plus(Duration::from_millis(at))), &mut heard);
    }
    let asked = heard.lines.iter().filter(|line| *line == "rebirth").count();
    assert_eq!(asked, 6, "a minute has six intervals of ten seconds");
}
