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
    log,
    table::{line, median},
};
use davy_engine::Judge;
use davy_journal::Commit;
use davy_model::{Bundle, Timestamp};
use davy_rules::Plan;
use davy_server::{backtest, log::JournalLog};
use davy_workbench::backtest::Side;

/// Of a thousand readings each.
const COMMITS: u64 = 3000;
const ROUNDS: usize = 5;

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
    let bundle = log::bundle()?;
    let plan = davy_rules::compile(&bundle).map_err(|found| anyhow!("{found:?}"))?;
    let plan = Arc::new(plan);
    let commits = log::commits(&bundle, COMMITS);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bench.sqlite");
    log::write(&path, &bundle.site, &commits)?;
    let readings = log::readings(&commits).count() as f64;
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
