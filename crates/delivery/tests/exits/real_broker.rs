//! The same with a real Mosquitto, over TLS: it has what was acknowledged, and keeps how alarms stand.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use davy_delivery::exits::{Mqtt, MqttConfig, Wanted, tls_client};
use tempfile::TempDir;

use crate::{
    authority::{Authority, Identity},
    plant::Plant,
};

/// A broker on a port of its own, gone with the test.
struct Broker {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Broker {
    /// One that does not run yet; `None`, said aloud, where Mosquitto is not installed.
    fn prepare() -> Option<Broker> {
        let runs = |name: &str| Command::new(name).arg("--help").stdout(Stdio::null()).status().is_ok();
        if !["mosquitto", "mosquitto_sub"].into_iter().all(runs) {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "CI must have mosquitto");
            println!("skipped: mosquitto is not installed");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Some(Broker { folder: tempfile::tempdir().unwrap(), port, child: None })
    }

    /// Starts it with this certificate, instead of the one it had.
    async fn shows(&mut self, identity: &Identity) {
        self.end();
        let path = |name: &str| self.folder.path().join(name);
        fs::write(path("own.pem"), &identity.pem).unwrap();
        fs::write(path("own.key"), &identity.key_pem).unwrap();
        let shown = |name: &str| path(name).display().to_string();
        let config = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\nuser root\ncertfile {}\nkeyfile {}\n",
            self.port,
            shown("own.pem"),
            shown("own.key"),
        );
        fs::write(path("mosquitto.conf"), config).unwrap();
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(path("mosquitto.conf")).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What it keeps of the alarm that all of these stories are about.
    fn kept(&self, authority: &Path) -> String {
        let mut command = Command::new("mosquitto_sub");
        command.args(["-V", "mqttv5", "-h", "localhost", "-p", &self.port.to_string(), "--cafile"]);
        command.arg(authority).args(["-t", "davy/v1/park/states/#", "-C", "1", "-W", "30"]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.end();
    }
}

#[tokio::test]
async fn a_real_broker_gets_alarms_over_tls_when_its_certificate_is_mended() {
    let Some(mut broker) = Broker::prepare() else { return };
    let (plant, authority) = (Plant::new(), Authority::new("Plant"));
    let ca_file = broker.folder.path().join("ca.pem");
    fs::write(&ca_file, authority.pem()).unwrap();
    broker.shows(&Authority::new("Stranger").signs("localhost")).await;
    let exit = Box::new(Mqtt::new(MqttConfig {
        host: "localhost".to_owned(),
        port: broker.port,
        tls: Some(tls_client(authority.pem().as_bytes()).unwrap()),
        client_id: "davy-exit-desk".to_owned(),
        login: None,
        prefix: "davy/v1".to_owned(),
        timeout: Duration::from_secs(5),
    }));
    let running = plant.run_with(exit, Wanted::default()).await;
    plant.alarms(2);
    let told = || running.exits.trouble(running.door()).map(|(_, told)| told);
    running.until(|_| told().is_some_and(|told| told.contains("UnknownIssuer"))).await;

    broker.shows(&authority.signs("localhost")).await;
    running.exits.resume(running.door()).await.unwrap();
    running.dealt_with(2).await;
    let kept = broker.kept(&ca_file);
    assert!(kept.contains(&plant.id(2)), "{kept}");
    running.stop().await;
}
