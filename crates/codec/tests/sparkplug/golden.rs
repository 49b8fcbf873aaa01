//! The payloads of the specification, and ours, byte by byte.
#![allow(clippy::disallowed_methods)] // The samples lie on the disk.

use std::{env, fs, path::PathBuf};

use davy_codec::{
    Codec, Metric, Rejection, Sink,
    sparkplug::{SparkplugB, SparkplugTopic, rebirth_command},
};
use davy_model::Timestamp;

use crate::{edge_node::Sent, heard::Stage};

fn folder() -> Option<PathBuf> {
    let shared = env::var("DAVY_SHARED")
        .map_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let folder = shared.join("payloads/sparkplug_b");
    if folder.exists() {
        return Some(folder);
    }
    assert!(env::var("CI").as_deref() != Ok("true"), "CI must have the payloads: {}", folder.display());
    println!("skipped: no payloads at {}", folder.display());
    None
}

/// The payload, and the topic it was sent to.
fn sample(name: &str) -> Option<Sent> {
    let folder = folder()?;
    let payload = fs::read(folder.join(format!("{name}.bin"))).expect("the sample is there");
    let about = fs::read_to_string(folder.join(format!("{name}.json"))).expect("what it is");
    let about: serde_json::Value = serde_json::from_str(&about).expect("JSON");
    let topic = about["topic"].as_str().expect("a topic").to_owned();
    let topic = SparkplugTopic::parse(&topic).expect("a topic of Sparkplug");
    Some(Sent { verb: topic.verb, device: topic.device.map(str::to_owned), payload })
}

#[test]
fn the_specifications_payloads_are_read_as_it_says() {
    let Some(birth) = sample("spec_nbirth") else { return };
    let mut stage = Stage::new();
    let told = stage.take(&birth);
    assert_eq!(
        told,
        "online METRIC_TYPE_UNSUPPORTED*1 METRIC_TYPE_UNSUPPORTED*1 METRIC_TYPE_UNSUPPORTED*1 \
         METRIC_TYPE_UNSUPPORTED*1 Supply Voltage=12.100000381469727"
    );
    assert_eq!(stage.heard.rejections[0].got, "Properties/Hardware Make: String");
    // Its number is 2, where 1 is due: it waits for its turn, and none comes.
    let data = sample("spec_ndata").expect("as above");
    assert_eq!(stage.take(&data), "");
    assert_eq!(stage.wait(5000), "SPARKPLUG_SEQ_GAP*1 lost rebirth");
}

#[test]
fn aliases_signs_history_and_nulls_are_read_as_they_were_meant() {
    let Some(birth) = sample("our_dbirth_alias") else { return };
    let mut stage = Stage::new();
    stage.node.now_ms = 1_486_144_502_000;
    let node_birth = stage.node.nbirth(Vec::new());
    stage.take(&node_birth);
    assert_eq!(
        stage.take(&birth),
        "gas-01/ch4/lel=0.5 gas-01/co/ppm=3.25 gas-01/state=-1 gas-01/counter=18446744073709552000"
    );
    let data = sample("our_ddata_alias_only").expect("as above");
    assert_eq!(stage.take(&data), "gas-01/ch4/lel=21.5 gas-01/state=-2");
    let late = sample("our_ddata_historical_null").expect("as above");
    assert_eq!(stage.take(&late), "gas-01/ch4/lel=18(historical) gas-01/co/ppm=none!bad:unspecified");
}

#[test]
fn the_command_that_asks_for_births_is_the_specifications() {
    let Some(folder) = folder() else { return };
    let wanted = fs::read(folder.join("spec_ncmd_rebirth.bin")).expect("the sample is there");
    assert_eq!(rebirth_command(Timestamp::from_millis(1_486_144_502_122)), wanted);
}

#[derive(Default)]
struct Times(Vec<(String, Option<Timestamp>)>, Vec<Rejection>);

impl Sink for Times {
    fn metric(&mut self, metric: Metric<'_>) {
        self.0.push((metric.pointer("ts"), metric.time));
    }

    fn problem(&mut self, rejection: Rejection) {
        self.1.push(rejection);
    }
}

#[test]
fn one_payload_by_itself_gives_what_has_a_name() {
    let Some(data) = sample("spec_ddata") else { return };
    let mut times = Times::default();
    let summary = SparkplugB::default().decode(&data.payload, Timestamp::MIN, &mut times);
    let at = Some(Timestamp::from_millis(1_486_144_502_122));
    let both = ["/metrics/0/timestamp", "/metrics/1/timestamp"].map(|pointer| (pointer.to_owned(), at));
    assert_eq!((times.0, times.1), (both.to_vec(), Vec::new()));
    assert_eq!((summary.accepted, summary.rejected, summary.seq), (2, 0, Some(0)));
}
