//! Davy in one thread, on virtual time: gateways, network, clocks, disk, power and subscribers are simulated, and what stands
//! between them is the real door codec, intake, engine, journal and delivery. See `docs/reliability/simulation.md`.
//!
//! A plain run takes [`SEEDS`] seeds, each twice. `DAVY_SIM_SEEDS=from..to` takes others, `DAVY_SIM_SEED=n` runs one and tells
//! what happens in it. With `DAVY_SIM_FOR=600s` it goes on for that long, over seeds that begin with the time of day unless
//! `DAVY_SIM_SEEDS` says where: that is what `tests/soak` calls.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod check;
mod disk;
mod gateway;
mod house;
mod link;
mod make;
mod oracle;
mod path;
mod proof;
mod run;
mod scenario;
mod site;
mod subscriber;
mod world;

use std::{
    env, fs,
    path::Path,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use run::Bench;
use scenario::Scenario;

/// How many a plain run takes.
const SEEDS: u64 = 2_000;

#[test]
fn every_seed_keeps_every_promise() {
    let asked =
        env::var("DAVY_SIM_SEEDS").ok().map(|text| run::range(&text).expect("DAVY_SIM_SEEDS is from..to"));
    let long = env::var("DAVY_SIM_FOR").ok().map(|text| run::span(&text).expect("DAVY_SIM_FOR is like 600s"));
    let seeds = match (asked, long) {
        (Some(seeds), _) => seeds,
        (None, Some(_)) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
            now * 1000..u64::MAX
        }
        // A plain run of one seed alone is for looking at it.
        (None, None) if env::var_os("DAVY_SIM_SEED").is_some() => 0..0,
        (None, None) => 0..SEEDS,
    };
    let started = Instant::now();
    println!("seeds {seeds:?}, twice each");
    let sum = run::seeds(seeds, long.map(|long| started + long)).unwrap_or_else(|failed| panic!("{failed}"));
    println!("simulation: {sum} in {:.0?}", started.elapsed());
}

#[test]
fn one_seed_tells_what_happens_in_it() {
    let Ok(seed) = env::var("DAVY_SIM_SEED") else { return };
    let scenario = make::scenario(seed.parse().expect("DAVY_SIM_SEED is a number"));
    let bench = Bench::new("one-seed");
    let outcome = bench.once(&scenario, true).unwrap();
    println!("{outcome:?}");
    assert_eq!(bench.once(&scenario, false), Ok(outcome), "two runs of one seed differ");
}

#[test]
fn what_failed_once_does_not_fail_again() {
    let bench = Bench::new("scenarios");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("simulation/scenarios");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "the scenarios are there");
    for path in paths {
        let scenario: Scenario = fs::read_to_string(&path).unwrap().parse().unwrap();
        if let Err(why) = bench.twice(&scenario) {
            panic!("{}: {why}", path.display());
        }
    }
}

#[test]
fn a_scenario_reads_as_it_is_written() {
    for seed in 0..200 {
        let scenario = make::scenario(seed);
        assert_eq!(scenario.to_string().parse(), Ok(scenario), "seed {seed}");
    }
}
