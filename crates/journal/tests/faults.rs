//! A full disk, a damaged snapshot, a damaged record, a file of another release: each is told apart, and nothing is
//! guessed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use common::*;
use davy_journal::{
    Checkpoint, Commit, Cursor, Journal, JournalError, JournalReader, Options, Snapshot, verify,
};
use rusqlite::{Connection, config::DbConfig};
use tempfile::TempDir;

fn fresh() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("park.sqlite");
    (dir, path)
}

/// Changes the database behind the journal's back, as damage would that SQLite cannot see.
fn tamper(path: &Path, sql: &str) {
    let conn = Connection::open(path).unwrap();
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    assert!(conn.execute(sql, []).unwrap() > 0, "{sql}");
}

fn wide(number: u64) -> Commit {
    let mut commit = commit(number);
    commit.inputs = vec![davy_model::Input::Readings(block(number as i64, 4000))];
    commit
}

#[test]
fn a_damaged_snapshot_falls_back_to_the_one_before() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&commits(1, 9)).unwrap();
    let snapshot = |number: u64| Snapshot { number, at: at(9), schema: 1, bytes: vec![number as u8; 100] };
    for number in [3, 6, 9] {
        journal.save_snapshot(&snapshot(number)).unwrap();
    }
    drop(journal);
    for (sql, newest, damaged) in [
        ("UPDATE snapshots SET bytes = x'00' WHERE number = 9", Some(6), 1),
        ("UPDATE snapshots SET schema = 2 WHERE number = 6", Some(3), 2),
        ("UPDATE snapshots SET number = 12 WHERE number = 3", None, 3),
    ] {
        tamper(&path, sql);
        let (journal, _) = Journal::open(&path, SITE).unwrap();
        let found = journal.newest_snapshot().unwrap();
        assert_eq!(found.snapshot, newest.map(snapshot), "{sql}");
        assert_eq!(found.damaged.len(), damaged, "{sql}: {found:?}");
        assert_eq!(verify(&path).unwrap().findings.len(), damaged, "{sql}");
    }
}

#[test]
fn a_damaged_record_stops_loudly() {
    for (sql, writer_stops) in [
        ("UPDATE commits SET inputs = transitions WHERE number = 4", false),
        ("UPDATE commits SET at = at + 1 WHERE number = 4", false),
        ("UPDATE commits SET transition_count = 2 WHERE number = 3", false),
        ("DELETE FROM commits WHERE number = 4", false),
        ("UPDATE commits SET hash = zeroblob(32) WHERE number = 8", true),
        ("UPDATE commits SET at = at - 1 WHERE number = 9", true),
        ("UPDATE commits SET inputs = x'00' WHERE number = 9", true),
        ("UPDATE commits SET first_sequence = 4 WHERE number = 9", true),
        ("DELETE FROM commits WHERE number = 8", true),
        ("UPDATE commits SET number = 10 WHERE number = 9", true),
        ("UPDATE site SET base_sequence = 1", true),
        ("UPDATE site SET name = 'mine'", true),
    ] {
        let (_dir, path) = fresh();
        let (mut journal, _) = Journal::open(&path, SITE).unwrap();
        journal.append(&commits(1, 9)).unwrap();
        drop(journal);
        tamper(&path, sql);
        let opened = Journal::open(&path, SITE);
        assert_eq!(matches!(opened, Err(JournalError::Damaged { .. })), writer_stops, "{sql}: {opened:?}");
        drop(opened);
        assert!(!verify(&path).unwrap().is_whole(), "{sql}");
        let Ok(reader) = JournalReader::open(&path) else { continue };
        let read: Vec<_> = reader.commits_from(1).collect();
        assert!(matches!(read.last(), Some(Err(JournalError::Damaged { .. }))), "{sql}: {} read", read.len());
    }
}

#[test]
fn a_damaged_cursor_is_not_believed() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&commits(1, 9)).unwrap();
    journal.set_cursor(&Cursor { name: "scada".to_owned(), sequence: 3, at: at(1) }).unwrap();
    drop(journal);
    tamper(&path, "UPDATE cursors SET sequence = 2");
    let (journal, _) = Journal::open(&path, SITE).unwrap();
    assert!(matches!(journal.cursor("scada"), Err(JournalError::Damaged { .. })));
}

#[test]
fn a_later_schema_and_a_foreign_file_are_refused() {
    let (_dir, path) = fresh();
    drop(Journal::open(&path, SITE).unwrap());
    let pragma = |sql: &str| {
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(sql).unwrap();
    };
    pragma("PRAGMA user_version = 99");
    assert!(matches!(Journal::open(&path, SITE), Err(JournalError::Newer { found: 99, .. })));
    assert!(matches!(JournalReader::open(&path), Err(JournalError::Newer { found: 99, .. })));
    pragma("PRAGMA user_version = 1; PRAGMA application_id = 7");
    assert!(matches!(Journal::open(&path, SITE), Err(JournalError::Damaged { .. })));
    fs::write(&path, vec![b'x'; 8192]).unwrap();
    assert!(matches!(Journal::open(&path, SITE), Err(JournalError::Damaged { .. })));
}

#[test]
fn after_a_full_disk_the_same_commits_are_taken() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&commits(1, 3)).unwrap();
    journal.set_pages_max(Some(12)).unwrap();
    let mut number = 4;
    let refused = loop {
        match journal.append(&[wide(number)]) {
            Ok(_) => number += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, JournalError::Full(_)) && refused.is_retryable(), "{refused}");
    assert_eq!(journal.head().number, number - 1);
    let group: Vec<Commit> = (number..number + 5).map(wide).collect();
    assert!(matches!(journal.append(&group), Err(JournalError::Full(_))));
    assert_eq!(JournalReader::open(&path).unwrap().head().unwrap(), journal.head());
    assert!(verify(&path).unwrap().is_whole());
    journal.set_pages_max(None).unwrap();
    assert_eq!(journal.append(&group).unwrap().number, number + 4);
    journal.close().unwrap();
    let report = verify(&path).unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(report.commits, number + 4);
}

#[test]
fn what_a_failed_note_of_sums_left_is_cut_off_before_the_next() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    for number in 1..=3 {
        journal.append(&[wide(number)]).unwrap();
        // A write that failed half way, and a disk that would not even shorten the file then.
        let mut sums = fs::File::options().append(true).open(beside(&path, ".sums")).unwrap();
        sums.write_all(&[number as u8, 0, 0, 0, 0, 0, 0, 0, 9, 9]).unwrap();
        journal.checkpoint().unwrap();
    }
    journal.close().unwrap();
    let report = verify(&path).unwrap();
    assert!(report.is_whole(), "{report:?}");
    Journal::open(&path, SITE).unwrap();
}

#[test]
fn a_reader_puts_the_emptying_of_the_log_off_and_breaks_nothing() {
    let (_dir, path) = fresh();
    let options = Options { checkpoint_bytes: 1 << 16, ..Options::default() };
    let (mut journal, _) = Journal::open_with(&path, SITE, options).unwrap();
    let holder = Connection::open(&path).unwrap();
    holder.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    let mut number = 1;
    for round in 0..6 {
        if round % 2 == 0 {
            holder.execute_batch("BEGIN; SELECT count(*) FROM commits").unwrap();
        }
        for _ in 0..20 {
            journal.append(&[wide(number)]).unwrap();
            number += 1;
        }
        let held = if round % 2 == 0 { Checkpoint::Held } else { Checkpoint::Whole };
        assert_eq!(journal.checkpoint().unwrap(), held, "round {round}");
        assert!(journal.checkpoint_trouble().is_none());
        let report = verify(&path).unwrap();
        assert!(report.is_whole(), "round {round}: {report:?}");
        let copy = path.with_extension("copy");
        copy_files(&path, &copy);
        let report = verify(&copy).unwrap();
        assert!(report.is_whole(), "round {round}, killed: {report:?}");
        if round % 2 == 0 {
            holder.execute_batch("COMMIT").unwrap();
        }
    }
}

#[test]
fn verify_beside_a_writer_finds_nothing_and_holds_nobody_up() {
    let (_dir, path) = fresh();
    let options = Options { checkpoint_bytes: 1 << 16, ..Options::default() };
    let (mut journal, _) = Journal::open_with(&path, SITE, options).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let verifier = scope.spawn(|| {
            let mut checks = 0;
            while !done.load(Ordering::Relaxed) || checks < 5 {
                let report = verify(&path).unwrap();
                assert!(report.is_whole(), "check {checks}: {report:?}");
                checks += 1;
            }
        });
        for number in 1..=400 {
            journal.append(&[commit(number)]).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        verifier.join().unwrap();
    });
    assert_eq!(verify(&path).unwrap().commits, 400);
}

#[test]
fn pages_made_and_given_up_in_one_transaction_are_covered() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&commits(1, 9)).unwrap();
    let noise =
        |len: u32| (0..len).map(|n| (n.wrapping_mul(n).wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let snapshot = |number, len| Snapshot { number, at: at(9), schema: 1, bytes: noise(len) };
    for number in 7..=9 {
        journal.save_snapshot(&snapshot(number, 10)).unwrap();
    }
    journal.checkpoint().unwrap();
    // Older than the three that are kept: written, and deleted at once.
    journal.save_snapshot(&snapshot(2, 200_000)).unwrap();
    journal.append(&[commit(10)]).unwrap();
    journal.checkpoint().unwrap();
    for number in 11..20 {
        let report = verify(&path).unwrap();
        assert!(report.is_whole(), "{number}: {report:?}");
        journal.append(&[wide(number)]).unwrap();
        journal.checkpoint().unwrap();
    }
    journal.close().unwrap();
    assert!(verify(&path).unwrap().is_whole());
}
