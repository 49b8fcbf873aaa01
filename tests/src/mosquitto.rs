//! A Mosquitto of one's own: own port, own folder, gone with the test.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::{LONG, paths::skipped, wait_until};

/// How often another port is tried when somebody else was quicker.
const TRIES: usize = 5;

/// Whether Mosquitto and its clients are installed; said aloud when not.
///
/// # Panics
/// In CI, when they are not.
pub fn has_mosquitto() -> bool {
    let runs = |name: &str| {
        let mut command = Command::new(name);
        command.arg("--help").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok()
    };
    let found = ["mosquitto", "mosquitto_pub"].into_iter().all(runs);
    if !found {
        skipped("mosquitto is not installed");
    }
    found
}

/// A running broker.
#[derive(Debug)]
pub struct Mosquitto {
    folder: TempDir,
    child: Child,
    addr: SocketAddr,
}

impl Mosquitto {
    /// Starts one on a free port of loopback, with `more` in its configuration. It drops nothing for want of room.
    /// `None`, said aloud, where Mosquitto is not installed.
    ///
    /// # Panics
    /// In CI, when it is not installed; when it does not listen within a minute.
    pub async fn start(more: &str) -> Option<Mosquitto> {
        if !has_mosquitto() {
            return None;
        }
        for _ in 0..TRIES {
            if let Some(broker) = Mosquitto::try_start(more).await {
                return Some(broker);
            }
        }
        panic!("mosquitto found no free port {TRIES} times");
    }

    async fn try_start(more: &str) -> Option<Mosquitto> {
        let folder = tempfile::Builder::new().prefix("davy-mosquitto-").tempdir().expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let addr = free.expect("a free port");
        let text = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nuser root\n\
             persistence_location {}/\nmax_inflight_messages 1000\nlog_dest stderr\n{more}\n",
            addr.port(),
            folder.path().display()
        );
        let config = folder.path().join("mosquitto.conf");
        fs::write(&config, text).expect("writable");
        let child = run(&folder);
        let mut broker = Mosquitto { folder, child, addr };
        broker.listens().await.then_some(broker)
    }

    /// Whether it listens; not, when it ended instead: then the port was taken.
    async fn listens(&mut self) -> bool {
        let (child, addr) = (&mut self.child, self.addr);
        wait_until("mosquitto listens", LONG, async || {
            if child.try_wait().expect("a child").is_some() {
                return Some(false);
            }
            TcpStream::connect(addr).await.is_ok().then_some(true)
        })
        .await
    }

    /// SIGKILL, as a crash is.
    ///
    /// # Panics
    /// When the system does not let it.
    pub fn kill(&mut self) {
        self.child.kill().expect("one's own child can be killed");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, and its end: with persistence it writes down what it holds.
    ///
    /// # Panics
    /// When it does not end within a minute.
    pub async fn stop(&mut self) {
        let script = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &script]).status().expect("sh runs").success(), "{script}");
        let child = &mut self.child;
        wait_until("mosquitto ends", LONG, async || child.try_wait().expect("a child")).await;
    }

    /// Starts it again after its end, at the same port, with what it wrote down.
    ///
    /// # Panics
    /// When it does not listen within a minute.
    pub async fn start_again(&mut self) {
        self.child = run(&self.folder);
        assert!(self.listens().await, "mosquitto does not listen again");
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `mqtt://ADDRESS`.
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.addr)
    }
}

/// Starts the broker of that folder.
fn run(folder: &TempDir) -> Child {
    let log = fs::File::options().create(true).append(true).open(folder.path().join("log"));
    let mut command = Command::new("mosquitto");
    command.arg("-c").arg(folder.path().join("mosquitto.conf")).current_dir(folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.expect("writable"));
    command.spawn().expect("mosquitto runs")
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!(
                "--- mosquitto said:\n{}--- end",
                fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
            );
        }
    }
}
