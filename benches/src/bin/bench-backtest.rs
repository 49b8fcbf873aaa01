//! A journal judged under other rules, on one core, reading it included: readings/s with a two-level limit and a stale rule on
//! every tag.
//!
//! Budget: ≥ 3 M readings/s a core. Floor: the engine alone over the same inputs in memory, in the same run.

use std::{
    hint::black_box,
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use davy_benches::{
    davy::site_files,
    table::{line, median},
};
use davy_engine::Judge;
use davy_journal::{Commit, Journal};
use davy_model::{
    Bundle, BundleFile, Freshness, Input, MessageHead, NodeIndex, Quality, Reading, ReadingBlock, TagIndex,
    Timestamp,
};
use davy_rules::{Diagnostic, Plan};
use davy_server::{backtest, log::JournalLog};
use davy_workbench::backtest::Side;

const TAGS: u32 = 10_000;
const BLOCK: u32 = 1000;
const COMMITS: u64 = 3000;
const ROUNDS: usize = 5;

fn bundle() -> Result<(Arc<Bundle>, Arc<Plan>)> {
    let files = site_files(TAGS as usize, 1)
        .into_iter()
        .map(|(path, text)| BundleFile { path: path.to_owned(), text });
    let show =
        |found: Vec<Diagnostic>| anyhow!("{}", found.first().map_or_else(String::new, ToString::to_string));
    let bundle = Arc::new(davy_rules::bundle(files.collect()).map_err(show)?);
    let plan = Arc::new(davy_rules::compile(&bundle).map_err(show)?);
    Ok((bundle, plan))
}

fn commits(bundle: &Arc<Bundle>) -> Vec<Commit> {
    let at = |number: u64| Timestamp::from_millis(1_795_420_800_000 + number.cast_signed() * 100);
    let mut commits = vec![Commit {
        number: 1,
        at: at(1),
        inputs: vec![Input::Activate(Arc::clone(bundle))],
        transitions: vec![],
    }];
    for number in 2..COMMITS + 2 {
        let first = (number as u32 * BLOCK) % TAGS;
        let reading = |tag: u32| Reading {
            tag: TagIndex(tag),
            quality: Quality::Good,
            source_time: at(number),
            value: (40.0 + f64::from((tag * 7 + number as u32) % 37) / 4.0).into(),
        };
        let head = MessageHead {
            node: NodeIndex(0),
            arrival: at(number),
            seq: Some(number),
            redelivered: false,
            freshness: Freshness::Live,
            len: BLOCK,
        };
        let block =
            ReadingBlock { messages: vec![head], readings: (first..first + BLOCK).map(reading).collect() };
        commits.push(Commit {
            number,
            at: at(number),
            inputs: vec![Input::Readings(block)],
            transitions: vec![],
        });
    }
    commits
}

fn write(path: &Path, site: &str, commits: &[Commit]) -> Result<()> {
    let (mut journal, _) = Journal::open(path, site)?;
    for few in commits.chunks(100) {
        journal.append(few)?;
    }
    journal.close()?;
    Ok(())
}

fn engine_alone(plan: &Arc<Plan>, commits: &[Commit]) -> Result<Duration> {
    let mut judge = Judge::new();
    judge.offer(Arc::clone(plan));
    let mut out = Vec::new();
    let started = Instant::now();
    for commit in commits {
        for input in &commit.inputs {
            judge.apply(commit.at, input, &mut out)?;
        }
        black_box(out.drain(..).count());
    }
    Ok(started.elapsed())
}

fn from_journal(path: &Path, bundle: &Arc<Bundle>, plan: &Arc<Plan>, cores: usize) -> Result<Duration> {
    let started = Instant::now();
    // As the command does it: the files and the time are looked for first.
    let log = JournalLog::open(path)?;
    black_box(log.survey()?);
    let sides = (0..cores).map(|_| Side::under(Arc::clone(bundle), Arc::clone(plan))).collect();
    let cores = NonZeroUsize::new(cores).ok_or_else(|| anyhow!("one core at least"))?;
    black_box(backtest::run(log.entries(Timestamp::MAX), sides, cores)?);
    Ok(started.elapsed())
}

fn main() -> Result<()> {
    let (bundle, plan) = bundle()?;
    let commits = commits(&bundle);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bench.sqlite");
    write(&path, &bundle.site, &commits)?;
    let readings = (COMMITS * u64::from(BLOCK)) as f64;
    let rate = |took: Duration| readings / took.as_secs_f64() / 1e6;
    let (mut alone, mut journal, mut reading) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(rate(engine_alone(&plan, &commits)?));
        let started = Instant::now();
        let log = JournalLog::open(&path)?;
        for entry in log.entries(Timestamp::MAX) {
            black_box(entry?);
        }
        reading.push(rate(started.elapsed()));
        journal.push(rate(from_journal(&path, &bundle, &plan, 1)?));
    }
    let (alone, reading, journal) = (median(alone), median(reading), median(journal));
    line("engine alone, from memory", &format!("{alone:.1} M readings/s"), "floor");
    line("reading the journal alone", &format!("{reading:.1} M readings/s"), "");
    line("backtest from the journal, one rule set", &format!("{journal:.1} M readings/s"), "≥ 3");
    line("backtest ÷ engine alone", &format!("{:.2}", journal / alone), "");
    Ok(())
}
