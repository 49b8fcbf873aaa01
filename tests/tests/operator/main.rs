//! What a newcomer, an operator and a stranger's programs do with Davy in their first hour.

mod again;
mod demo;
mod first_hour;
mod mirror;
mod pages;
mod publish;
mod record;
mod strangers;
mod verbs;

use std::net::SocketAddr;

use davy_tests::mqtt::{Login, Mqtt, Packet, Version};
use davy_tests::{Davy, Grpc, Setup};

/// The alarm that everybody's first reading raises.
const H2S: &str = "park:h2s:AT-0412/h2s";
const TOPIC: &str = "davy/v1/park/gw-1/readings";

/// The park of the sample, served, with nobody sending.
async fn park() -> (Setup, Davy, Grpc) {
    let mut setup = Setup::new();
    setup.sample("park");
    setup.configure("");
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    (setup, server, grpc)
}

/// A gateway of the park.
async fn gateway(door: SocketAddr) -> Mqtt {
    let login = Login { id: "gw-1", user: None };
    Mqtt::connect(door, Version::V311, login).await.expect("let in")
}

/// Sends a reading of the first gateway's and waits until it is durable.
async fn send(gateway: &mut Mqtt, tag: &str, value: f64) {
    send_to(gateway, TOPIC, tag, value).await;
}

async fn send_to(gateway: &mut Mqtt, topic: &str, tag: &str, value: f64) {
    let payload = format!(r#"{{"readings":[{{"tag":"{tag}","value":{value}}}]}}"#);
    let sent = gateway.publish(topic, payload.as_bytes()).await.expect("it goes out");
    let packet = gateway.next().await.expect("an answer");
    assert_eq!(packet, Packet::PubAck { id: sent, code: 0 }, "{payload}");
}
