//! Rules cut out of files, and occurrences looked up in journals that no longer hold them.

use std::path::PathBuf;

use davy_journal::{Commit, Journal, Snapshot};
use davy_model::{AlarmFacts, Tier, Timestamp};
use tempfile::TempDir;

use super::*;
use crate::raised::raised;

#[test]
fn a_rule_is_cut_out_of_its_file_whole() {
    let text = "rules:\n  - id: a\n    limit:\n      - {name: L1}\n\n  # next\n  - id: b\n    stale: {}\n";
    assert_eq!(item_at(text, 2), "- id: a\n    limit:\n      - {name: L1}".replacen("- id", "  - id", 1));
    assert_eq!(item_at(text, 7), "  - id: b\n    stale: {}");
    assert_eq!(item_at("", 3), "");
}

fn key() -> AlarmKey {
    AlarmKey { site: "park".into(), rule: "high".into(), subject: "t0".into() }
}

fn at(number: u64) -> Timestamp {
    Timestamp::from_micros(1_795_420_800_000_000 + number.cast_signed())
}

/// Transition `sequence`: the odd ones raise the alarm anew, the even ones clear it.
pub(crate) fn transition(sequence: u64) -> Transition {
    let raised = Transition {
        alarm: key(),
        occurrence: sequence.div_ceil(2),
        tags: vec!["t0".into()],
        value: Some(90.0),
        ..raised(sequence, Tier::Red, at(sequence))
    };
    if sequence % 2 == 1 {
        return raised;
    }
    let facts = AlarmFacts::normal(Tier::Red);
    Transition { step: 2, kind: TransitionKind::Cleared, facts, ..raised }
}

/// A journal of nine such transitions, a commit each, the first of which are gone.
pub(in crate::rpc) fn journal_without(gone: u64) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("park.sqlite");
    let (mut journal, _) = Journal::open(&path, "park").expect("a new journal");
    for number in 1..=9 {
        let transitions = vec![transition(number)];
        journal.append(&[Commit { number, at: at(number), inputs: Vec::new(), transitions }]).expect("room");
    }
    let snapshot = Snapshot { number: 9, at: at(9), schema: 1, bytes: Vec::new() };
    journal.save_snapshot(&snapshot).expect("room");
    journal.forget_before(gone + 1).expect("room");
    (folder, path)
}

/// What explaining an occurrence says when commits up to one are gone: the sequences told of, or what is missing.
fn told(gone: u64, occurrence: Option<u64>) -> Result<Vec<u64>, String> {
    let (_folder, path) = journal_without(gone);
    match story(&path, &key(), occurrence).and_then(whole) {
        Ok(story) => Ok(story.iter().map(|transition| transition.sequence).collect()),
        Err(JournalError::NoLongerKept { what, first }) => Err(format!("{what}, {}", first.number)),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn what_is_gone_is_told_from_what_never_was() {
    for (gone, occurrence, due) in [
        (0, Some(2), Ok(vec![3, 4])),
        (0, None, Ok(vec![9])),
        (0, Some(6), Ok(vec![])),
        // It stood when the first three went, so what raised it is remembered; once it was over too, it is not.
        (3, Some(2), Ok(vec![3, 4])),
        (4, Some(2), Err("what raised occurrence 2 of park:high:t0, 5".to_owned())),
        (4, Some(1), Err("occurrence 1 of park:high:t0, 5".to_owned())),
        (4, Some(3), Ok(vec![5, 6])),
        // Its last one stands, and is remembered whole.
        (9, None, Ok(vec![9])),
        (9, Some(4), Err("occurrence 4 of park:high:t0, 10".to_owned())),
        (9, Some(6), Ok(vec![])),
        (9, Some(0), Ok(vec![])),
    ] {
        assert_eq!(told(gone, occurrence), due, "gone up to {gone}: {occurrence:?}");
    }
}
