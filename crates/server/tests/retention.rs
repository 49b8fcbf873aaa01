//! A site that keeps six hours of its record is served for a day, with restarts and changes of rules: what goes is not missed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod day;

use std::{num::NonZeroUsize, path::Path, time::Duration};

use davy_journal::{JournalReader, hex, verify};
use davy_model::{Timestamp, Transition};
use davy_server::{Loaded, RecoverError, Retention, backtest, log::JournalLog, replay::replay};
use davy_workbench::backtest::{Side, SideReport, difference};
use day::*;

const HOURS_KEPT: i64 = 6;

fn served(journal: &Path, retention: Retention) {
    let mut site = Served::new(0, journal, retention);
    site.open();
    (0..86_400).step_by(STEP_S as usize).for_each(|second| site.second(second));
}

fn keeping_hours(hours: i64) -> Retention {
    Retention { keep: Duration::from_secs(hours.unsigned_abs() * 3600), ..Retention::default() }
}

/// What the book of a site shows when it is taken up again.
fn standing(journal: &Path) -> Vec<Transition> {
    let mut site = Served::new(0, journal, Retention::default());
    site.version = 2;
    site.open();
    let book = site.line.as_ref().unwrap().feed().book().standing();
    book.iter()
        .flat_map(|entry| [Some(&entry.last), entry.raised.as_ref(), entry.decided.as_ref()])
        .flatten()
        .map(|transition| transition.as_ref().clone())
        .collect()
}

#[test]
fn what_was_let_go_changes_nothing_of_what_comes() {
    let folder = folder();
    let (whole, short) = (folder.path().join("whole.sqlite"), folder.path().join("short.sqlite"));
    served(&whole, Retention::default());
    served(&short, keeping_hours(HOURS_KEPT));
    let (all, kept) = (JournalReader::open(&whole).unwrap(), JournalReader::open(&short).unwrap());
    let first = kept.first_kept().unwrap();
    assert!(first.number > 1000 && first.sequence > 50, "{first:?}");
    assert_eq!(all.first_kept().unwrap().number, 1);
    // Restarts, and with them the files active at the base, were three and two changes: all went as if nothing had gone.
    assert_eq!(all.head().unwrap(), kept.head().unwrap(), "to the byte");
    assert!(
        all.commits_from(first.number)
            .map(Result::unwrap)
            .eq(kept.commits_from(first.number).map(Result::unwrap))
    );
    let begins = kept.commits_from(first.number).next().unwrap().unwrap().at;
    assert!(begins >= at(86_400 - STEP_S - HOURS_KEPT * 3600), "{begins}");
    assert!(begins <= at(86_400 - HOURS_KEPT * 3600 + 60), "{begins}");
    let report = verify(&short).unwrap();
    assert!(report.is_whole() && report.first == first.number, "{report:?}");
    drop((all, kept));
    let stands = standing(&whole);
    assert!(stands.len() > 3, "{}", stands.len());
    assert_eq!(standing(&short), stands, "what stands is listed as before");
    assert!(stands.iter().any(|transition| transition.sequence < first.sequence), "some of it was let go");
}

/// As it was, and under the rules of the morning.
fn judged(log: &JournalLog) -> [SideReport; 2] {
    let Loaded { bundle, plan, .. } = loaded(0, 0);
    let sides = vec![log.recorded().unwrap(), Side::under(bundle, plan)];
    let reports = backtest::run(log.entries(Timestamp::MAX), sides, NonZeroUsize::MIN).unwrap();
    reports.try_into().unwrap()
}

#[test]
fn what_is_left_is_judged_again_from_the_oldest_snapshot() {
    let folder = folder();
    let (whole, short) = (folder.path().join("whole.sqlite"), folder.path().join("short.sqlite"));
    served(&whole, Retention::default());
    served(&short, keeping_hours(HOURS_KEPT));
    let (all, log) = (JournalLog::open(&whole).unwrap(), JournalLog::open(&short).unwrap());
    assert_eq!((all.first_judged(), all.remark()), (1, None));
    let (kept, first) = (log.first_kept(), log.first_judged());
    let head = JournalReader::open(&short).unwrap().head().unwrap();
    assert!(kept > 1000 && kept <= first, "{kept} {first}");
    assert!(first - kept < (head.number - kept) / 3, "most of it is judged: {kept} {first} {}", head.number);
    let remark = log.remark().unwrap();
    assert!(remark.contains(&format!("from {first}, ")), "{remark}");

    let replayed = replay(&short, None).unwrap();
    assert_eq!((replayed.differs, replayed.first, replayed.first_kept), (None, first, kept));
    assert_eq!(replayed.commits, head.number + 1 - first);
    assert_eq!(replayed.head, hex(&head.hash), "the chain of all there ever was");
    let copied = replay(&short, Some(&folder.path().join("copy.sqlite")));
    assert!(matches!(copied, Err(RecoverError::NoBeginning { first }) if first == kept), "{copied:?}");

    let survey = log.survey().unwrap();
    assert_eq!(survey.head, all.survey().unwrap().head);
    assert_eq!(survey.bundle, all.survey().unwrap().bundle);
    assert!(survey.period.from >= log.since().unwrap());
    let [recorded, other] = judged(&log);
    assert_eq!(recorded.differs_at, None, "it is its own backtest");
    assert!(recorded.transitions > 20, "{}", recorded.transitions);
    // Other rules, begun cold, come to what they come to over all of it, once their windows are whole.
    let [_, whole] = judged(&all);
    let mut settled = survey.period;
    settled.from = settled.from.plus(Duration::from_secs(3600));
    let differs = difference(&whole.ledger, &other.ledger, settled);
    assert!(differs.gained.is_empty() && differs.lost.is_empty(), "{differs:?}");
    let raised = whole.ledger.occurrences().iter().filter(|found| settled.holds(found.raised)).count();
    assert!(raised > 10, "{raised}");
}

#[test]
fn a_journal_without_beginning_and_snapshots_is_refused_with_what_to_do() {
    let folder = folder();
    let journal = folder.path().join("short.sqlite");
    served(&journal, keeping_hours(HOURS_KEPT));
    let conn = rusqlite::Connection::open(&journal).unwrap();
    conn.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    conn.execute("UPDATE snapshots SET bytes = x'00'", []).unwrap();
    drop(conn);
    let refused = JournalLog::open(&journal).map(drop);
    assert!(matches!(refused, Err(RecoverError::Rootless { first }) if first > 1000), "{refused:?}");
    let opened = davy_server::line::Opened::open(loaded(0, 2), &journal, davy_journal::Options::default());
    let Err(refused) = opened else { panic!("it was opened") };
    assert!(refused.to_string().contains("restore a copy"), "{refused}");
}
