//! Every parser of Davy, fed with bytes that nobody meant for it.
//!
//! Promise: whatever the input, a parser returns, with something typed or with a typed refusal; in heap, time and stack
//! that are bounded by the input's length; and what it took is what stands there: its counts add up, what it wrote it
//! reads again, and a second parser, where there is one, says the same.
//!
//! It does not know: what happens behind the parsers. See `docs/reliability/fuzzing.md`.

mod harness;
mod targets;

use std::{
    process::ExitCode,
    sync::{Arc, Mutex},
};

use harness::{Done, Settings, Target, fuzz, grow, hush, strays};
use libtest_mimic::{Arguments, Failed, Trial};

type Table = Arc<Mutex<Vec<(&'static str, Done)>>>;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let settings = Settings::read();
    if let Some(target) = &settings.target {
        arguments.filter = Some(target.clone());
        arguments.exact = true;
    }
    hush();
    let table = Table::default();
    let mut trials = vec![Trial::test("every_corpus_has_a_target", every_corpus_has_a_target)];
    for target in targets::ALL {
        trials.push(trial(target, &settings, &table));
        if !target.growth.is_empty() {
            let name = format!("{}_grows", target.name);
            trials.push(Trial::test(name, || grow(target).map_err(Failed::from)));
        }
    }
    let lists = arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !lists {
        tell(&table, &settings);
    }
    conclusion.exit_code()
}

fn trial(target: &'static Target, settings: &Settings, table: &Table) -> Trial {
    let (settings, table) = (settings.clone(), Arc::clone(table));
    Trial::test(target.name, move || {
        let done = fuzz(target, &settings)?;
        table.lock().expect("no trial panics with it").push((target.name, done));
        Ok(())
    })
}

fn every_corpus_has_a_target() -> Result<(), Failed> {
    let strays = strays(targets::ALL);
    if strays.is_empty() { Ok(()) } else { Err(format!("inputs of no target: {strays:?}").into()) }
}

/// What was done, a line a target.
fn tell(table: &Table, settings: &Settings) {
    let mut table = table.lock().expect("all trials are over");
    table.sort_by_key(|(name, _)| *name);
    println!(
        "{:<18} {:>9} {:>7} {:>8} {:>6} {:>12} {:>16}",
        "target", "inputs", "s", "a second", "kinds", "slowest", "heap of at most"
    );
    for (name, done) in table.iter() {
        let seconds = done.took.as_secs_f64();
        println!(
            "{name:<18} {:>9} {seconds:>7.1} {:>8.0} {:>6} {:>9.3} ms {:>7} of {}",
            done.tried,
            done.tried as f64 / seconds.max(1e-9),
            done.kinds,
            done.slowest.as_secs_f64() * 1000.0,
            done.heap.0,
            done.heap.1,
        );
    }
    let tried: u64 = table.iter().map(|(_, done)| done.tried).sum();
    println!("{} targets, {tried} inputs, seed {}", table.len(), settings.seed);
}
