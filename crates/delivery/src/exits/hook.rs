//! A program that is run for each alert: the alert as one line of JSON on its standard input. Never a shell.
//!
//! Its exit status is its answer: 0 took it, 65 (`EX_DATAERR` of sysexits) will never take this one, anything else is tried again.

use std::{path::PathBuf, process::Stdio, time::Duration};

use async_trait::async_trait;
use davy_model::{Tier, TransitionKind};
use davy_proto::alert_json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{ChildStderr, Command},
    time::timeout,
};

use super::{Exit, Gap, Notice, Outcome};

/// `EX_DATAERR`.
const NEVER: i32 = 65;
/// How much of its standard error is kept, bytes.
const WORDS_LEN_MAX: u64 = 300;

/// A program, as configured.
#[derive(Clone, Debug)]
pub struct HookConfig {
    /// The program: a whole path.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// How long it may run; then it is killed.
    pub timeout: Duration,
}

/// One program, run for one alert after the other.
pub struct Hook {
    config: HookConfig,
}

impl Hook {
    /// A way there. Nothing runs yet.
    pub fn new(config: HookConfig) -> Hook {
        Hook { config }
    }

    async fn run(&self, notice: &Notice) -> Result<Outcome, String> {
        let mut command = Command::new(&self.config.program);
        command
            .args(&self.config.arguments)
            // What Davy was told by its environment, secrets too, is none of the program's business.
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(environment(notice))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("it cannot be run: {error}"))?;
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        let said = tokio::spawn(words(stderr));
        let ran = timeout(self.config.timeout, async {
            if let Some(mut stdin) = stdin {
                // A program that does not read is asked by its exit status all the same.
                let _ = stdin.write_all(line(notice).as_bytes()).await;
            }
            child.wait().await
        });
        let Ok(ended) = ran.await else {
            said.abort();
            return Err(format!("still running after {} s: killed", self.config.timeout.as_secs_f32()));
        };
        let status = ended.map_err(|error| error.to_string())?;
        // What it left behind may hold standard error open.
        let said = timeout(Duration::from_millis(200), said).await;
        let said = said.ok().and_then(Result::ok).unwrap_or_default();
        let why = format!("{status}: {said}");
        Ok(match status.code() {
            Some(0) => Outcome::Delivered("exit status: 0".to_owned()),
            Some(NEVER) => Outcome::Refused(why),
            Some(_) | None => Outcome::again(why),
        })
    }
}

#[async_trait]
impl Exit for Hook {
    async fn deliver(&mut self, notice: &Notice) -> Outcome {
        self.run(notice).await.unwrap_or_else(Outcome::again)
    }
}

/// The first words of its standard error; the rest is read, so that it is not held up.
async fn words(stderr: Option<ChildStderr>) -> String {
    let Some(mut stderr) = stderr else { return String::new() };
    let mut first = Vec::new();
    let _ = (&mut stderr).take(WORDS_LEN_MAX).read_to_end(&mut first).await;
    let mut rest = [0; 4096];
    while stderr.read(&mut rest).await.is_ok_and(|len| len > 0) {}
    String::from_utf8_lossy(&first).trim().to_owned()
}

fn environment(notice: &Notice) -> Vec<(&'static str, String)> {
    let mut all = vec![("DAVY_ID", notice.id()), ("DAVY_SITE", notice.site().to_owned())];
    match notice {
        Notice::Alert(alert) => {
            let kind = TransitionKind::try_from(alert.transition()).map_or("changed", TransitionKind::word);
            all.push(("DAVY_EVENT", kind.to_owned()));
            all.push(("DAVY_ALARM", alert.alarm.clone()));
            all.push(("DAVY_TIER", Tier::try_from(alert.tier()).map_or("", Tier::word).to_owned()));
        }
        Notice::Gap(_) => all.push(("DAVY_EVENT", "gap".to_owned())),
    }
    // No variable of a system has a NUL in it.
    all.retain(|(_, value)| !value.contains('\0'));
    all
}

fn line(notice: &Notice) -> String {
    match notice {
        Notice::Alert(alert) => alert_json(alert) + "\n",
        Notice::Gap(gap) => gap.json(&notice.id()) + "\n",
    }
}

impl Gap {
    /// As one JSON object: its id, and which transitions cannot be told, and why.
    pub(super) fn json(&self, id: &str) -> String {
        serde_json::json!({
            "gap": true, "id": id, "site": *self.site, "from_sequence": self.from_sequence,
            "to_sequence": self.to_sequence, "reason": self.reason.word(), "found_time": self.found.to_string(),
        })
        .to_string()
    }
}
