//! A program run for every word: a horn, a relay, a text message. Never a shell.

use std::{path::PathBuf, process::Stdio, time::Duration};

use tokio::{process::Command, sync::mpsc, task::JoinHandle, time::timeout};

use super::word::Word;

/// How long the program may take: the next word waits for it.
const RUN_MAX: Duration = Duration::from_secs(30);
/// How many words may wait for it. More are told everywhere else, and the log says so.
const WAITING_MAX: usize = 64;

/// The program, run for one word after the other, in order, beside the watching.
#[derive(Debug)]
pub(super) struct Hook {
    words: mpsc::Sender<Word>,
    running: JoinHandle<()>,
}

impl Hook {
    /// Runs `program` with these arguments for every word to come.
    pub(super) fn start(program: PathBuf, arguments: Vec<String>) -> Hook {
        let (words, mut waiting) = mpsc::channel::<Word>(WAITING_MAX);
        let running = tokio::spawn(async move {
            while let Some(word) = waiting.recv().await {
                if let Err(why) = run(&program, &arguments, &word).await {
                    eprintln!("--exec {}: {why}", program.display());
                }
            }
        });
        Hook { words, running }
    }

    /// Has the program run for a word, when its turn comes.
    pub(super) fn call(&self, word: &Word) {
        if self.words.try_send(word.clone()).is_err() {
            eprintln!("--exec: {WAITING_MAX} words wait already; not run for: {}", word.message);
        }
    }

    /// Waits until the program has run for every word.
    pub(super) async fn finish(self) {
        drop(self.words);
        // It does not panic; if it did, that was told where it happened.
        let _ = self.running.await;
    }
}

async fn run(program: &PathBuf, arguments: &[String], word: &Word) -> Result<(), String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("DAVY_EVENT", word.kind.word())
        .env("DAVY_SITE", &word.site)
        .env("DAVY_SILENT_S", format!("{:.3}", word.silent.as_secs_f64()))
        .env("DAVY_MESSAGE", &word.message)
        .stdin(Stdio::null())
        // Standard output is the verb's own.
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    match timeout(RUN_MAX, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(status.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("still running after {RUN_MAX:?}: killed")),
    }
}
