//! What a journal that let commits go still knows of them, and how it comes from a file that did not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::path::{Path, PathBuf};

use common::*;
use davy_journal::{Commit, Journal, JournalError, JournalReader, Snapshot, verify};
use davy_model::{AlarmFacts, Condition, Tier, Transition, TransitionKind};
use rusqlite::{Connection, config::DbConfig};
use tempfile::TempDir;

fn fresh() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("park.sqlite");
    (dir, path)
}

fn snapshot(number: u64) -> Snapshot {
    Snapshot { number, at: at(number as i64), schema: 1, bytes: vec![number as u8; 500] }
}

/// Changes the database behind the journal's back.
fn tamper(path: &Path, sql: &str) {
    let conn = Connection::open(path).unwrap();
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    conn.execute_batch(sql).unwrap();
}

#[test]
fn the_files_active_at_the_base_are_those_of_the_last_activation_let_go() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    let revision_in = |number| match number {
        1 => Some("aaaaaaaaaaaa"),
        40 => Some("bbbbbbbbbbbb"),
        90 => Some("dddddddddddd"),
        95 => Some("cccccccccccc"),
        _ => None,
    };
    for number in 1..=100 {
        let plain = || commit(number);
        let commit = revision_in(number).map_or_else(plain, |revision| activating(number, revision));
        journal.append(&[commit]).unwrap();
    }
    journal.save_snapshot(&snapshot(100)).unwrap();
    let reader = JournalReader::open(&path).unwrap();
    assert_eq!(reader.base_files().unwrap(), None, "it begins with the first commit");
    for (before, activated_in, revision) in [
        (2, 1, "aaaaaaaaaaaa"),
        (40, 1, "aaaaaaaaaaaa"),
        (41, 40, "bbbbbbbbbbbb"),
        (60, 40, "bbbbbbbbbbbb"),
        (101, 95, "cccccccccccc"),
    ] {
        assert_eq!(journal.forget_before(before).unwrap().number, before);
        let files = reader.base_files().unwrap().unwrap();
        assert_eq!((files.activated_in, &*files.bundle), (activated_in, &bundle(revision)), "{before}");
    }
    journal.close().unwrap();
    let report = verify(&path).unwrap();
    assert!(report.is_whole() && report.first == 101 && report.commits == 0, "{report:?}");
    let (mut journal, head) = Journal::open(&path, SITE).unwrap();
    assert_eq!(head.number, 100);
    journal.append(&[commit(101)]).unwrap();
}

/// A transition of the alarm of `subject`: `#` raised, `a` acknowledged, `!` to another tier by a value, `.` cleared.
fn step(sequence: u64, subject: &str, kind: char) -> Transition {
    let mut step = transition(sequence, subject);
    let mut facts = AlarmFacts::normal(Tier::Red);
    (step.kind, facts.condition, facts.acknowledged, step.value) = match kind {
        '#' => (TransitionKind::Raised, Condition::Active, false, Some(60.0)),
        'a' => (TransitionKind::Acknowledged, Condition::Active, true, None),
        '!' => (TransitionKind::TierRaised, Condition::Active, false, Some(90.0)),
        '.' => (TransitionKind::Cleared, Condition::Normal, true, Some(1.0)),
        other => panic!("{other}"),
    };
    step.facts = facts;
    step
}

#[test]
fn how_each_alarm_stood_is_remembered() {
    // The story of one alarm, a commit each, and the sequences remembered of it when all of them are let go.
    for (story, remembered) in [
        ("#", vec![1]),
        ("#a", vec![2, 1]),
        ("#aa!a", vec![5, 4, 1]),
        ("#a.", vec![3]),
        ("#a.#", vec![4]),
        ("#.#!aaaaa", vec![9, 4, 3]),
    ] {
        for groups in 1..=story.len() as u64 {
            let (_dir, path) = fresh();
            let (mut journal, _) = Journal::open(&path, SITE).unwrap();
            for (kind, number) in story.chars().zip(1..) {
                let transitions = vec![step(number, "AT-0412/h2s", kind)];
                let commit = Commit { number, at: at(number as i64), inputs: vec![], transitions };
                journal.append(&[commit]).unwrap();
            }
            let last = story.len() as u64;
            journal.save_snapshot(&snapshot(last)).unwrap();
            // At once, and in steps.
            for group in 1..=groups {
                journal.forget_before(last * group / groups + 1).unwrap();
            }
            let reader = JournalReader::open(&path).unwrap();
            let history = |limit| reader.transitions_of(&alarm("AT-0412/h2s"), 1000, limit).unwrap();
            let found = history(100).transitions;
            let sequences: Vec<u64> = found.iter().map(|found| found.sequence).collect();
            assert_eq!(sequences, remembered, "{story} in {groups} steps");
            for (sequence, kind) in (1..).zip(story.chars()) {
                let due = remembered.contains(&sequence).then(|| step(sequence, "AT-0412/h2s", kind));
                assert_eq!(reader.transition(sequence).unwrap(), due, "{story}: {sequence}");
            }
            let first = history(1);
            assert_eq!(first.transitions, found[..1]);
            assert_eq!(first.go_on_before, (found.len() > 1).then(|| found[1].sequence + 1), "{story}");
            assert_eq!(reader.transitions_of(&alarm("AT-0413/h2s"), 1000, 9).unwrap().transitions, []);
            journal.close().unwrap();
            let report = verify(&path).unwrap();
            assert!(report.is_whole(), "{story}: {report:?}");
        }
    }
}

#[test]
fn what_is_kept_comes_before_what_is_remembered() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    for (kind, number) in "#a!a".chars().zip(1..) {
        let transitions = vec![step(number, "AT-0412/h2s", kind)];
        journal.append(&[Commit { number, at: at(number as i64), inputs: vec![], transitions }]).unwrap();
    }
    journal.save_snapshot(&snapshot(4)).unwrap();
    journal.forget_before(3).unwrap();
    let reader = JournalReader::open(&path).unwrap();
    let history = reader.transitions_of(&alarm("AT-0412/h2s"), 1000, 9).unwrap().transitions;
    assert_eq!(history.iter().map(|found| found.sequence).collect::<Vec<_>>(), [4, 3, 2, 1]);
    assert!(matches!(reader.transitions_after(1, 9), Err(JournalError::NoLongerKept { .. })));
}

#[test]
fn what_is_remembered_is_found_damaged() {
    for sql in [
        "UPDATE base_files SET number = 2",
        "UPDATE base_files SET bundle = x'00'",
        "UPDATE base_alarms SET bytes = x'00'",
        "UPDATE base_alarms SET sequence = sequence + 70",
    ] {
        let (_dir, path) = fresh();
        let (mut journal, _) = Journal::open(&path, SITE).unwrap();
        journal.append(&[activating(1, "aaaaaaaaaaaa")]).unwrap();
        journal.append(&commits(2, 12)).unwrap();
        journal.save_snapshot(&snapshot(12)).unwrap();
        journal.forget_before(9).unwrap();
        drop(journal);
        assert!(verify(&path).unwrap().is_whole());
        tamper(&path, sql);
        let report = verify(&path).unwrap();
        assert!(!report.is_whole(), "{sql}");
        let reader = JournalReader::open(&path).unwrap();
        let read =
            (reader.base_files().map(drop), reader.transitions_of(&alarm("AT-0412/h2s"), 99, 99).map(drop));
        assert!(matches!(
            read,
            (Err(JournalError::Damaged { .. }), _) | (_, Err(JournalError::Damaged { .. }))
        ));
    }
}

/// Takes a file back to what release 0.1.0 wrote.
const TO_SCHEMA_1: &str = "DROP TABLE base_files; DROP TABLE base_alarms; PRAGMA user_version = 1;";

#[test]
fn a_file_of_the_first_schema_is_read_as_it_is_and_brought_up_by_its_writer() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&[activating(1, "aaaaaaaaaaaa")]).unwrap();
    journal.append(&commits(2, 20)).unwrap();
    journal.save_snapshot(&snapshot(20)).unwrap();
    drop(journal);
    tamper(&path, TO_SCHEMA_1);
    let reader = JournalReader::open(&path).unwrap();
    assert_eq!(reader.commits_from(1).map(Result::unwrap).count(), 20);
    assert_eq!(reader.base_files().unwrap(), None);
    assert_eq!(reader.transition(4).unwrap().unwrap().sequence, 4);
    assert_eq!(reader.transitions_of(&alarm("AT-0412/h2s"), 99, 99).unwrap().transitions.len(), 3);
    assert!(verify(&path).unwrap().is_whole());
    let (mut journal, head) = Journal::open(&path, SITE).unwrap();
    assert_eq!(head.number, 20);
    // As a kill right then would leave it.
    let copy = path.with_extension("copy");
    copy_files(&path, &copy);
    assert!(verify(&copy).unwrap().is_whole());
    journal.forget_before(11).unwrap();
    // A reader from before sees it.
    assert_eq!(reader.base_files().unwrap().unwrap().activated_in, 1);
    assert_eq!(reader.transition(3).unwrap().unwrap().sequence, 3, "it stands");
    journal.close().unwrap();
    let report = verify(&path).unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.first, report.commits), (11, 10));
}

#[test]
fn older_snapshots_are_spread_over_the_journal_and_go_with_it() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&commits(1, 1000)).unwrap();
    for number in (10..=1000).step_by(10) {
        journal.save_snapshot(&snapshot(number)).unwrap();
        let kept = journal.snapshots().unwrap();
        assert!(kept.len() <= 11 && kept[0] == 10, "{kept:?}");
        assert!(kept.iter().rev().take(3).copied().eq((10..=number).rev().step_by(10).take(3)), "{kept:?}");
        let widest = kept.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        assert!(widest <= (number / 10 / 3 + 1) * 10, "{number}: {kept:?}");
    }
    let kept = journal.snapshots().unwrap();
    journal.forget_before(kept[2]).unwrap();
    assert_eq!(journal.snapshots().unwrap(), kept[2..], "commit {} is kept", kept[2]);
    journal.forget_before(kept[2] + 1).unwrap();
    assert_eq!(journal.snapshots().unwrap(), kept[2..], "the journal begins right after it");
    journal.forget_before(kept[2] + 2).unwrap();
    assert_eq!(journal.snapshots().unwrap(), kept[3..]);
    let reader = JournalReader::open(&path).unwrap();
    assert_eq!(reader.snapshots().unwrap(), kept[3..]);
    assert_eq!(reader.snapshot(kept[3]).unwrap(), snapshot(kept[3]));
}

#[test]
fn room_is_used_again_and_time_finds_its_commit() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&commits(1, 3000)).unwrap();
    journal.save_snapshot(&snapshot(3000)).unwrap();
    journal.checkpoint().unwrap();
    let full = journal.size().unwrap().bytes();
    assert_eq!(full, std::fs::metadata(&path).unwrap().len());
    assert_eq!(journal.last_before(at(1501)).unwrap(), 1500);
    assert_eq!((journal.last_before(at(0)).unwrap(), journal.last_before(at(9999)).unwrap()), (0, 3000));
    for _ in 0..3 {
        journal.forget_before(2101).unwrap();
    }
    journal.checkpoint().unwrap();
    let used = journal.size().unwrap().bytes();
    assert!(used < full / 2, "{used} of {full}");
    assert_eq!(journal.last_before(at(1501)).unwrap(), 2100, "none from before is kept");
    assert_eq!(journal.last_before(at(2801)).unwrap(), 2800);
    journal.append(&commits(3001, 4500)).unwrap();
    journal.checkpoint().unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() <= full + full / 20, "the file did not grow");
}

#[test]
fn a_step_ends_with_the_bytes_too() {
    let (_dir, path) = fresh();
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    // Some 100 KiB each, which do not compress much.
    for number in 1..=100 {
        let mut wide = commit(number);
        let noise =
            |index: u32| f64::from_bits(u64::from(index).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number);
        let mut block = block(number as i64, 10_000);
        block.readings.iter_mut().zip(1..).for_each(|(reading, index)| reading.value = noise(index).into());
        wide.inputs = vec![davy_model::Input::Readings(block)];
        journal.append(&[wide]).unwrap();
    }
    journal.save_snapshot(&snapshot(100)).unwrap();
    let first = journal.forget_before(101).unwrap().number;
    assert!((20..90).contains(&first), "{first}");
}
