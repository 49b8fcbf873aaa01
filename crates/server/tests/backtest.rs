//! A day of eight sites as they were served, with faults, restarts, commands and two changes of rules: its backtest is the
//! engine, whatever the number of threads that the sites are spread over.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod day;

use std::{num::NonZeroUsize, path::Path};

use davy_engine::JudgeError;
use davy_journal::{JournalReader, hex};
use davy_model::Timestamp;
use davy_server::{Loaded, Retention, backtest, log::JournalLog};
use davy_workbench::backtest::{Side, SideReport, difference};
use day::*;

const SITES: u64 = 8;
const DAY_S: i64 = 86_400;

/// Serves the sites on so many threads, and gives each journal's hash.
fn served(folder: &Path, shards: u64) -> Vec<String> {
    std::thread::scope(|scope| {
        for shard in 0..shards {
            scope.spawn(move || {
                let paths: Vec<_> = (0..SITES).map(|site| folder.join(format!("s{site}.sqlite"))).collect();
                let ours = (0..SITES).filter(|site| site % shards == shard);
                let mut sites: Vec<Served<'_>> =
                    ours.map(|site| Served::new(site, &paths[site as usize], Retention::default())).collect();
                sites.iter_mut().for_each(Served::open);
                for second in (0..DAY_S).step_by(STEP_S as usize) {
                    sites.iter_mut().for_each(|site| site.second(second));
                }
            });
        }
    });
    let head = |site: u64| {
        let reader = JournalReader::open(&*folder.join(format!("s{site}.sqlite"))).unwrap();
        hex(&reader.head().unwrap().hash)
    };
    (0..SITES).map(head).collect()
}

/// Backtests one site's day as it was, and under the rules it began and ended with.
fn judged(journal: &Path, site: u64, cores: usize) -> Vec<SideReport> {
    let log = JournalLog::open(journal).unwrap();
    let sides = [None, Some(0), Some(2)].map(|version| match version {
        None => log.recorded().unwrap(),
        Some(version) => {
            let Loaded { bundle, plan, .. } = loaded(site, version);
            Side::under(bundle, plan)
        }
    });
    backtest::run(log.entries(Timestamp::MAX), sides.into(), NonZeroUsize::new(cores).unwrap()).unwrap()
}

#[test]
fn a_day_as_it_was_served_is_its_own_backtest_on_any_number_of_threads() {
    let mut before: Option<Vec<String>> = None;
    for shards in [1, 2, 8] {
        let folder = folder();
        let heads = served(folder.path(), shards);
        if let Some(before) = &before {
            assert_eq!(&heads, before, "{shards} threads make other journals than one");
            before_is_enough(folder.path(), &heads);
        } else {
            looked_at(folder.path(), &heads);
        }
        before = Some(heads);
    }
}

/// Every site judged again gives what was written, whatever the number of cores.
fn before_is_enough(folder: &Path, heads: &[String]) {
    for site in 0..SITES {
        let journal = folder.join(format!("s{site}.sqlite"));
        let survey = JournalLog::open(&journal).unwrap().survey().unwrap();
        assert_eq!(survey.head, heads[site as usize]);
        assert_eq!(judged(&journal, site, 3)[0].differs_at, None, "site {site}");
    }
}

fn looked_at(folder: &Path, heads: &[String]) {
    before_is_enough(folder, heads);
    let journal = folder.join("s0.sqlite");
    let survey = JournalLog::open(&journal).unwrap().survey().unwrap();
    assert_eq!(survey.activations, 3, "the first files and two changes");
    assert!(survey.period.days() > 0.99);
    let [recorded, first, last] = judged(&journal, 0, 1).try_into().unwrap();
    assert!(recorded.commands > 20 && recorded.commands_void < recorded.commands, "{}", recorded.commands);
    assert!(recorded.transitions > 200, "{}", recorded.transitions);
    assert_eq!(recorded.counts.judged, first.counts.judged, "every rule set is given every reading");
    // A tighter limit in the second version raised more than the first would have, in the hours between the changes.
    let other = difference(&recorded.ledger, &first.ledger, survey.period);
    assert!(!other.lost.is_empty(), "{other:?}");
    let rules = difference(&first.ledger, &last.ledger, survey.period).rules();
    assert_eq!(rules, ["high".into()], "only the limit that differs makes a difference");
    // More cores, the same reports.
    let again = judged(&journal, 0, 3);
    assert_eq!(again[1].ledger.occurrences(), first.ledger.occurrences());
    assert_eq!(again[2].transitions, last.transitions);
}

#[test]
fn a_log_that_was_changed_is_not_its_own_backtest() {
    let folder = folder();
    let journal = folder.path().join("s0.sqlite");
    let mut site = Served::new(0, &journal, Retention::default());
    site.open();
    (0..4 * 3600).step_by(STEP_S as usize).for_each(|second| site.second(second));
    site.kill();
    let log = JournalLog::open(&journal).unwrap();
    let entries: Vec<_> = log.entries(Timestamp::MAX).map(Result::unwrap).collect();
    let told = entries.iter().position(|entry| entry.transitions.len() > 1).unwrap();
    let mut changed = entries.clone();
    changed[told].transitions.pop();
    let run = |log: Vec<_>| {
        backtest::run(log.into_iter().map(Ok::<_, JudgeError>), vec![Side::recorded()], NonZeroUsize::MIN)
            .unwrap()
            .remove(0)
    };
    let at = changed[told].at;
    assert_eq!(run(changed).differs_at, Some(at));
    assert_eq!(run(entries).differs_at, None);
}
