//! A small plant's record, made by rule: no clock, no chance.
#![allow(dead_code, reason = "each test file takes what it needs")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use davy_journal::Commit;
use davy_model::*;

#[path = "../../../model/tests/raised/mod.rs"]
mod raised;

pub(crate) const SITE: &str = "park";

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_795_420_800_000_000 + second * 1_000_000)
}

pub(crate) fn alarm(subject: &str) -> AlarmKey {
    AlarmKey { site: SITE.into(), rule: "h2s".into(), subject: subject.into() }
}

pub(crate) fn block(second: i64, readings: u32) -> ReadingBlock {
    let reading = |index: u32| Reading {
        tag: TagIndex(index),
        quality: if index % 7 == 3 { Quality::Bad(QualityReason::Calibration) } else { Quality::Good },
        source_time: at(second).offset_micros(i64::from(index) * -100),
        value: (f64::from(index) * 0.1 + second as f64).into(),
    };
    let head = MessageHead {
        node: NodeIndex(second as u32 % 5),
        arrival: at(second),
        seq: Some(second as u64),
        redelivered: second % 9 == 0,
        freshness: Freshness::Live,
        len: readings,
    };
    ReadingBlock { messages: vec![head], readings: (0..readings).map(reading).collect() }
}

pub(crate) fn transition(sequence: u64, subject: &str) -> Transition {
    Transition {
        alarm: alarm(subject),
        tags: vec![subject.into()],
        ..raised::raised(sequence, Tier::Red, at(sequence as i64))
    }
}

/// Commits `from..=to`; every third raises an alarm, so that transition n belongs to commit 3 n.
pub(crate) fn commits(from: u64, to: u64) -> Vec<Commit> {
    (from..=to).map(commit).collect()
}

pub(crate) fn commit(number: u64) -> Commit {
    let mut inputs = vec![Input::Readings(block(number as i64, 8)), Input::Tick];
    if number == 1 {
        inputs.insert(0, Input::Restarted);
    }
    let subject = if number.is_multiple_of(2) { "AT-0412/h2s" } else { "AT-0413/h2s" };
    let transitions = if number.is_multiple_of(3) { vec![transition(number / 3, subject)] } else { vec![] };
    Commit { number, at: at(number as i64), inputs, transitions }
}

/// Commit `number`, in which files of that revision become active.
pub(crate) fn activating(number: u64, revision: &str) -> Commit {
    let mut commit = commit(number);
    commit.inputs.insert(0, Input::Activate(Arc::new(bundle(revision))));
    commit
}

pub(crate) fn bundle(revision: &str) -> Bundle {
    let file = BundleFile { path: "site.yaml".to_owned(), text: format!("site: {SITE}\n# {revision}\n") };
    Bundle { site: SITE.into(), files: vec![file], revision: revision.into() }
}

pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The files as a power cut or kill -9 would leave them, the index in shared memory apart.
pub(crate) fn copy_files(from: &Path, to: &Path) {
    for suffix in ["", "-wal", ".sums"] {
        std::fs::copy(beside(from, suffix), beside(to, suffix)).unwrap();
    }
}
