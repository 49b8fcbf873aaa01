//! A writer killed with -9 at any moment loses nothing that `append` returned `Ok` for.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use common::*;
use davy_journal::{Commit, Journal, JournalReader, Options, Snapshot, verify};

const FILE: &str = "DAVY_JOURNAL_KILL_TEST";

/// Small, so that kills hit checkpoints too.
const OPTIONS: Options = Options { page_size: 4096, checkpoint_bytes: 1 << 17 };

/// The other process: writes groups for ever, and says each number that is on disk.
#[test]
#[ignore = "is killed: the test below runs it"]
fn writer() {
    let Ok(path) = env::var(FILE) else { return };
    let (mut journal, head) = Journal::open_with(Path::new(&path), SITE, OPTIONS).unwrap();
    let mut number = head.number;
    let mut out = std::io::stdout().lock();
    loop {
        let group = number % 4 + 1;
        number = journal.append(&written(number + 1, number + group)).unwrap().number;
        writeln!(out, "on disk {number}").unwrap();
        if number % 50 < 4 {
            let snapshot =
                Snapshot { number, at: at(number as i64), schema: 1, bytes: vec![number as u8; 9000] };
            journal.save_snapshot(&snapshot).unwrap();
        }
        // Some at a time, at moments of its own.
        if number % 30 < 4 && number > 200 {
            journal.forget_before(number - 150).unwrap();
        }
    }
}

/// Every hundredth commit makes other files active.
fn written(from: u64, to: u64) -> Vec<Commit> {
    let write = |number: u64| match number % 100 {
        1 => activating(number, &format!("{number:012}")),
        _ => commit(number),
    };
    (from..=to).map(write).collect()
}

fn start(path: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "writer", "--ignored", "--nocapture", "--test-threads", "1"])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn what_append_confirmed_is_there_after_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("park.sqlite");
    let mut forgot = false;
    // How many confirmations to wait for before the kill, a prime apart so that it hits other moments each time.
    for confirmations in [1, 7, 53, 211, 97, 3, 149, 307] {
        let mut child = start(&path);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut numbers =
            lines.filter_map(|line| line.unwrap().split_once("on disk ")?.1.parse::<u64>().ok());
        let heard = numbers.by_ref().nth(confirmations - 1).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still said before it died counts too.
        let confirmed = numbers.last().unwrap_or(heard);
        let report = verify(&path).unwrap();
        assert!(report.is_whole(), "after {confirmations}: {report:?}");
        let last = report.first + report.commits - 1;
        assert!(last >= confirmed, "{last} of {confirmed} commits");
        let reader = JournalReader::open(&path).unwrap();
        let read = reader.commits_from(report.first).map(Result::unwrap).collect::<Vec<_>>();
        assert!(read == written(report.first, last), "what is there is what was written");
        let files = reader.base_files().unwrap().map(|files| files.activated_in);
        let due = report.first.checked_sub(2).map(|before_last| before_last / 100 * 100 + 1);
        assert_eq!(files, due, "the files that were active before commit {}", report.first);
        forgot |= report.first > 1;
    }
    assert!(forgot, "some of it was let go");
}
