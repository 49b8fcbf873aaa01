//! Through Mosquitto: `davy serve`, judged and durable, against a bare `rumqttc` subscriber that decodes nothing.
//!
//! Floor: a subscriber at QoS 1 that acknowledges at once. Budget: ≥ 0.9 of its messages/s.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use davy_benches::{
    davy::{Davy, channel},
    load::Load,
    mosquitto::Mosquitto,
    process::Process,
    table::{line, median},
};
use davy_proto::v1::SystemServiceGetStatusRequest;
use davy_server::rpc::v1::system_service_client::SystemServiceClient;
use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, QoS};

const CONNECTIONS: usize = 10;
const MESSAGES: usize = 10_000;
const TAGS: usize = 10_000;
const ROUNDS: usize = 5;

/// As a process of its own: counts what it gets, and says so at the end.
async fn subscribe(port: u16, total: usize) -> Result<()> {
    let mut options = MqttOptions::new("floor", "127.0.0.1", port);
    options.set_max_packet_size(1 << 20, 1 << 20).set_clean_session(false);
    let (client, mut events) = AsyncClient::new(options, 10_000);
    client.subscribe("davy/v1/bench/+/readings", QoS::AtLeastOnce).await?;
    let mut received = 0;
    let mut started = None;
    while received < total {
        match events.poll().await? {
            Event::Incoming(Incoming::SubAck(_)) => println!("ready"),
            Event::Incoming(Incoming::Publish(_)) => {
                started.get_or_insert_with(Instant::now);
                received += 1;
            }
            _ => {}
        }
    }
    println!("{}", started.map_or(0.0, |started| started.elapsed().as_secs_f64()));
    Ok(())
}

fn floor() -> Result<f64> {
    let mosquitto = Mosquitto::start()?;
    let total = CONNECTIONS * MESSAGES;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["subscribe", &mosquitto.port.to_string(), &total.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let out = child.stdout.take().context("its output")?;
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(out));
    lines.next().context("the subscriber ended")??;
    let _process = Process { child };
    load(mosquitto.port).run()?;
    let seconds: f64 = lines.next().context("the subscriber ended")??.parse()?;
    Ok(total as f64 / seconds)
}

fn load(port: u16) -> Load {
    Load { port, connections: CONNECTIONS, window: 500, messages: MESSAGES, batch: 1, rate: None, tags: TAGS }
}

async fn judged(http: u16) -> Result<u64> {
    let mut client = SystemServiceClient::new(channel(http).await?);
    let status = client.get_status(SystemServiceGetStatusRequest {}).await?.into_inner();
    Ok(status
        .sites
        .first()
        .and_then(|site| site.readings.as_ref())
        .map_or(0, |readings| readings.evaluated + readings.dropped))
}

async fn ours() -> Result<(f64, f64)> {
    let mosquitto = Mosquitto::start()?;
    let davy = Davy::start(TAGS, CONNECTIONS, Some(mosquitto.port))?;
    // Its subscription stands once a probe has come through.
    let until = Instant::now() + Duration::from_secs(30);
    while judged(davy.http).await? == 0 {
        if Instant::now() > until {
            bail!("davy does not hear the broker");
        }
        let probe = Load { connections: 1, messages: 1, ..load(mosquitto.port) };
        tokio::task::spawn_blocking(move || probe.run()).await??;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let before = judged(davy.http).await?;
    let cpu_before = davy.process.cpu_us()?;
    let started = Instant::now();
    let sending = load(mosquitto.port);
    let sent = tokio::task::spawn_blocking(move || sending.run());
    let total = (CONNECTIONS * MESSAGES) as u64;
    while judged(davy.http).await? < before + total {
        if started.elapsed() > Duration::from_secs(120) {
            bail!("davy judged {} of {total}", judged(davy.http).await? - before);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = started.elapsed().as_secs_f64();
    sent.await??;
    Ok((total as f64 / took, (davy.process.cpu_us()? - cpu_before) as f64 / total as f64))
}

#[tokio::main]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    if let [_, verb, port, total] = args.as_slice() {
        anyhow::ensure!(verb == "subscribe", "no verb {verb}");
        return subscribe(port.parse()?, total.parse()?).await;
    }
    println!("through mosquitto, QoS 1, single readings, 10 publishers");
    let (mut davy, mut cpu, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (per_s, cpu_us) = ours().await?;
        davy.push(per_s);
        cpu.push(cpu_us);
        bare.push(tokio::task::spawn_blocking(floor).await??);
    }
    let (davy, bare) = (median(davy), median(bare));
    line("davy serve, judged and durable", &format!("{davy:.0} msg/s, {:.1} µs CPU/msg", median(cpu)), "");
    line("bare rumqttc subscriber", &format!("{bare:.0} msg/s"), "");
    line("ratio", &format!("{:.2}", davy / bare), "budget ≥ 0.9");
    Ok(())
}
