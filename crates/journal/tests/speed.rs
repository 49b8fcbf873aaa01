//! What a reading costs. Prints, and asserts nothing: run it in release, with `--ignored --nocapture`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::Instant;

use common::*;
use davy_journal::{Commit, Journal, JournalReader, encode_commit};
use davy_model::*;

const ROUNDS: u64 = 200;

/// A thousand readings as a plant sends them: slow walks with two decimals.
fn plant(number: u64, messages: u32) -> Commit {
    let each = 1000 / messages;
    let arrival = at(number as i64);
    let head = |message: u32| MessageHead {
        node: NodeIndex(message % 200),
        arrival: arrival.offset_micros(i64::from(message)),
        seq: Some(number + u64::from(message) * 1000),
        redelivered: false,
        freshness: Freshness::Live,
        len: each,
    };
    let reading = |index: u32| Reading {
        tag: TagIndex(index.wrapping_mul(7) % 1000),
        quality: Quality::Good,
        source_time: arrival.offset_micros(-5000 - i64::from(index % 13) * 997),
        value: (f64::from((index * 31 + number as u32 * 17) % 4000) / 100.0).into(),
    };
    let messages = (0..messages).map(head).collect();
    let block = ReadingBlock { messages, readings: (0..1000).map(reading).collect() };
    Commit { number, at: arrival, inputs: vec![Input::Readings(block)], transitions: vec![] }
}

fn nanos_a_reading(since: Instant) -> u128 {
    since.elapsed().as_nanos() / u128::from(ROUNDS * 1000)
}

#[test]
#[ignore = "prints times"]
fn a_reading_costs() {
    for messages in [1, 50, 1000] {
        let commits: Vec<Commit> = (1..=ROUNDS).map(|number| plant(number, messages)).collect();
        let since = Instant::now();
        let bytes: usize = commits.iter().map(|commit| encode_commit(commit).inputs.len()).sum();
        let encode = nanos_a_reading(since);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("park.sqlite");
        let (mut journal, _) = Journal::open(&path, SITE).unwrap();
        let since = Instant::now();
        journal.append(&commits).unwrap();
        let append = nanos_a_reading(since);
        journal.close().unwrap();
        let on_disk = std::fs::metadata(&path).unwrap().len() as f64 / (ROUNDS * 1000) as f64;
        let since = Instant::now();
        let reader = JournalReader::open(&path).unwrap();
        assert_eq!(reader.commits_from(1).map(Result::unwrap).count() as u64, ROUNDS);
        println!(
            "{messages:>4} messages a 1000 readings: encode {encode} ns, append as one group {append} ns, read back {} ns \
             a reading; {:.1} bytes encoded, {on_disk:.1} on disk",
            nanos_a_reading(since),
            bytes as f64 / (ROUNDS * 1000) as f64,
        );
    }
}
