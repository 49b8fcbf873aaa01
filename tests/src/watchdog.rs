//! `davy watch-engine` in a process of its own.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::{
    davy::{Paper, listen_to, read},
    davy_binary, wait_until,
};

/// A running watchdog; killed, and told when the test fails, when it goes out of scope.
#[derive(Debug)]
pub struct Watchdog {
    child: Child,
    out: Paper,
    log: Paper,
    read: usize,
}

/// What it said.
#[derive(Clone, Debug)]
pub struct Word {
    /// `lost`, `back`, `canary_overdue`...
    pub event: String,
    /// Of which site; empty for all of Davy.
    pub site: String,
    /// For how long there was no heartbeat, s.
    pub silent_s: f64,
    /// In words.
    pub message: String,
}

impl Watchdog {
    /// `davy watch-engine --url URL --json ARGS...`
    ///
    /// # Panics
    /// When the binary does not run.
    pub fn start(url: &str, args: &[&str]) -> Watchdog {
        let mut command = Command::new(davy_binary());
        command.args(["watch-engine", "--url", url, "--json"]).args(args).env_remove("DAVY_SERVER");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let out = listen_to(child.stdout.take().expect("piped"));
        let log = listen_to(child.stderr.take().expect("piped"));
        Watchdog { child, out, log, read: 0 }
    }

    /// The next thing it says.
    ///
    /// # Panics
    /// When it says nothing within `limit`; `what` says what was waited for.
    pub async fn says(&mut self, what: &str, limit: Duration) -> Word {
        let (out, at) = (&self.out, self.read);
        let line = wait_until(what, limit, async || read(out).lines().nth(at).map(str::to_owned)).await;
        self.read += 1;
        let value: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let text = |key: &str| value[key].as_str().unwrap_or_else(|| panic!("no {key}: {line}")).to_owned();
        let silent_s = value["silent_s"].as_f64().unwrap_or_else(|| panic!("no silent_s: {line}"));
        Word { event: text("event"), site: text("site"), silent_s, message: text("message") }
    }

    /// What it has said and nobody has heard yet.
    pub fn unheard(&self) -> Vec<String> {
        read(&self.out).lines().skip(self.read).map(str::to_owned).collect()
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the watchdog said:\n{}{}--- end", read(&self.out), read(&self.log));
        }
    }
}
