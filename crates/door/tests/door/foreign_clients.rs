//! Clients written by others: paho (Python) and Mosquitto's. Where they are not installed the test says so and passes, but
//! with `CI=true` their absence is a failure. `DAVY_PYTHON` names another Python than the machine's.

use std::io::Write;
use std::process::{Output, Stdio};
use std::time::Duration;

use bytes::Bytes;
use davy_door::{Closed, Qos};
use tokio::process::Command;
use tokio::time::timeout;

use crate::handler::{Receipts, open};

async fn run(program: &str, args: &[&str]) -> Option<Output> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).kill_on_drop(true);
    match timeout(Duration::from_secs(60), command.output()).await.expect("it ends") {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("{program}: {error}"),
    }
}

/// Whether the test can go on; fails in CI if it cannot.
fn is_there(what: &str, found: bool) -> bool {
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(found || !in_ci, "{what} is not installed, and must be in CI");
    if !found {
        let _ = writeln!(std::io::stderr(), "SKIPPED: {what} is not installed");
    }
    found
}

fn shows(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paho_publishes_subscribes_and_is_refused() {
    let python = std::env::var("DAVY_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = run(&python, &["-c", "import paho.mqtt.client"]).await;
    if !is_there("paho-mqtt for Python", found.is_some_and(|output| output.status.success())) {
        return;
    }
    let (door, fake) = open(Receipts::Commit);
    let port = door.local_addr().port().to_string();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/door/paho_client.py");
    for version in ["3", "5"] {
        let publisher = door.publisher();
        // Again and again: until the script has subscribed nobody listens, or the client before, whose end the door has not seen yet.
        let speaker = tokio::spawn(async move {
            while publisher.publish("door/says", "hello", Qos::AtLeastOnce).is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let output = run(&python, &[script, &port, version]).await.expect("it is there");
        assert!(output.status.success(), "paho, version {version}: {}", shows(&output));
        speaker.abort();
    }
    let payloads = fake.payloads();
    let expected: Vec<_> = (0..200).map(|n| format!("reading {n}")).collect();
    assert_eq!(payloads, [&expected[..], &expected[..]].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mosquitto_pub_publishes_and_is_refused() {
    let found = run("mosquitto_pub", &["--help"]).await;
    if !is_there("mosquitto_pub", found.is_some()) {
        return;
    }
    let (door, fake) = open(Receipts::Commit);
    let port = door.local_addr().port().to_string();
    for version in ["mqttv311", "mqttv5"] {
        let args = ["-p", &port, "-V", version, "-q", "1", "-t", "a/b", "-m", "hello", "-r", "-i", "pub"];
        let output = run("mosquitto_pub", &args).await.expect("it is there");
        assert!(output.status.success(), "{version}: {}", shows(&output));
        let refused = [&args[..], &["-u", "nobody", "-P", "x"]].concat();
        let output = run("mosquitto_pub", &refused).await.expect("it is there");
        assert!(!output.status.success(), "{version}: let in: {}", shows(&output));
    }
    assert_eq!(fake.until_closed(2).await, [Closed::Disconnected; 2]);
    assert_eq!(fake.payloads(), ["hello", "hello"]);
    assert!(fake.messages().iter().all(|message| message.retain && message.qos == Qos::AtLeastOnce));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mosquitto_sub_hears_the_door() {
    let found = run("mosquitto_sub", &["--help"]).await;
    if !is_there("mosquitto_sub", found.is_some()) {
        return;
    }
    let (door, _fake) = open(Receipts::Commit);
    let port = door.local_addr().port().to_string();
    for version in ["mqttv311", "mqttv5"] {
        let publisher = door.publisher();
        // Again and again: who hears the first may be the client before, whose end the door has not seen yet.
        let speaker = tokio::spawn(async move {
            let text = || Bytes::from_static(b"hello");
            while publisher.publish("a/b", text(), Qos::AtLeastOnce).is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let args = ["-p", &port, "-V", version, "-q", "1", "-t", "a/+", "-C", "1", "-W", "30"];
        let output = run("mosquitto_sub", &args).await.expect("it is there");
        assert!(output.status.success(), "{version}: {}", shows(&output));
        assert_eq!(output.stdout, b"hello\n", "{version}");
        speaker.abort();
    }
}
