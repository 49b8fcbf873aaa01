//! A real Mosquitto on a port of its own, and what the tests of this package share.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part of it")]

pub mod acker;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use davy_simulators::BrokerUrl;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tokio::sync::mpsc;

pub const PATIENCE: Duration = Duration::from_secs(30);

/// A broker that keeps nothing over a restart: the hardest one for a gateway.
pub struct Broker {
    child: Option<Child>,
    pub port: u16,
    _dir: tempfile::TempDir,
    config: PathBuf,
}

impl Broker {
    /// Starts one, or says that there is none to start.
    pub async fn start() -> Option<Broker> {
        let dir = tempfile::tempdir().expect("a directory");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let config = dir.path().join("mosquitto.conf");
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\n\
             max_inflight_messages 0\nlog_type error\nset_tcp_nodelay true\n"
        );
        std::fs::write(&config, text).expect("the broker's configuration");
        let mut broker = Broker { child: None, port, _dir: dir, config };
        if !broker.spawn() {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "mosquitto is not installed");
            println!("skipped: mosquitto is not installed");
            return None;
        }
        broker.ready().await;
        Some(broker)
    }

    pub fn url(&self) -> BrokerUrl {
        format!("mqtt://127.0.0.1:{}", self.port).parse().expect("a URL")
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the broker is ours");
            child.wait().expect("the broker ends");
        }
    }

    pub async fn restart(&mut self) {
        self.kill();
        assert!(self.spawn());
        self.ready().await;
    }

    fn spawn(&mut self) -> bool {
        for program in ["mosquitto", "/usr/sbin/mosquitto"] {
            let mut command = Command::new(program);
            command.arg("-c").arg(&self.config).stdout(Stdio::null()).stderr(Stdio::null());
            if let Ok(child) = command.spawn() {
                self.child = Some(child);
                return true;
            }
        }
        false
    }

    async fn ready(&self) {
        let reachable = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, reachable).await.expect("the broker listens");
    }

    /// Listens to everything, and again after a restart.
    pub async fn listen(&self) -> mpsc::UnboundedReceiver<Heard> {
        let mut options = MqttOptions::new("listener", "127.0.0.1", self.port);
        options.set_max_packet_size(1 << 20, 1 << 20);
        let (client, mut events) = AsyncClient::new(options, 100);
        let (tell, heard) = mpsc::unbounded_channel();
        let (ready, mut is_ready) = mpsc::channel(1);
        tokio::spawn(async move {
            while !tell.is_closed() {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        client.try_subscribe("davy/#", QoS::AtLeastOnce).expect("room");
                    }
                    Ok(Event::Incoming(Packet::SubAck(_))) => {
                        let _ = ready.try_send(());
                    }
                    Ok(Event::Incoming(Packet::Publish(publish))) => {
                        let payload = String::from_utf8(publish.payload.to_vec()).expect("text");
                        let _ = tell.send(Heard { topic: publish.topic, payload, retained: publish.retain });
                    }
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        });
        tokio::time::timeout(PATIENCE, is_ready.recv()).await.expect("subscribed");
        heard
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

#[derive(Debug, PartialEq)]
pub struct Heard {
    pub topic: String,
    pub payload: String,
    pub retained: bool,
}

/// The next message for which `wanted` gives something.
pub async fn next<T>(
    heard: &mut mpsc::UnboundedReceiver<Heard>,
    mut wanted: impl FnMut(&Heard) -> Option<T>,
) -> T {
    let search = async {
        loop {
            let message = heard.recv().await.expect("the listener lives");
            if let Some(found) = wanted(&message) {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, search).await.expect("the message comes")
}

/// The folder of recordings, when it is there.
pub fn recordings() -> Option<PathBuf> {
    let shared = std::env::var_os("DAVY_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"));
    let data = shared.join("data");
    if data.is_dir() {
        return Some(data);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "no recordings in {}", data.display());
    println!("skipped: no recordings in {}", data.display());
    None
}
