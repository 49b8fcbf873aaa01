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
use davy_journal::{Journal, JournalReader, Options, Snapshot, verify};

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
        number = journal.append(&commits(number + 1, number + group)).unwrap().number;
        writeln!(out, "on disk {number}").unwrap();
        if number % 50 < 4 {
            let snapshot =
                Snapshot { number, at: at(number as i64), schema: 1, bytes: vec![number as u8; 9000] };
            journal.save_snapshot(&snapshot).unwrap();
        }
    }
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
        assert!(report.commits >= confirmed, "{} of {confirmed} commits", report.commits);
        let read =
            JournalReader::open(&path).unwrap().commits_from(1).map(Result::unwrap).collect::<Vec<_>>();
        assert!(read == commits(1, report.commits), "what is there is what was written");
    }
}
