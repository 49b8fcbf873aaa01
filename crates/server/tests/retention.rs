//! A site that keeps six hours of its record is served for a day, with restarts and changes of rules: what goes is not missed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod day;

use std::{path::Path, time::Duration};

use davy_journal::{JournalReader, verify};
use davy_model::Transition;
use davy_server::Retention;
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
