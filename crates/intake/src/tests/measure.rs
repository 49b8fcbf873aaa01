//! What an acknowledgement costs: rumqttc's event loop, one write each, against the link, one write for all that are due.
//!
//! Prints figures and asserts none: `cargo test -p davy-intake --release -- --ignored --nocapture measure`.

use std::time::Instant;

use super::mosquitto::Mosquitto;
use super::*;
use crate::broker::{BrokerConfig, BrokerLink, LinkState};

const MESSAGES: usize = 20_000;
const ROUNDS: usize = 5;

/// Fills a session at the broker with messages nobody has taken yet.
async fn fill(port: u16, client_id: &str, seq: &mut u64) {
    let mut gateway = options("gw", port);
    gateway.set_request_channel_capacity(1000);
    gateway.set_outgoing_inflight_upper_limit(500);
    let mut gateway = Gateway::connect(gateway).await;
    let subscriber = persistent(port, client_id);
    let subscriber = Gateway::connect(subscriber).await;
    subscriber.client.subscribe("davy/v1/park/+/readings", QoS::AtLeastOnce).await.expect("runs");
    let Gateway { mut heard, task, .. } = subscriber;
    while !matches!(heard.recv().await.expect("it stands"), Packet::SubAck(_)) {}
    task.abort();
    for _ in 0..MESSAGES {
        *seq += 1;
        gateway
            .publish(READINGS, QoS::AtLeastOnce, &format!(r#"{{"seq":{seq},"values":{{"AT-1/h2s":1}}}}"#))
            .await;
    }
    for _ in 0..MESSAGES {
        gateway.puback().await;
    }
}

fn persistent(port: u16, client_id: &str) -> MqttOptions {
    let mut options = options(client_id, port);
    options.set_clean_start(false);
    options.set_session_expiry_interval(Some(3600));
    options.set_receive_maximum(Some(1000));
    options.set_manual_acks(true);
    options
}

/// User and system time of this process so far.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
    let ticks = |place: usize| fields[place].parse::<u64>().expect("a number");
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

async fn drain_event_loop(port: u16) {
    let (client, mut events) = AsyncClient::new(persistent(port, "loop"), 2000);
    // A task of its own, as one must: `try_ack` overruns the channel at this rate, and `ack` here would wait for itself.
    let (tell, mut due) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(publish) = due.recv().await {
            if client.ack(&publish).await.is_err() {
                return;
            }
        }
    });
    let mut acknowledged = 0;
    while acknowledged < MESSAGES {
        match events.poll().await.expect("it stands") {
            Event::Incoming(Packet::Publish(publish)) => tell.send(publish).expect("it runs"),
            Event::Outgoing(rumqttc::Outgoing::PubAck(_)) => acknowledged += 1,
            _ => {}
        }
    }
}

async fn drain_link(port: u16) {
    let mut setting = Setting::new(4 << 20);
    let link = BrokerLink::start(BrokerConfig::new("127.0.0.1", port, "link"), &setting.intake);
    let mut some = Vec::new();
    while (link.stats().acknowledged as usize) < MESSAGES {
        if let LinkState::Lost { why, .. } = link.state() {
            panic!("{why}, after {:?}", link.stats());
        }
        let wait = timeout(Duration::from_millis(1), setting.writer.0.recv_many(&mut some, 64)).await;
        if wait.is_ok() {
            some.drain(..).for_each(Parcel::committed);
        }
    }
    assert!(matches!(link.state(), LinkState::Subscribed { .. }));
    link.stop(DEADLINE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn measure() {
    let Some(mut broker) = Mosquitto::prepare() else { return };
    broker.start().await;
    let mut seq = 0;
    for round in 1..=ROUNDS {
        for name in ["loop", "link"] {
            fill(broker.port, name, &mut seq).await;
            let (began, cpu_before) = (Instant::now(), cpu());
            match name {
                "loop" => drain_event_loop(broker.port).await,
                _ => drain_link(broker.port).await,
            }
            let took = began.elapsed();
            let each_us = (cpu() - cpu_before).as_secs_f64() * 1e6 / MESSAGES as f64;
            let rate = MESSAGES as f64 / took.as_secs_f64();
            println!("round {round} {name}: {rate:.0} messages/s, {each_us:.1} us of CPU each");
        }
    }
}
