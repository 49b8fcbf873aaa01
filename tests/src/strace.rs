//! Faults put under Davy's files by `strace`: the process is killed at its n-th call of a kind, or the call gives an error.
//!
//! Only calls on the files of one journal count. A fault begins with Davy, or is put under a running one and taken away
//! again. strace counts the calls of each kind by thread.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

use tokio::task::spawn_blocking;

use crate::{Davy, LONG, paths::skipped, wait_until};

/// The calls that make a file durable, or another file.
pub const DURABLE_CALLS: &[&str] =
    &["write", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "renameat2", "unlink", "unlinkat"];

/// What a journal's files are called beside the database.
const SUFFIXES: &[&str] = &["", "-wal", "-shm", ".sums", ".sums-new", ".new", ".new-journal", ".new-wal"];

/// Whether strace is there and may trace; said aloud when not.
///
/// # Panics
/// In CI, when it does not.
pub fn has_strace() -> bool {
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "/dev/null", "true"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let works = command.status().is_ok_and(|status| status.success());
    if !works {
        skipped("strace is not installed, or may not trace");
    }
    works
}

/// `strace ...` to start Davy under: it does `inject` to calls on the files of `journal`, and writes what it saw to `log`.
/// Davy stays the child of whoever starts it.
pub fn strace(journal: &Path, inject: Option<&str>, log: &Path) -> Vec<String> {
    let mut line = vec!["strace".to_owned(), "-D".to_owned()];
    line.extend(options(journal, inject, &log.display().to_string()));
    line
}

fn options(journal: &Path, inject: Option<&str>, log: &str) -> Vec<String> {
    let mut options: Vec<String> = ["-f", "-qq", "-y", "-o", log].map(str::to_owned).to_vec();
    options.extend(["-e".to_owned(), format!("trace={}", DURABLE_CALLS.join(","))]);
    let folder = journal.parent().expect("a journal lies in a folder");
    let files = SUFFIXES.iter().map(|suffix| format!("{}{suffix}", journal.display()));
    for path in files.chain([folder.display().to_string()]) {
        options.extend(["-P".to_owned(), path]);
    }
    if let Some(inject) = inject {
        options.extend(["-e".to_owned(), format!("inject={inject}")]);
    }
    options
}

/// How often each kind of call was made by the thread that made it most: so many moments there are to be killed at.
///
/// # Panics
/// When there is no such log.
pub fn calls_in(log: &Path) -> BTreeMap<String, u32> {
    let text = fs::read_to_string(log).unwrap_or_else(|error| panic!("{}: {error}", log.display()));
    let mut by_thread: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(char::is_whitespace) else { continue };
        let Some((call, _)) = rest.trim_start().split_once('(') else { continue };
        if DURABLE_CALLS.contains(&call) {
            *by_thread.entry((thread, call)).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((_, call), count) in by_thread {
        let known: &mut u32 = most.entry(call.to_owned()).or_default();
        *known = count.max(*known);
    }
    most
}

/// A fault under a running Davy.
#[derive(Debug)]
pub struct Fault {
    strace: Child,
}

impl Fault {
    /// Begins: from now on strace does `inject` to calls on the files of `journal`.
    ///
    /// # Panics
    /// When strace does not get hold of the process within a minute.
    pub async fn begin(davy: &Davy, journal: &Path, inject: &str) -> Fault {
        let mut command = Command::new("strace");
        command.args(["-p", &davy.pid().to_string()]);
        // Without -qq it says when it has the process.
        command
            .args(options(journal, Some(inject), "/dev/null").into_iter().filter(|option| option != "-qq"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut strace = command.spawn().expect("strace runs");
        let said = strace.stderr.take().expect("piped");
        let attached = tokio::time::timeout(LONG, spawn_blocking(move || until_attached(said))).await;
        let said = attached.expect("strace takes hold within a minute").expect("reading does not panic");
        assert!(said.is_none(), "strace: {said:?}");
        Fault { strace }
    }

    /// Ends: calls are what they were.
    ///
    /// # Panics
    /// When strace does not let go within a minute.
    pub async fn end(mut self) {
        let script = format!("kill -INT {}", self.strace.id());
        assert!(Command::new("sh").args(["-c", &script]).status().expect("sh runs").success(), "{script}");
        let strace = &mut self.strace;
        wait_until("strace lets go", LONG, async || strace.try_wait().expect("a child")).await;
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        // It may have ended already, with Davy or by itself.
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

/// Nothing, once it has the process; what it said instead, otherwise. What it says later is read and let go.
fn until_attached(said: ChildStderr) -> Option<String> {
    let mut lines = BufReader::new(said).lines();
    let mut all = String::new();
    while let Some(Ok(line)) = lines.next() {
        if line.contains("attached") {
            std::thread::spawn(move || lines.for_each(drop));
            return None;
        }
        all.push_str(&line);
    }
    Some(all)
}
