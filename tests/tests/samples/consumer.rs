//! A sample at work, in a folder of its own.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::PathBuf,
    process::{Child, Stdio},
    time::Duration,
};

use davy_tests::{LONG, wait_until};
use serde_json::Value;
use tempfile::TempDir;

use super::workshop::{self, Sample};

pub(crate) struct Consumer {
    sample: Sample,
    name: String,
    cursor: String,
    settings: Vec<(&'static str, String)>,
    folder: TempDir,
    child: Option<Child>,
}

impl Consumer {
    /// One of each language, not started yet; `settings` are its environment.
    pub(crate) async fn each(settings: &[(&'static str, String)]) -> Vec<Consumer> {
        let new = |sample: &Sample| Consumer {
            sample: sample.clone(),
            name: format!("sample-{}", sample.language),
            cursor: format!("sample-{}", sample.language),
            settings: settings.to_vec(),
            folder: tempfile::Builder::new().prefix("davy-sample-").tempdir().expect("a folder"),
            child: None,
        };
        workshop::all().await.iter().map(new).collect()
    }

    pub(crate) fn language(&self) -> &'static str {
        self.sample.language
    }

    /// What it calls itself.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What Davy keeps its cursor under.
    pub(crate) fn cursor(&self) -> &str {
        &self.cursor
    }

    pub(crate) fn called_by_davy(&mut self, name: &str) {
        name.clone_into(&mut self.cursor);
    }

    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.settings.push((name, value.to_owned()));
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn paper(&self, name: &str) -> File {
        OpenOptions::new().create(true).append(true).open(self.path(name)).expect("writable")
    }

    pub(crate) fn start(&mut self) {
        let mut command = self.sample.command();
        command.arg("--print").current_dir(self.folder.path()).stdin(Stdio::null());
        command.stdout(self.paper("out")).stderr(self.paper("err"));
        for name in ["DAVY_SERVER", "DAVY_CA", "DAVY_CERTIFICATE", "DAVY_KEY", "DAVY_TOKEN_FILE"] {
            command.env_remove(name);
        }
        command.env("DAVY_CONSUMER", &self.name).envs(self.settings.iter().cloned());
        self.child = Some(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")));
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it was started");
        let ended = child.try_wait().expect("a child");
        assert!(ended.is_none(), "{} ended by itself: {ended:?}\n{}", self.language(), self.said());
        child.kill().expect("one's own child can be killed");
        child.wait().expect("it ends");
    }

    /// Its exit code, once it has ended by itself.
    pub(crate) async fn ended(&mut self) -> i32 {
        let what = format!("{} ends", self.language());
        let child = self.child.as_mut().expect("it was started");
        let status = wait_until(&what, LONG, async || child.try_wait().expect("a child")).await;
        self.child = None;
        status.code().unwrap_or(-1)
    }

    /// What it wrote to standard error, over all its lives.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.path("err")).unwrap_or_default()
    }

    /// What it wrote to standard output.
    pub(crate) fn printed(&self) -> Vec<Value> {
        davy_tests::lines_of(&fs::read_to_string(self.path("out")).unwrap_or_default())
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path("done.jsonl")).unwrap_or_default()
    }

    /// What it has done: whole lines only.
    pub(crate) fn done(&self) -> Vec<Value> {
        let text = self.text();
        davy_tests::lines_of(&text[..text.rfind('\n').map_or(0, |last| last + 1)])
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.done().iter().map(|line| line["id"].as_str().expect("an id").to_owned()).collect()
    }

    pub(crate) async fn until_done(&self, what: &str, is_enough: impl Fn(&[Value]) -> bool) {
        let what = format!("{}: {what}", self.language());
        wait_until(&what, LONG, async || is_enough(&self.done()).then_some(())).await;
    }

    pub(crate) async fn until_said(&self, words: &str) {
        let what = format!("{} says {words:?}", self.language());
        wait_until(&what, LONG, async || self.said().contains(words).then_some(())).await;
    }

    /// What an earlier life left.
    pub(crate) fn has_done(&self, line: &str) {
        fs::write(self.path("done.jsonl"), format!("{line}\n")).expect("writable");
    }

    /// What a kill in the middle of a write leaves.
    pub(crate) fn tear(&self) {
        let mut file =
            OpenOptions::new().append(true).open(self.path("done.jsonl")).expect("it has done something");
        file.write_all(br#"{"id": "park:h2s:AT-04"#).expect("writable");
    }

    /// A moment in which it could still do something wrong.
    pub(crate) async fn idle() {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended.
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- {} said:\n{}--- end", self.language(), self.said());
        }
    }
}
