//! Publish → alert: by gRPC from Davy, against a bare MQTT echo through Mosquitto, in one run.
//!
//! Floor: a `rumqttc` client that sends every message back. Budget: p50 ≤ 1.5 ×, p99 ≤ 2.5 × the echo, plus the commit window
//! and one flush.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use davy_benches::{
    davy::Davy,
    load::{Load, connect},
    mosquitto::Mosquitto,
    table::line,
};
use davy_proto::v1::{
    AlertServiceSubscribeRequest, alert_service_subscribe_request::Start,
    alert_service_subscribe_response::Event as Told,
};
use davy_server::rpc::v1::alert_service_client::AlertServiceClient;
use hdrhistogram::Histogram;
use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, QoS};
use tokio_stream::StreamExt;

const ALARMS: usize = 400;
const EVERY: Duration = Duration::from_millis(10);

/// A reading past its limit, or back; each makes one transition.
fn packet(number: usize) -> Vec<u8> {
    let value = if number.is_multiple_of(2) { 85.0 } else { 50.0 };
    let topic = "davy/v1/bench/n0/readings";
    let payload = format!("{{\"readings\":[{{\"tag\":\"t0\",\"value\":{value},\"unit\":\"ppm\"}}]}}");
    let mut packet = vec![0x32, (2 + topic.len() + 2 + payload.len()) as u8, 0, topic.len() as u8];
    packet.extend_from_slice(topic.as_bytes());
    packet.extend_from_slice(&((number % 65_000 + 1) as u16).to_be_bytes());
    packet.extend_from_slice(payload.as_bytes());
    packet
}

/// Background of `rate` messages a second in all, that alarm nothing.
fn background(port: u16, rate: u32) -> std::thread::JoinHandle<()> {
    let seconds = (EVERY * ALARMS as u32).as_secs() as usize + 2;
    let load = Load {
        port,
        connections: 4,
        window: 500,
        messages: rate as usize / 4 * seconds,
        batch: 1,
        rate: Some(rate / 4),
        tags: 10_000,
    };
    std::thread::spawn(move || {
        // The load ends with the server; what it measured is not asked for.
        let _ = load.run();
    })
}

async fn by_grpc(rate: u32) -> Result<Histogram<u64>> {
    let davy = Davy::start(10_000, 10, None)?;
    let mut client = AlertServiceClient::new(davy.channel().await?);
    let request = AlertServiceSubscribeRequest { start: Some(Start::FromNow(true)), ..Default::default() };
    let mut alerts = client.subscribe(request).await?.into_inner();
    let _load = background(davy.door, rate);
    let mut socket = connect(davy.door, "prober")?;
    let mut latency_us = Histogram::new(3)?;
    for number in 0..ALARMS {
        let sent = Instant::now();
        socket.write_all(&packet(number))?;
        loop {
            let message =
                tokio::time::timeout(Duration::from_secs(10), alerts.next()).await.context("no alert")?;
            match message.context("the stream ended")??.event {
                Some(Told::Alert(alert)) if alert.subject == "t0" => break,
                Some(_) | None => {}
            }
        }
        latency_us.record(sent.elapsed().as_micros() as u64)?;
        tokio::time::sleep(EVERY).await;
    }
    Ok(latency_us)
}

async fn until_subscribed(events: &mut rumqttc::EventLoop) -> Result<()> {
    while !matches!(events.poll().await?, Event::Incoming(Incoming::SubAck(_))) {}
    Ok(())
}

async fn by_echo(rate: u32) -> Result<Histogram<u64>> {
    let mosquitto = Mosquitto::start()?;
    let mut options = MqttOptions::new("echo", "127.0.0.1", mosquitto.port);
    options.set_keep_alive(Duration::from_secs(30));
    let (echo, mut events) = AsyncClient::new(options, 10_000);
    echo.subscribe("davy/v1/bench/+/readings", QoS::AtLeastOnce).await?;
    until_subscribed(&mut events).await?;
    tokio::spawn(async move {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Incoming::Publish(publish)))
                    if publish.payload.windows(5).any(|at| at == b"\"t0\",") =>
                {
                    // A full queue would only make the echo look worse.
                    let _ = echo.try_publish("echo", QoS::AtLeastOnce, false, publish.payload);
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
    });
    let (heard, mut hears) = AsyncClient::new(MqttOptions::new("ear", "127.0.0.1", mosquitto.port), 100);
    heard.subscribe("echo", QoS::AtLeastOnce).await?;
    until_subscribed(&mut hears).await?;
    let _load = background(mosquitto.port, rate);
    let mut socket = connect(mosquitto.port, "prober")?;
    let mut latency_us = Histogram::new(3)?;
    for number in 0..ALARMS {
        let sent = Instant::now();
        socket.write_all(&packet(number))?;
        let until = sent + Duration::from_secs(10);
        let mark = if number.is_multiple_of(2) { &b"85"[..] } else { &b":50"[..] };
        loop {
            if Instant::now() > until {
                bail!("no echo");
            }
            if let Event::Incoming(Incoming::Publish(publish)) = hears.poll().await?
                && publish.payload.windows(mark.len()).any(|at| at == mark)
            {
                break;
            }
        }
        latency_us.record(sent.elapsed().as_micros() as u64)?;
        tokio::time::sleep(EVERY).await;
    }
    Ok(latency_us)
}

#[tokio::main]
async fn main() -> Result<()> {
    for rate in [2_000, 10_000] {
        println!("publish → alert, {rate} msg/s in the background");
        let grpc = by_grpc(rate).await?;
        let echo = by_echo(rate).await?;
        for (quantile, name, budget) in [(0.5, "p50", 1.5), (0.99, "p99", 2.5)] {
            let (ours, floor) =
                (grpc.value_at_quantile(quantile) as f64, echo.value_at_quantile(quantile) as f64);
            line(
                &format!("{name}: door → gRPC alert, against MQTT echo"),
                &format!("{:.2} ms, {:.2} ms", ours / 1e3, floor / 1e3),
                &format!("ratio {:.2}; budget {budget} × plus commit window and one flush", ours / floor),
            );
        }
    }
    Ok(())
}
