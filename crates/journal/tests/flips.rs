//! A single flipped byte anywhere in the files is found, and so is a cut, a swap, a loss.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    thread,
};

use common::*;
use davy_journal::{Cursor, Journal, JournalError, Options, Snapshot, verify};
use tempfile::TempDir;

const SMALL: Options = Options { page_size: 512, checkpoint_bytes: 1 << 30 };

/// A journal whose files lie still: `killed` with some of it in the write-ahead log, else closed.
fn still(killed: bool) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let (live, copy) = (dir.path().join("live.sqlite"), dir.path().join("park.sqlite"));
    let (mut journal, _) = Journal::open_with(&live, SITE, SMALL).unwrap();
    fill(&mut journal, 1, 4);
    journal.checkpoint().unwrap();
    fill(&mut journal, 5, 6);
    // So that something is remembered too: the files, and an alarm that stands.
    journal.forget_before(4).unwrap();
    if killed {
        copy_files(&live, &copy);
    } else {
        journal.close().unwrap();
        copy_files(&live, &copy);
    }
    (dir, copy)
}

fn fill(journal: &mut Journal, from: u64, to: u64) {
    for number in from..=to {
        let commit = if number == 2 { activating(2, "aaaaaaaaaaaa") } else { commit(number) };
        journal.append(&[commit]).unwrap();
    }
    let cursor = Cursor { name: "scada".to_owned(), sequence: journal.head().sequence, at: at(0) };
    journal.set_cursor(&cursor).unwrap();
    // Bytes that do not compress.
    let bytes = (0..300u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    journal.save_snapshot(&Snapshot { number: to, at: at(0), schema: 1, bytes }).unwrap();
}

fn contents(path: &Path) -> Vec<Vec<u8>> {
    ["", "-wal", ".sums"].iter().map(|suffix| fs::read(beside(path, suffix)).unwrap()).collect()
}

/// Offsets among `range` at which verify missed a flip.
fn missed(path: &Path, suffix: &str, offsets: &[usize]) -> Vec<usize> {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("park.sqlite");
    copy_files(path, &copy);
    let bytes = fs::read(beside(&copy, suffix)).unwrap();
    let file = fs::File::options().write(true).open(beside(&copy, suffix)).unwrap();
    let mut missed = Vec::new();
    for &offset in offsets {
        file.write_all_at(&[bytes[offset] ^ (1 << (offset % 8))], offset as u64).unwrap();
        if verify(&copy).unwrap().is_whole() {
            missed.push(offset);
        }
        file.write_all_at(&[bytes[offset]], offset as u64).unwrap();
    }
    assert!(verify(&copy).unwrap().is_whole(), "the flips were taken back");
    missed
}

/// Flips the bytes `chosen` of each file, and expects a finding for each.
fn flip(chosen: impl Fn(&str, usize) -> bool) {
    for killed in [false, true] {
        let (_dir, path) = still(killed);
        let whole = verify(&path).unwrap();
        assert!(whole.is_whole(), "killed {killed}: {whole:?}");
        assert_eq!((whole.first, whole.commits, whole.transitions, whole.cursors), (4, 3, 1, 1));
        for (suffix, bytes) in ["", "-wal", ".sums"].iter().zip(contents(&path)) {
            let offsets: Vec<usize> = (0..bytes.len()).filter(|offset| chosen(suffix, *offset)).collect();
            let (first, second) = offsets.split_at(offsets.len() / 2);
            let found = thread::scope(|scope| {
                let first = scope.spawn(|| missed(&path, suffix, first));
                let second = missed(&path, suffix, second);
                [first.join().unwrap(), second].concat()
            });
            assert!(found.is_empty(), "killed {killed}, {suffix:?} of {} bytes: {found:?}", bytes.len());
        }
    }
}

#[test]
fn a_flipped_byte_anywhere_is_found() {
    // Every byte of the sums, of the log's headers and of the page headers; of the rest of the pages every 13th.
    flip(|suffix, offset| match suffix {
        ".sums" => true,
        "-wal" => offset < 32 || (offset - 32) % (512 + 24) < 32 || offset % 13 == 5,
        _ => offset < 100 || offset % 512 < 16 || offset % 13 == 7,
    });
}

#[test]
#[ignore = "takes a minute"]
fn every_flipped_byte_is_found() {
    flip(|_, _| true);
}

/// Does `harm` to a copy of the files, and tells whether verify sees it.
fn sees(path: &Path, harm: impl FnOnce(&Path)) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("park.sqlite");
    copy_files(path, &copy);
    harm(&copy);
    !verify(&copy).unwrap().is_whole()
}

fn cut(path: &Path, len: usize) {
    fs::File::options().write(true).open(path).unwrap().set_len(len as u64).unwrap();
}

#[test]
fn a_cut_file_is_found() {
    for killed in [false, true] {
        let (_dir, path) = still(killed);
        for (suffix, bytes) in ["", "-wal", ".sums"].iter().zip(contents(&path)) {
            for len in (0..bytes.len()).step_by(37).chain([bytes.len().saturating_sub(1)]) {
                // Whole transactions at the log's end leave nothing that says they were there.
                if *suffix == "-wal" && (len == 0 || (len > 32 && (len - 32) % (512 + 24) == 0)) {
                    continue;
                }
                let seen = sees(&path, |copy| cut(&beside(copy, suffix), len));
                assert!(
                    seen || bytes.is_empty(),
                    "killed {killed}, {suffix:?} cut to {len} of {}",
                    bytes.len()
                );
            }
            assert!(sees(&path, |copy| fs::write(beside(copy, suffix), [&bytes[..], b"x"].concat()).unwrap()));
        }
        assert!(sees(&path, |copy| fs::remove_file(beside(copy, ".sums")).unwrap()));
    }
}

#[test]
fn pages_that_changed_places_are_found() {
    let (_dir, path) = still(false);
    let bytes = fs::read(&path).unwrap();
    let pages: Vec<&[u8]> = bytes.chunks(512).collect();
    for first in 0..pages.len() {
        for second in first + 1..pages.len() {
            let mut swapped = pages.clone();
            swapped.swap(first, second);
            assert!(sees(&path, |copy| fs::write(copy, swapped.concat()).unwrap()), "{first} with {second}");
        }
    }
}

#[test]
fn verify_changes_nothing() {
    for killed in [false, true] {
        let (_dir, path) = still(killed);
        let folder = path.parent().unwrap();
        let list = || {
            let mut names: Vec<_> =
                fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            names.sort();
            names
        };
        let before = (contents(&path), list());
        verify(&path).unwrap();
        assert_eq!((contents(&path), list()), before, "killed {killed}");
    }
}

#[test]
fn a_damaged_log_stops_the_writer() {
    let (_dir, path) = still(true);
    let log = beside(&path, "-wal");
    let bytes = fs::read(&log).unwrap();
    // The header, and a page of the first transaction: others follow it.
    for offset in [9, 32 + 24 + 100] {
        let mut flipped = bytes.clone();
        flipped[offset] ^= 4;
        fs::write(&log, flipped).unwrap();
        let opened = Journal::open(&path, SITE);
        assert!(matches!(opened, Err(JournalError::Damaged { .. })), "{offset}: {opened:?}");
    }
    fs::write(&log, &bytes).unwrap();
    assert_eq!(Journal::open(&path, SITE).unwrap().1.number, 6);
}

#[test]
fn a_missing_file_stops_the_writer() {
    for (killed, suffix) in [(false, ""), (true, ""), (false, ".sums"), (true, ".sums")] {
        let (_dir, path) = still(killed);
        fs::remove_file(beside(&path, suffix)).unwrap();
        let opened = Journal::open(&path, SITE);
        assert!(matches!(opened, Err(JournalError::Damaged { .. })), "{killed} {suffix:?}: {opened:?}");
    }
    let (_dir, path) = still(true);
    cut(&path, 0);
    assert!(matches!(Journal::open(&path, SITE), Err(JournalError::Damaged { .. })));
    assert!(fs::metadata(beside(&path, "-wal")).unwrap().len() > 0, "the log is kept for whoever repairs it");
}
