//! The Alertmanager of Debian, where it is installed, takes what it is told, by the sample configuration that ships.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use davy_delivery::exits::{Alertmanager, AlertmanagerConfig, Exit, HttpTarget, Notice, Outcome};
use davy_model::{Condition, Tier, Timestamp, Transition, TransitionKind};
use davy_proto::alert_of;
use serde_json::Value;

use crate::plant::transition;

/// The name that Debian gives it.
const PROGRAM: &str = "prometheus-alertmanager";

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn alertmanager_has_what_stands_and_lets_go_of_what_does_not() {
    if Command::new(PROGRAM).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        eprintln!("skipped: no {PROGRAM} here");
        return;
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/alertmanager/alertmanager.yml");
    let child = Command::new(PROGRAM)
        .arg(format!("--config.file={}", sample.display()))
        .arg(format!("--storage.path={}", folder.path().display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _running = Running(child.unwrap());
    // Alertmanager goes by the clock of its machine.
    let now = || Timestamp::from_micros(micros_now());
    let target = HttpTarget::new(&format!("http://127.0.0.1:{port}"), None, false).unwrap();
    let config =
        AlertmanagerConfig { targets: vec![target], timeout: Duration::from_secs(5), authorization: None };
    let mut way = Alertmanager::new(config, std::sync::Arc::new(now));
    let mut alarm = transition(1, Tier::Yellow);
    alarm.first_out_time = Some(now());
    until_taken(&mut way, &alarm).await;
    until_active(port, &["yellow"]).await;
    alarm.kind = TransitionKind::TierRaised;
    alarm.facts.tier = Tier::Red;
    until_taken(&mut way, &alarm).await;
    until_active(port, &["red"]).await;
    alarm.facts.condition = Condition::Normal;
    until_taken(&mut way, &alarm).await;
    until_active(port, &[]).await;
}

async fn until_taken(way: &mut Alertmanager, alarm: &Transition) {
    let notice = Notice::Alert(Box::new(alert_of(alarm, true)));
    let mut last = None;
    for _ in 0..100 {
        match way.deliver(&notice).await {
            Outcome::Delivered(_) => return,
            other => last = Some(other),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it takes nothing: {last:?}");
}

/// What it was told it shows a moment later.
async fn until_active(port: u16, due: &[&str]) {
    let mut last = Vec::new();
    for _ in 0..100 {
        last = active(port);
        if last == due {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(last, due);
}

/// The tiers of what fires there.
fn active(port: u16) -> Vec<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.write_all(b"GET /api/v2/alerts HTTP/1.0\r\nhost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    let alerts: Vec<Value> = serde_json::from_str(body).unwrap();
    alerts.iter().map(|alert| alert["labels"]["tier"].as_str().unwrap().to_owned()).collect()
}

fn micros_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}
