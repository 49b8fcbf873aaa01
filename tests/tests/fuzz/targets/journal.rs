//! The journal: the bytes of a commit, and files that are not as they were written.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use davy_journal::{Encoded, Journal, JournalReader, Options, decode_commit, encode_commit, verify};
use tempfile::TempDir;

use crate::harness::{Gauge, Heap, Target};

#[allow(clippy::unwrap_used)] // A test's own.
#[path = "../../../../crates/journal/tests/common/mod.rs"]
mod common;

use common::{SITE, at, beside, commit, copy_files};

/// Two bytes that say how long the inputs are, the inputs, the transitions.
pub(crate) const RECORDS: Target = Target {
    name: "journal_records",
    runs: 40_000,
    check: check_record,
    seeds: || (1..=6).map(|number| joined(&encode_commit(&commit(number)))).collect(),
    words: &["\n\0", "\u{12}\0", "\u{1a}\0", "\u{8}\u{1}", "\"\0", "park", "h2s"],
    // A commit is ours, and hangs in the chain by its hash before it is read: two bytes are an empty transition of some
    // hundred, and a list that grows is there twice.
    heap: Heap { times: 2048, bytes: 64 * 1024 },
    ..Target::PLAIN
};

/// A script of damage: five bytes each say which file, what is done to it, where, and with what.
pub(crate) const FILES: Target = Target {
    name: "journal_files",
    runs: 600,
    check: check_files,
    seeds: || {
        let scripts: [&[u8]; 8] = [
            b"\0\0\0\x01\0\x40", b"\x01\0\x01\x02\x10\x01", b"\x01\x01\0\0\x20", b"\0\x02\x02\0\x05\0", b"\x01\x03\0\x02\0\x04", b"\0\x04\0\x01\0\x03",
            b"\x01\x05\x01\x01\x18\x55\x05\x01\x02\0\x77", b"\x01\0\x01\0\x09\x04",
        ];
        scripts.map(<[u8]>::to_vec).into()
    },
    // Buffers of one length, whatever the file's.
    heap: Heap { times: 16, bytes: 512 * 1024 },
    // SQLite works below it.
    stack_len: 1024 * 1024,
    len_max: 64,
    ..Target::PLAIN
};

fn joined(encoded: &Encoded) -> Vec<u8> {
    let len = u16::try_from(encoded.inputs.len()).expect("a short commit");
    [&len.to_be_bytes()[..], &encoded.inputs, &encoded.transitions].concat()
}

fn check_record(gauge: &mut Gauge, input: &[u8]) {
    let Some((len, bytes)) = input.split_first_chunk::<2>() else { return };
    let (inputs, transitions) = bytes.split_at(usize::from(u16::from_be_bytes(*len)).min(bytes.len()));
    let encoded = Encoded { inputs: inputs.to_vec(), transitions: transitions.to_vec() };
    match gauge.measure(input.len(), || decode_commit(7, at(7), &encoded)) {
        Ok(commit) => {
            gauge.saw((commit.inputs.len().min(4), commit.transitions.len().min(3)));
            // NaN is not itself: what is compared is bytes.
            let again = encode_commit(&commit);
            let read = decode_commit(7, at(7), &again).expect("what was written here is read");
            assert_eq!(encode_commit(&read), again);
        }
        Err(error) => gauge.saw(error.to_string()),
    }
}

const SUFFIXES: [&str; 3] = ["", "-wal", ".sums"];
const SMALL: Options = Options { page_size: 512, checkpoint_bytes: 1 << 30 };
const COMMITS: u64 = 6;
/// A page of the write-ahead log with its header.
const FRAME_LEN: usize = 512 + 24;

/// The files of a journal that was closed, and of one whose writer was killed.
fn written() -> &'static [[Vec<u8>; 3]; 2] {
    static WRITTEN: OnceLock<[[Vec<u8>; 3]; 2]> = OnceLock::new();
    WRITTEN.get_or_init(|| [false, true].map(|killed| {
        let dir = tempfile::tempdir().expect("a folder");
        let (live, copy) = (dir.path().join("live.sqlite"), dir.path().join("park.sqlite"));
        let (mut journal, _) = Journal::open_with(&live, SITE, SMALL).expect("a new journal");
        for number in 1..=COMMITS {
            journal.append(&[commit(number)]).expect("it is written");
            if number == COMMITS / 2 {
                journal.checkpoint().expect("it is emptied");
            }
        }
        if killed {
            copy_files(&live, &copy);
        } else {
            journal.close().expect("it closes");
            copy_files(&live, &copy);
        }
        SUFFIXES.map(|suffix| fs::read(beside(&copy, suffix)).expect("the file is there"))
    }))
}

fn check_files(gauge: &mut Gauge, input: &[u8]) {
    let Some((which, script)) = input.split_first() else { return };
    let good = &written()[usize::from(which % 2)];
    let mut files = good.clone();
    for step in script.chunks_exact(5) {
        harm(&mut files, step);
    }
    let dir = put(&files);
    let path = dir.path().join("park.sqlite");
    let len = files.iter().map(Vec::len).sum();
    let report = gauge.measure(len, || verify(&path));
    let is_whole = report.as_ref().is_ok_and(davy_journal::Report::is_whole);
    gauge.saw((is_whole, report.as_ref().map_or(0, |report| report.findings.len().min(5))));
    if files == *good {
        assert!(is_whole, "nothing was done to it: {report:?}");
    } else {
        assert!(!is_whole || ends_earlier(&files, good), "the damage is not found");
    }
    assert_eq!(SUFFIXES.map(|suffix| fs::read(beside(&path, suffix)).unwrap_or_default()), files, "verify changed a file");
    read(gauge, &path);
}

/// Whole transactions gone from the end of the log leave nothing that says they were there.
fn ends_earlier(files: &[Vec<u8>; 3], good: &[Vec<u8>; 3]) -> bool {
    let len = files[1].len();
    let between = len == 0 || (len >= 32 && (len - 32).is_multiple_of(FRAME_LEN));
    files[0] == good[0] && files[2] == good[2] && good[1].starts_with(&files[1]) && between
}

/// What is read is what was written, from the beginning on, or an error: never another commit, never one left out.
fn read(gauge: &mut Gauge, path: &Path) {
    let Ok(reader) = JournalReader::open(path) else { return };
    let mut due = 1;
    for read in reader.commits_from(1) {
        match read {
            Ok(read) => assert_eq!(read, commit(due), "another commit than was written"),
            Err(error) => return gauge.saw(error.to_string().len() / 8),
        }
        due += 1;
    }
    gauge.saw(due);
    drop(reader);
    if let Ok((journal, head)) = Journal::open(path, SITE) {
        assert!(head.number <= COMMITS, "{head:?}");
        drop(journal);
    }
}

fn harm(files: &mut [Vec<u8>; 3], step: &[u8]) {
    let bytes = &mut files[usize::from(step[0] % 3)];
    if bytes.is_empty() {
        return;
    }
    let offset = usize::from(u16::from_be_bytes([step[2], step[3]])) % bytes.len();
    let page = offset / 512 * 512;
    match step[1] % 7 {
        0 => bytes[offset] ^= 1 << (step[4] % 8),
        1 => bytes[offset] = step[4],
        2 => bytes.truncate(offset),
        3 => bytes.extend(std::iter::repeat_n(step[4], offset % 700)),
        4 => {
            let end = (page + 512).min(bytes.len());
            bytes[page..end].fill(step[4]);
        }
        5 => {
            // A page in the place of another.
            let from = usize::from(step[4]) * 512 % bytes.len() / 512 * 512;
            let len = 512.min(bytes.len() - from).min(bytes.len() - page);
            let piece = bytes[from..from + len].to_vec();
            bytes[page..page + len].copy_from_slice(&piece);
        }
        _ => {
            let end = (offset + usize::from(step[4])).min(bytes.len());
            bytes.drain(offset..end);
        }
    }
}

fn put(files: &[Vec<u8>; 3]) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let path: PathBuf = dir.path().join("park.sqlite");
    for (suffix, bytes) in SUFFIXES.iter().zip(files) {
        fs::write(beside(&path, suffix), bytes).expect("the file is written");
    }
    dir
}

