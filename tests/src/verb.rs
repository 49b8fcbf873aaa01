//! `davy` called as a shell calls it.

use std::{
    ffi::OsStr,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::{task::spawn_blocking, time::timeout};

use crate::davy_binary;

/// How long a verb may take.
const LIMIT: Duration = Duration::from_secs(300);

/// What a call of `davy` came to.
#[derive(Clone, Debug)]
pub struct Said {
    /// The call, to be told when something is wrong with it.
    pub call: String,
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Calls `davy` and waits for its end.
///
/// # Panics
/// When it takes more than five minutes, or does not run at all.
pub async fn davy<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Said {
    let mut command = Command::new(davy_binary());
    command.args(args).env_remove("DAVY_SERVER");
    Said::by(command).await
}

impl Said {
    /// What a command comes to.
    ///
    /// # Panics
    /// When it takes more than five minutes, or does not run at all.
    pub async fn by(mut command: Command) -> Said {
        let call = format!("{command:?}");
        command.stdin(Stdio::null());
        let output = timeout(LIMIT, spawn_blocking(move || command.output())).await;
        let output = output.unwrap_or_else(|_| panic!("{call}: not done after {LIMIT:?}"));
        let output =
            output.expect("waiting does not panic").unwrap_or_else(|error| panic!("{call}: {error}"));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_else(|_| panic!("{call}: not UTF-8"));
        let (out, err) = (text(output.stdout), text(output.stderr));
        Said { code: output.status.code().unwrap_or(-1), call, out, err }
    }

    /// Itself, when it ended with that code.
    ///
    /// # Panics
    /// When it ended otherwise.
    pub fn ended(self, code: i32) -> Said {
        assert!(
            self.code == code,
            "{}: exit code {}, expected {code}\n{}\n{}",
            self.call,
            self.code,
            self.out,
            self.err
        );
        self
    }

    /// Standard output as JSON, one object a line.
    ///
    /// # Panics
    /// When a line is no JSON.
    pub fn json(&self) -> Vec<Value> {
        lines_of(&self.out)
    }

    /// The one JSON object on standard output.
    ///
    /// # Panics
    /// When there is not exactly one.
    pub fn one(&self) -> Value {
        let mut lines = self.json();
        assert!(lines.len() == 1, "{}: expected one line\n{}", self.call, self.out);
        lines.remove(0)
    }

    /// The code of a refusal that `--json` told.
    ///
    /// # Panics
    /// When the call did not end with 1, or told none.
    pub fn refused(self) -> String {
        let value = self.ended(1).one();
        let code = value["refused"]["code"].as_str();
        code.unwrap_or_else(|| panic!("no refusal in {value}")).to_owned()
    }
}

/// Text as JSON, one object a line.
///
/// # Panics
/// When a line is no JSON.
pub fn lines_of(text: &str) -> Vec<Value> {
    let read =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON ({error}): {line}"));
    text.lines().map(read).collect()
}
