//! A Mosquitto of one's own: own port, own folder, gone with the test.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::*;

/// A broker with persistence that can be killed and started again.
pub(super) struct Mosquitto {
    folder: TempDir,
    pub(super) port: u16,
    child: Option<Child>,
}

impl Mosquitto {
    /// A broker that is not running yet; `None`, said aloud, where Mosquitto is not installed.
    pub(super) fn prepare() -> Option<Mosquitto> {
        let installed = Command::new("mosquitto").arg("-h").stdout(Stdio::null()).status().is_ok();
        if !installed {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "CI must have mosquitto");
            println!("skipped: mosquitto is not installed");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let path = folder.path().display();
        let config = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {path}/\n\
             max_queued_messages 0\nmax_inflight_messages 1000\n"
        );
        std::fs::write(folder.path().join("mosquitto.conf"), config).expect("writable");
        // Started as root it becomes another user, which must be able to write here.
        Command::new("chmod").arg("-R").arg("a+rwx").arg(folder.path()).status().expect("chmod");
        Some(Mosquitto { folder, port, child: None })
    }

    pub(super) async fn start(&mut self) {
        let child = Command::new("mosquitto")
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto starts");
        self.child = Some(child);
        let port = self.port;
        until("mosquitto listens", || TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    }

    /// kill -9.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it runs");
            child.wait().expect("it ends");
        }
    }

    /// Asks the broker to write its store now (SIGUSR1).
    pub(super) fn save(&self) {
        let id = self.child.as_ref().expect("it runs").id().to_string();
        assert!(Command::new("kill").args(["-USR1", &id]).status().expect("kill").success());
    }

    /// Whether the broker has written its store since `marker` was put into a message.
    pub(super) fn has_saved(&self, marker: &str) -> bool {
        let store = std::fs::read(self.folder.path().join("mosquitto.db")).unwrap_or_default();
        store.windows(marker.len()).any(|window| window == marker.as_bytes())
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}
