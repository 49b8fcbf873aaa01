//! What was appended is there, in order, after any reopening.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::*;
use davy_journal::{
    Checkpoint, Commit, Cursor, Journal, JournalError, JournalReader, Snapshot, chain, first_hash, verify,
};
use davy_model::Timestamp;
use tempfile::TempDir;

fn fresh() -> (TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("park.sqlite");
    (dir, path)
}

fn read_all(path: &std::path::Path) -> Vec<Commit> {
    JournalReader::open(path).unwrap().commits_from(1).map(Result::unwrap).collect()
}

#[test]
fn what_was_appended_is_read_back_and_chained() {
    let (_dir, path) = fresh();
    let (mut journal, head) = Journal::open(&path, SITE).unwrap();
    assert_eq!((head.number, head.sequence, head.at), (0, 0, Timestamp::MIN));
    assert_eq!(head.hash, first_hash(SITE));
    journal.append(&commits(1, 5)).unwrap();
    let head = journal.append(&commits(6, 40)).unwrap();
    assert_eq!((head.number, head.sequence, head.at), (40, 13, at(40)));
    assert_eq!(read_all(&path), commits(1, 40));
    let chained = commits(1, 40).iter().fold(first_hash(SITE), |hash, commit| chain(&hash, commit));
    assert_eq!(head.hash, chained);
}

#[test]
fn a_journal_goes_on_where_it_ended_however_it_ended() {
    let (_dir, path) = fresh();
    let mut expected = 0;
    for round in 0..6 {
        let (mut journal, head) = Journal::open(&path, SITE).unwrap();
        assert_eq!(head.number, expected, "round {round}");
        journal.append(&commits(expected + 1, expected + 10)).unwrap();
        expected += 10;
        if round % 2 == 0 {
            assert_eq!(journal.close().unwrap(), Checkpoint::Whole);
        }
    }
    assert_eq!(read_all(&path), commits(1, 60));
}

#[test]
fn reading_may_begin_anywhere() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&commits(1, 40)).unwrap();
    let reader = JournalReader::open(&path).unwrap();
    for from in [1, 2, 17, 40] {
        let mut found = reader.commits_from(from);
        assert!(found.by_ref().map(Result::unwrap).eq(commits(from, 40)), "from {from}");
        assert_eq!(found.hash(), Some(journal.head().hash));
    }
    assert!(reader.commits_from(41).next().is_none());
    for wrong in [0, 42] {
        assert!(matches!(reader.commits_from(wrong).next(), Some(Err(JournalError::Misuse(_)))), "{wrong}");
    }
}

#[test]
fn a_reader_that_caught_up_sees_what_comes_next() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    let reader = JournalReader::open(&path).unwrap();
    let mut following = reader.commits_from(1);
    for number in 1..=3 {
        assert!(following.next().is_none());
        journal.append(&[commit(number)]).unwrap();
        assert_eq!(following.next().unwrap().unwrap(), commit(number));
    }
}

#[test]
fn a_group_that_does_not_follow_is_refused_whole() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&commits(1, 3)).unwrap();
    let back = Commit { at: at(0), ..commit(4) };
    let hole_in_sequence = Commit { transitions: vec![transition(7, "x")], ..commit(4) };
    for (why, group) in [
        ("repeated", vec![commit(3)]),
        ("a hole", vec![commit(5)]),
        ("a hole within", vec![commit(4), commit(6)]),
        ("time goes back", vec![back]),
        ("a hole in the sequence", vec![hole_in_sequence]),
    ] {
        assert!(matches!(journal.append(&group), Err(JournalError::Misuse(_))), "{why}");
        assert_eq!(journal.head().number, 3, "{why}");
    }
    assert_eq!(journal.append(&commits(4, 6)).unwrap().number, 6);
    assert_eq!(read_all(&path), commits(1, 6));
}

#[test]
fn there_is_one_writer_and_it_writes_for_its_own_site() {
    let (_dir, path) = fresh();
    let (journal, _) = Journal::open(&path, SITE).unwrap();
    assert!(matches!(Journal::open(&path, SITE), Err(JournalError::Busy(_))));
    drop(journal);
    assert!(matches!(Journal::open(&path, "mine"), Err(JournalError::Misuse(_))));
    assert!(Journal::open(&path, SITE).is_ok());
}

#[test]
fn transitions_are_found_by_sequence_and_by_alarm() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    let mut wide = commit(61);
    wide.transitions = (21..=25).map(|sequence| transition(sequence, "wide")).collect();
    journal.append(&commits(1, 60)).unwrap();
    journal.append(&[wide]).unwrap();
    let reader = JournalReader::open(&path).unwrap();
    let sequences = |after, limit| -> Vec<u64> {
        reader.transitions_after(after, limit).unwrap().iter().map(|found| found.sequence).collect()
    };
    assert_eq!(sequences(0, 3), [1, 2, 3]);
    assert_eq!(sequences(19, 10), [20, 21, 22, 23, 24, 25]);
    assert_eq!(sequences(22, 2), [23, 24]);
    assert_eq!(sequences(25, 2), [] as [u64; 0]);
    assert_eq!(reader.transition(23).unwrap().unwrap(), transition(23, "wide"));
    assert_eq!(reader.transition(0).unwrap(), None);
    assert_eq!(reader.transition(26).unwrap(), None);
    let found = reader.transitions_of(&alarm("AT-0412/h2s"), 20, 3).unwrap();
    let of: Vec<u64> = found.transitions.iter().map(|found| found.sequence).collect();
    assert_eq!((of, found.go_on_before), (vec![18, 16, 14], Some(14)));
    let rest = reader.transitions_of(&alarm("AT-0412/h2s"), 14, 100).unwrap();
    assert_eq!((rest.transitions.len(), rest.go_on_before), (6, None));
    assert_eq!(reader.transitions_of(&alarm("wide"), u64::MAX, 9).unwrap().transitions.len(), 5);
}

#[test]
fn a_cursor_goes_forward_and_back_only_when_asked() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&commits(1, 30)).unwrap();
    let cursor = |sequence| Cursor { name: "scada".to_owned(), sequence, at: at(sequence as i64) };
    assert_eq!(journal.cursor("scada").unwrap(), None);
    for (set, stands) in [(4, 4), (9, 9), (7, 9), (9, 9), (10, 10)] {
        journal.set_cursor(&cursor(set)).unwrap();
        assert_eq!(journal.cursor("scada").unwrap().unwrap().sequence, stands);
    }
    assert!(matches!(journal.set_cursor(&cursor(11)), Err(JournalError::Misuse(_))));
    journal.rewind(&cursor(2)).unwrap();
    drop(journal);
    let (journal, _) = Journal::open(&path, SITE).unwrap();
    assert_eq!(journal.cursor("scada").unwrap(), Some(cursor(2)));
    assert_eq!(JournalReader::open(&path).unwrap().cursors().unwrap(), [cursor(2)]);
}

#[test]
fn the_newest_snapshot_is_found() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&commits(1, 10)).unwrap();
    assert_eq!(journal.newest_snapshot().unwrap().snapshot, None);
    let snapshot = |number: u64| Snapshot { number, at: at(10), schema: 7, bytes: vec![number as u8; 5000] };
    for number in [2, 4, 6, 8] {
        journal.save_snapshot(&snapshot(number)).unwrap();
        assert_eq!(journal.newest_snapshot().unwrap().snapshot, Some(snapshot(number)));
    }
    assert!(matches!(journal.save_snapshot(&snapshot(11)), Err(JournalError::Misuse(_))));
    assert_eq!(JournalReader::open(&path).unwrap().newest_snapshot().unwrap().snapshot, Some(snapshot(8)));
}

#[test]
fn what_a_snapshot_has_seen_may_go_and_the_chain_still_holds() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&commits(1, 2500)).unwrap();
    assert!(matches!(journal.forget_before(2), Err(JournalError::Misuse(_))), "no snapshot yet");
    journal.save_snapshot(&Snapshot { number: 1800, at: at(1800), schema: 1, bytes: vec![1] }).unwrap();
    assert!(matches!(journal.forget_before(1802), Err(JournalError::Misuse(_))));
    let lagging = JournalReader::open(&path).unwrap();
    let mut lagging = lagging.commits_from(1);
    lagging.next().unwrap().unwrap();
    assert_eq!(journal.forget_before(1801).unwrap().number, 1001, "at most a thousand at once");
    let first = journal.forget_before(1801).unwrap();
    assert_eq!((first.number, first.sequence), (1801, 601));
    assert_eq!(journal.forget_before(7).unwrap(), first);
    assert!(matches!(lagging.find(Result::is_err), Some(Err(JournalError::NoLongerKept { .. }))));
    assert_eq!(journal.append(&[commit(2501)]).unwrap().number, 2501);
    journal.close().unwrap();
    let reader = JournalReader::open(&path).unwrap();
    assert_eq!(reader.first_kept().unwrap(), first);
    assert!(reader.commits_from(1801).map(Result::unwrap).eq(commits(1801, 2501)));
    assert!(matches!(reader.commits_from(1800).next(), Some(Err(JournalError::NoLongerKept { .. }))));
    assert!(matches!(reader.transitions_after(599, 1), Err(JournalError::NoLongerKept { .. })));
    assert_eq!(reader.transitions_after(600, 1).unwrap()[0].sequence, 601);
    let report = verify(&path).unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.first, report.commits, report.transitions), (1801, 701, 233));
}
