//! A running Davy: the binary in a process of its own.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use crate::{LONG, davy_binary, wait_until};

/// What a process has said so far; shared with the thread that writes it down for as long as there is more to come.
pub(crate) type Paper = Arc<Mutex<String>>;

/// A Davy in a process of its own; killed, and its log told if the test fails, when it goes out of scope.
#[derive(Debug)]
pub struct Davy {
    child: Child,
    out: Paper,
    log: Paper,
}

impl Davy {
    /// `davy serve --config CONFIG`, listening.
    ///
    /// # Panics
    /// When it does not listen within a minute.
    pub async fn serve(config: &Path) -> Davy {
        let mut davy = Davy::start(config);
        davy.until_it_listens().await;
        davy
    }

    /// As [`serve`](Davy::serve), with gRPC at a port that is known already.
    ///
    /// # Panics
    /// When it does not listen within a minute.
    pub async fn serve_on(config: &Path, port: u16) -> Davy {
        let at = format!("127.0.0.1:{port}");
        let mut davy = Davy::spawn(&["serve", "--config", &config.display().to_string(), "--http", &at]);
        davy.until_it_listens().await;
        davy
    }

    /// `davy serve --config CONFIG`, just started: it may not listen yet.
    ///
    /// # Panics
    /// When the binary does not run.
    pub fn start(config: &Path) -> Davy {
        Davy::spawn(&["serve", "--config", &config.display().to_string()])
    }

    /// `davy` with those words in that folder, as a page says it, but on ports that the system chooses; listening.
    ///
    /// # Panics
    /// When it does not listen within a minute.
    pub async fn as_a_page_says(folder: &Path, words: &[&str]) -> Davy {
        let ports = ["--http", "127.0.0.1:0", "--door", "127.0.0.1:0"];
        let mut davy = Davy::spawn_in(folder, &[words, &ports].concat());
        davy.until_it_listens().await;
        davy
    }

    /// `WRAPPER davy serve --config CONFIG`, just started. The wrapper must become Davy, so that it is Davy that is killed and
    /// waited for.
    ///
    /// # Panics
    /// When the wrapper does not run.
    pub fn start_under(wrapper: &[String], config: &Path) -> Davy {
        let (program, first) = wrapper.split_first().expect("a wrapper has a name");
        let mut command = Command::new(program);
        command.args(first).arg(davy_binary()).arg("serve").arg("--config").arg(config);
        Davy::run(command)
    }

    /// `davy demo` on ports that the system chooses, with more arguments, listening.
    ///
    /// # Panics
    /// When it does not listen within a minute.
    pub async fn demo(args: &[&str]) -> Davy {
        let mut davy =
            Davy::spawn(&[&["demo", "--http", "127.0.0.1:0", "--door", "127.0.0.1:0"], args].concat());
        davy.until_it_listens().await;
        davy
    }

    fn spawn(args: &[&str]) -> Davy {
        Davy::spawn_in(Path::new("."), args)
    }

    fn spawn_in(folder: &Path, args: &[&str]) -> Davy {
        let mut command = Command::new(davy_binary());
        command.args(args).current_dir(folder);
        Davy::run(command)
    }

    fn run(mut command: Command) -> Davy {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let out = listen_to(child.stdout.take().expect("piped"));
        let log = listen_to(child.stderr.take().expect("piped"));
        Davy { child, out, log }
    }

    /// Waits until it says where it listens.
    ///
    /// # Panics
    /// When it ends instead, or says nothing within a minute.
    pub async fn until_it_listens(&mut self) {
        let listens = self.listens_or_ends().await;
        assert!(listens, "davy ended before it listened:\n{}", self.log());
    }

    /// Waits until it says where its door is (true), or has ended without (false).
    ///
    /// # Panics
    /// When it does neither within a minute.
    pub async fn listens_or_ends(&mut self) -> bool {
        let (child, log) = (&mut self.child, &self.log);
        wait_until("davy listens", LONG, async || {
            // Looked at before the log is read, so that the last words of one that ended count.
            let ended = child.try_wait().expect("a child can be waited for").is_some();
            let there = address_after(&read(log), HTTP_MARKS).is_some();
            (there || ended).then_some(there)
        })
        .await
    }

    /// Whether it has ended.
    ///
    /// # Panics
    /// When the system does not say.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_some()
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory it has held at once since it began, KiB: `VmHWM` of the system.
    ///
    /// # Panics
    /// When the system does not say, as of a process that ended.
    pub fn memory_peak_kib(&self) -> u64 {
        self.status_figure("VmHWM:")
    }

    /// The memory it holds now, KiB: `VmRSS` of the system.
    ///
    /// # Panics
    /// As [`Davy::memory_peak_kib`].
    pub fn memory_kib(&self) -> u64 {
        self.status_figure("VmRSS:")
    }

    fn status_figure(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.pid());
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let figure = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        figure.unwrap_or_else(|| panic!("no {name} in {path}"))
    }

    /// Where gRPC, `/metrics` and `/healthz` are.
    ///
    /// # Panics
    /// When it has not said so yet.
    pub fn http(&self) -> SocketAddr {
        address_after(&self.log(), HTTP_MARKS).expect("it listens")
    }

    /// Where MQTT is taken in.
    ///
    /// # Panics
    /// When it has no door.
    pub async fn door(&self) -> SocketAddr {
        wait_until("davy says where its door is", LONG, async || address_after(&self.log(), DOOR_MARKS)).await
    }

    /// Where HJ 212 boxes are listened to.
    ///
    /// # Panics
    /// When they are not.
    pub async fn hj212(&self) -> SocketAddr {
        wait_until("davy says where boxes connect", LONG, async || address_after(&self.log(), HJ212_MARKS))
            .await
    }

    /// `http://ADDRESS`, as `--server` takes it.
    pub fn url(&self) -> String {
        format!("http://{}", self.http())
    }

    /// What it wrote to standard error so far.
    pub fn log(&self) -> String {
        read(&self.log)
    }

    /// What it wrote to standard output so far.
    pub fn out(&self) -> String {
        read(&self.out)
    }

    /// SIGKILL, as a crash is.
    ///
    /// # Panics
    /// When the system does not let it.
    pub fn kill(&mut self) {
        self.child.kill().expect("one's own child can be killed");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, and its exit code.
    ///
    /// # Panics
    /// When it does not end within a minute, or otherwise than by itself.
    pub async fn stop(&mut self) -> i32 {
        self.signal("TERM");
        self.ended(LONG).await
    }

    /// SIGTERM, without waiting.
    pub fn ask_to_stop(&self) {
        self.signal("TERM");
    }

    /// SIGTERM, and whether it ended by itself, with 0. It may be killed on the way there.
    ///
    /// # Panics
    /// When it does not end within a minute.
    pub async fn stop_or_die(&mut self) -> bool {
        self.signal("TERM");
        let status = wait_until("davy ends", LONG, async || self.child.try_wait().expect("a child")).await;
        status.success()
    }

    /// That it said at its end that every reading of every site is accounted for.
    ///
    /// # Panics
    /// When it said otherwise, or nothing.
    pub fn check_account(&self) {
        let log = self.log();
        assert!(
            log.contains("balances=true") && !log.contains("balances=false"),
            "the account does not balance"
        );
    }

    /// SIGHUP: reads its files again.
    pub fn hang_up(&self) {
        self.signal("HUP");
    }

    /// Its exit code, once it has ended by itself.
    ///
    /// # Panics
    /// When it has not after `limit`, or was killed.
    pub async fn ended(&mut self, limit: Duration) -> i32 {
        let status = wait_until("davy ends", limit, async || self.child.try_wait().expect("a child")).await;
        self.until_all_is_heard().await;
        status.code().unwrap_or_else(|| panic!("davy was killed: {status}\n{}", self.log()))
    }

    /// SIGSTOP: it is there, and does nothing.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// SIGCONT: it goes on.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// Waits until the last words of one that has ended are written down.
    async fn until_all_is_heard(&self) {
        wait_until("davy's last words", LONG, async || (Arc::strong_count(&self.log) == 1).then_some(()))
            .await;
    }

    fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.child.id());
        // It may have been killed a moment ago; whoever waits for it will see.
        let _ = Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).status().expect("sh runs");
    }
}

impl Drop for Davy {
    fn drop(&mut self) {
        // It may have ended already; there is nobody left to tell anything else.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- davy said:\n{}--- end", self.log());
        }
    }
}

/// What stands before the address of gRPC, in `serve` and `demo`.
const HTTP_MARKS: &[&str] = &["on http://", "alerts out    http://"];
/// What stands before the address of the door.
const DOOR_MARKS: &[&str] = &["taken in at mqtt://", "readings in   mqtt://"];

/// What stands before the address for boxes.
const HJ212_MARKS: &[&str] = &["boxes are listened to at tcp://"];

fn address_after(text: &str, marks: &[&str]) -> Option<SocketAddr> {
    text.lines().find_map(|line| {
        let rest = marks.iter().find_map(|mark| Some(line.split_once(mark)?.1))?;
        rest.split_whitespace().next()?.parse().ok()
    })
}

pub(crate) fn listen_to(pipe: impl Read + Send + 'static) -> Paper {
    let paper = Paper::default();
    let written = Arc::clone(&paper);
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines() {
            let Ok(line) = line else { return };
            let mut text = written.lock().expect("no writer panics");
            text.push_str(&line);
            text.push('\n');
        }
    });
    paper
}

pub(crate) fn read(paper: &Paper) -> String {
    paper.lock().expect("no writer panics").clone()
}
