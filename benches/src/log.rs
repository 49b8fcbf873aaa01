//! A site's log as it would have been recorded: ten thousand tags, each once a second.

use std::{path::Path, sync::Arc};

use anyhow::{Result, anyhow};
use davy_journal::{Commit, Journal};
use davy_model::{
    Bundle, BundleFile, Freshness, Input, MessageHead, NodeIndex, Quality, Reading, ReadingBlock, TagIndex,
    Timestamp,
};
use davy_rules::Diagnostic;

use crate::davy::site_files;

/// How many tags it has.
pub const TAGS: u32 = 10_000;
/// Readings in a commit.
const BLOCK: u32 = 1000;
/// When it begins, µs since 1970.
const BEGIN_US: i64 = 1_795_420_800_000_000;

/// The site's files.
///
/// # Errors
/// When they are no files of a site.
pub fn bundle() -> Result<Arc<Bundle>> {
    let files = site_files(TAGS as usize, 1).into_iter();
    let files = files.map(|(path, text)| BundleFile { path: path.to_owned(), text }).collect();
    let show =
        |found: Vec<Diagnostic>| anyhow!("{}", found.first().map_or_else(String::new, ToString::to_string));
    davy_rules::bundle(files).map(Arc::new).map_err(show)
}

/// The files, and then so many commits of a thousand readings.
pub fn commits(bundle: &Arc<Bundle>, count: u64) -> Vec<Commit> {
    commits_of(bundle, count, BLOCK)
}

/// The files, and then so many commits of `block` readings, a divisor of a thousand.
pub fn commits_of(bundle: &Arc<Bundle>, count: u64, block: u32) -> Vec<Commit> {
    let a_second = u64::from(TAGS / block);
    let at = |number: u64| Timestamp::from_micros(BEGIN_US + (number * 1_000_000 / a_second).cast_signed());
    let files = vec![Input::Activate(Arc::clone(bundle))];
    let mut commits = vec![Commit { number: 1, at: at(1), inputs: files, transitions: vec![] }];
    for number in 2..count + 2 {
        let first = (number as u32).wrapping_mul(block) % TAGS;
        let reading = |tag: u32| Reading {
            tag: TagIndex(tag),
            quality: Quality::Good,
            source_time: at(number),
            value: measured(tag, number / a_second).into(),
        };
        let head = MessageHead {
            node: NodeIndex(0),
            arrival: at(number),
            seq: Some(number),
            redelivered: false,
            freshness: Freshness::Live,
            len: block,
        };
        let readings = (first..first + block).map(reading).collect();
        let inputs = vec![Input::Readings(ReadingBlock { messages: vec![head], readings })];
        commits.push(Commit { number, at: at(number), inputs, transitions: vec![] });
    }
    commits
}

/// What a sensor shows: it drifts over an hour, and trembles by some of its last digit, a tenth.
pub fn measured(tag: u32, second: u64) -> f64 {
    let mixed = (u64::from(tag) << 32 | second).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let noise = ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64 / f64::from(1 << 24);
    let drift = (second as f64 / 3600.0 * std::f64::consts::TAU + f64::from(tag)).sin();
    ((20.0 + f64::from(tag % 50) + 5.0 * drift + 0.6 * (noise - 0.5)) * 10.0).round() / 10.0
}

/// The readings of commits, in their order.
pub fn readings(commits: &[Commit]) -> impl Iterator<Item = &Reading> {
    let inputs = commits.iter().flat_map(|commit| &commit.inputs);
    inputs.flat_map(|input| match input {
        Input::Readings(block) => block.readings.as_slice(),
        _ => &[],
    })
}

/// Writes them to a journal.
///
/// # Errors
/// As the journal.
pub fn write(path: &Path, site: &str, commits: &[Commit]) -> Result<()> {
    let (mut journal, _) = Journal::open(path, site)?;
    for few in commits.chunks(100) {
        journal.append(few)?;
    }
    journal.close()?;
    Ok(())
}
