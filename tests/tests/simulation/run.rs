//! Runs scenarios, each twice; what fails is made smaller, written down, and told with the command that does it again.

use std::{
    fmt, fs,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use davy_server::Loaded;
use parking_lot::Mutex;

use crate::{
    check::{self, Outcome},
    disk::{self, SimDisk},
    make,
    scenario::Scenario,
    site,
    world::World,
};

/// Sites a scenario may have.
const SITES_MAX: usize = 2;
/// How often a failing scenario is run to make it smaller; `DAVY_SIM_SHRINKS` says otherwise.
const SHRINKS_MAX: usize = 300;

/// What one thread needs to run scenarios, again and again.
pub(crate) struct Bench {
    disk: SimDisk,
    loaded: Vec<Loaded>,
}

/// How many runs there were, and how much happened in them.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    seeds: AtomicU64,
    commits: AtomicU64,
    transitions: AtomicU64,
    acknowledged: AtomicU64,
    lives: AtomicU64,
}

impl Bench {
    /// The name is SQLite's for the bench's disk: one a thread.
    pub(crate) fn new(name: &str) -> Bench {
        Bench { disk: disk::register(name), loaded: (0..SITES_MAX).map(site::load).collect() }
    }

    /// One run, and all that must hold after it.
    pub(crate) fn once(&self, scenario: &Scenario, tells: bool) -> Result<Outcome, String> {
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let mut world = World::new(scenario, &self.disk, &self.loaded[..scenario.sites], tells);
            world.run()?;
            check::check(&mut world, scenario)
        }));
        ran.unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(format!("panic: {}", said.unwrap_or_default()))
        })
    }

    /// Two runs, which must be the same.
    pub(crate) fn twice(&self, scenario: &Scenario) -> Result<Outcome, String> {
        let (first, second) = (self.once(scenario, false)?, self.once(scenario, false)?);
        if first == second {
            Ok(first)
        } else {
            Err(format!("P3: two runs of one scenario differ: {first:?}, {second:?}"))
        }
    }

    /// A scenario that fails in the same way, with less in it: whole runs of steps are left out, then single ones.
    fn shrunk(&self, scenario: &Scenario, why: &str) -> Scenario {
        let promise = |why: &str| why.split([':', ' ']).next().unwrap_or_default().to_owned();
        let fails =
            |scenario: &Scenario| self.twice(scenario).is_err_and(|found| promise(&found) == promise(why));
        let mut small = scenario.clone();
        let tries_max = std::env::var("DAVY_SIM_SHRINKS").ok().and_then(|text| text.parse().ok());
        let tries_max = tries_max.unwrap_or(SHRINKS_MAX);
        let mut tries = 0;
        let mut len = small.steps.len() / 2;
        while len > 0 {
            let mut at = 0;
            while at < small.steps.len() && tries < tries_max {
                tries += 1;
                let mut less = small.clone();
                less.steps.drain(at..(at + len).min(less.steps.len()));
                if fails(&less) { small = less } else { at += len }
            }
            len /= 2;
        }
        small
    }

    /// Runs a seed; what fails is written down.
    fn seed(&self, seed: u64, sum: &Sum) -> Result<(), String> {
        let scenario = make::scenario(seed);
        match self.twice(&scenario) {
            Ok(outcome) => {
                sum.add(&outcome);
                Ok(())
            }
            Err(why) => {
                let small = self.shrunk(&scenario, &why);
                let path = write(seed, &why, &small);
                Err(format!(
                    "seed {seed}: {why}\n  again: DAVY_SIM_SEED={seed} cargo test -p davy-tests --test simulation seed -- --nocapture\n  made smaller: {path}",
                    path = path.display()
                ))
            }
        }
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        write!(
            f,
            "{} seeds twice each: {} starts of Davy, {} messages acknowledged, {} commits, {} transitions",
            count(&self.seeds),
            count(&self.lives),
            count(&self.acknowledged),
            count(&self.commits),
            count(&self.transitions)
        )
    }
}

impl Sum {
    fn add(&self, outcome: &Outcome) {
        self.seeds.fetch_add(1, Ordering::Relaxed);
        self.commits.fetch_add(outcome.commits, Ordering::Relaxed);
        self.transitions.fetch_add(outcome.transitions, Ordering::Relaxed);
        self.acknowledged.fetch_add(outcome.acknowledged, Ordering::Relaxed);
        self.lives.fetch_add(outcome.lives, Ordering::Relaxed);
    }
}

/// Where what failed is written down.
fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")).join("simulation")
}

fn write(seed: u64, why: &str, scenario: &Scenario) -> PathBuf {
    let path = folder().join(format!("seed-{seed}.txt"));
    let text = format!("# seed {seed}: {}\n{scenario}", why.replace('\n', " "));
    // Whoever cannot keep the file still has the seed.
    let _ = fs::create_dir_all(folder()).and_then(|()| fs::write(&path, text));
    path
}

/// Runs these seeds on two threads, each seed on one; until `until`, if that comes first. Tells all that failed.
pub(crate) fn seeds(seeds: Range<u64>, until: Option<Instant>) -> Result<Sum, String> {
    let (next, sum, failed) = (AtomicU64::new(seeds.start), Sum::default(), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (next, sum, failed, end) = (&next, &sum, &failed, seeds.end);
            scope.spawn(move || {
                let bench = Bench::new(&format!("simulated-{}-{thread}", std::process::id()));
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let over = until.is_some_and(|until| Instant::now() >= until);
                    if seed >= end || over || failed.lock().len() >= 5 {
                        return;
                    }
                    if let Err(why) = bench.seed(seed, sum) {
                        eprintln!("{why}");
                        failed.lock().push(why);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner();
    if failed.is_empty() { Ok(sum) } else { Err(failed.join("\n")) }
}

/// `from..to`.
pub(crate) fn range(text: &str) -> Option<Range<u64>> {
    let (from, to) = text.split_once("..")?;
    Some(from.trim().parse().ok()?..to.trim().parse().ok()?)
}

/// `600s`, or a number of seconds.
pub(crate) fn span(text: &str) -> Option<Duration> {
    text.trim_end_matches('s').parse().ok().map(Duration::from_secs)
}
