//! A gateway whose gas comes and goes, and that sends again what Davy has not acknowledged.

use std::{net::SocketAddr, time::Duration};

use davy_tests::mqtt::{Login, Mqtt, Packet, Version};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};

const EVERY: Duration = Duration::from_millis(40);
const TOPIC: &str = "davy/v1/park/gw-1/readings";

/// A port that nobody listens on just now.
pub(crate) async fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    free.local_addr().expect("an address").port()
}

/// Raises and clears alarms until it is aborted.
pub(crate) fn start(door: u16) -> JoinHandle<()> {
    let door = SocketAddr::from(([127, 0, 0, 1], door));
    tokio::spawn(async move {
        let mut number = 0;
        loop {
            // Davy is killed on purpose.
            let _ = send(door, &mut number, u32::MAX).await;
            sleep(EVERY).await;
        }
    })
}

/// Sends that many readings, each acknowledged.
pub(crate) async fn burst(door: SocketAddr, count: u32) {
    send(door, &mut 0, count).await.expect("Davy is there");
}

async fn send(door: SocketAddr, number: &mut u32, count: u32) -> std::io::Result<()> {
    let login = Login { id: "gw-1", user: None };
    let mut gateway = Mqtt::connect(door, Version::V311, login).await?;
    while *number < count {
        let value = f64::from((*number + 1) % 2) * 10.0;
        let payload = format!(r#"{{"readings":[{{"tag":"AT-0412/h2s","value":{value}}}]}}"#);
        let sent = gateway.publish(TOPIC, payload.as_bytes()).await?;
        let answer = gateway.next().await?;
        assert_eq!(answer, Packet::PubAck { id: sent, code: 0 }, "{payload}");
        *number += 1;
        sleep(EVERY).await;
    }
    Ok(())
}
