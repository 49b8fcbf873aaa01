//! A thousand gateways with ten readings a second each, all of which are cut off and come back at once.
//!
//! `DAVY_FLEET_SECONDS=600` lets them send for ten minutes.

use std::{
    env,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use davy_tests::{
    Davy, LONG, Metrics,
    mqtt::{Login, Mqtt, Packet, Version},
    wait_until,
};
use jiff::Timestamp;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, timeout},
};

use crate::plant::{Plant, SITE, tag_name, topic};

const GATEWAYS: usize = 1000;
/// Tags a gateway, each with one reading a second.
const TAGS: usize = 10;
/// For how long they send, s, unless `DAVY_FLEET_SECONDS` says otherwise. They are cut off half way.
const SECONDS: u64 = 20;
/// Before a gateway that was cut off tries again, and between two tries, ms.
const BACK_MS: u64 = 200;
/// How long all of them may take to come in.
const ARRIVAL: Duration = Duration::from_secs(120);

/// What all gateways share.
struct Fleet {
    door: SocketAddr,
    sent: AtomicU64,
    acknowledged: AtomicU64,
    connections: AtomicU64,
    /// Those that have come back from the storm of this number.
    back: [AtomicU64; 2],
}

/// What gateways are told to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Order {
    /// Measure and send.
    send: bool,
    /// How often all were cut off.
    storms: usize,
    /// Send what waits, and leave.
    leave: bool,
}

fn seconds() -> u64 {
    env::var("DAVY_FLEET_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SECONDS)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_gateways_that_come_back_at_once_are_all_accounted_for() {
    let plant = Plant { nodes: GATEWAYS, tags_each: TAGS };
    let setup = plant.setup("");
    let mut server = Davy::serve(&setup.config()).await;
    let fleet = Arc::new(Fleet {
        door: server.door().await,
        sent: AtomicU64::new(0),
        acknowledged: AtomicU64::new(0),
        connections: AtomicU64::new(0),
        back: [AtomicU64::new(0), AtomicU64::new(0)],
    });
    let storm = run(&fleet, Duration::from_secs(seconds())).await;
    let sent = fleet.sent.load(Ordering::Relaxed);
    assert_eq!(fleet.acknowledged.load(Ordering::Relaxed), sent, "readings acknowledged, and sent");
    let figures = Metrics::of(server.http()).await;
    let figure = |name: &str| figures.figure(name, &[("site", SITE)]);
    assert_eq!(figure("davy_readings_judged_total"), sent as f64, "each reading is judged once");
    let (peak_mib, bound_mib) = (server.memory_peak_kib() / 1024, memory_bound_mib(&server.log()));
    println!(
        "chaos: {GATEWAYS} gateways, {sent} readings in {} s, all back {} ms after the storm, {} connections; {} received, \
         balance 0; peak memory {peak_mib} MiB of {bound_mib} MiB printed at the start",
        seconds(),
        storm.as_millis(),
        fleet.connections.load(Ordering::Relaxed),
        figure("davy_readings_received_total"),
    );
    assert!(peak_mib < bound_mib, "{peak_mib} MiB, and the bound is {bound_mib} MiB");
    assert_eq!(server.stop().await, 0, "a stop that was asked for is no failure");
    server.check_account();
}

/// All come, send, are cut off, come back, send on, and leave when all is acknowledged. How long coming back took.
async fn run(fleet: &Arc<Fleet>, long: Duration) -> Duration {
    let (orders, heard) = watch::channel(Order::default());
    let mut gateways = JoinSet::new();
    for gateway in 0..GATEWAYS {
        gateways.spawn(Gateway::new(gateway, fleet, heard.clone()).run());
    }
    all_back(fleet, 0, "all gateways come in").await;
    let began = Instant::now();
    orders.send_modify(|order| order.send = true);
    sleep(long / 2).await;
    let storm = Instant::now();
    orders.send_modify(|order| order.storms = 1);
    all_back(fleet, 1, "all gateways come back").await;
    let storm = storm.elapsed();
    sleep(long.saturating_sub(began.elapsed())).await;
    orders.send_modify(|order| (order.send, order.leave) = (false, true));
    let drained = async {
        while let Some(gateway) = gateways.join_next().await {
            gateway.expect("no gateway fails");
        }
    };
    timeout(ARRIVAL, drained).await.expect("everything is acknowledged in the end");
    storm
}

/// What Davy said at its start.
fn memory_bound_mib(log: &str) -> u64 {
    let (_, rest) = log.split_once("memory_max_mib=").expect("the bound is printed");
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
}

async fn all_back(fleet: &Fleet, storm: usize, what: &str) {
    let all = GATEWAYS as u64;
    wait_until(what, ARRIVAL, async || (fleet.back[storm].load(Ordering::Relaxed) == all).then_some(()))
        .await;
}

struct Gateway {
    number: usize,
    fleet: Arc<Fleet>,
    orders: watch::Receiver<Order>,
    /// Payloads not acknowledged yet, the oldest first.
    waiting: Vec<String>,
    made: u64,
    /// Storms it has come back from, and the first arrival.
    arrived: usize,
}

impl Gateway {
    fn new(number: usize, fleet: &Arc<Fleet>, orders: watch::Receiver<Order>) -> Gateway {
        Gateway { number, fleet: Arc::clone(fleet), orders, waiting: Vec::new(), made: 0, arrived: 0 }
    }

    async fn run(mut self) {
        // Not all at the same moment of the second, as gateways are not.
        let first = Instant::now() + Duration::from_millis(self.number as u64 % 1000);
        let mut ticks = interval_at(first, Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        while !self.is_done() {
            // Whatever the connection says, it tries again: turned away, when too many come at once, or cut off.
            let lost = match self.connect().await {
                Ok(mqtt) => self.session(mqtt, &mut ticks).await.is_err(),
                Err(_) => true,
            };
            if lost {
                sleep(Duration::from_millis(BACK_MS + self.number as u64 * 7 % BACK_MS)).await;
            }
        }
    }

    fn is_done(&self) -> bool {
        self.orders.borrow().leave && self.waiting.is_empty()
    }

    async fn connect(&mut self) -> std::io::Result<Mqtt> {
        let id = format!("fleet-{}", self.number);
        let connecting = Mqtt::connect(self.fleet.door, Version::V311, Login { id: &id, user: None });
        let mqtt = timeout(LONG, connecting).await.map_err(std::io::Error::other)??;
        self.fleet.connections.fetch_add(1, Ordering::Relaxed);
        let storms = self.orders.borrow().storms;
        while self.arrived <= storms {
            self.fleet.back[self.arrived].fetch_add(1, Ordering::Relaxed);
            self.arrived += 1;
        }
        Ok(mqtt)
    }

    /// Until a storm, which ends it as it ends all the others, or until all is done.
    async fn session(&mut self, mut mqtt: Mqtt, ticks: &mut Interval) -> std::io::Result<()> {
        let mut ids: Vec<u16> = Vec::new();
        self.send(&mut mqtt, 0, &mut ids, true).await?;
        let mut orders = self.orders.clone();
        while !self.is_done() {
            let order = *orders.borrow_and_update();
            if order.storms >= self.arrived {
                return Ok(());
            }
            tokio::select! {
                packet = mqtt.next() => self.take(&packet?, &mut ids),
                _ = orders.changed() => {}
                _ = ticks.tick(), if order.send => {
                    self.measure();
                    self.send(&mut mqtt, self.waiting.len() - 1, &mut ids, false).await?;
                }
            }
        }
        Ok(())
    }

    /// One reading of every tag.
    fn measure(&mut self) {
        self.made += 1;
        let now = Timestamp::now();
        let reading = |place: usize| {
            let (tag, value) = (tag_name(self.number * TAGS + place), 1.0 + (self.made % 100) as f64 / 1e3);
            format!(r#"{{"tag":"{tag}","value":{value},"unit":"ppm","ts":"{now}"}}"#)
        };
        let readings: Vec<String> = (0..TAGS).map(reading).collect();
        self.waiting.push(format!(r#"{{"seq":{},"readings":[{}]}}"#, self.made, readings.join(",")));
        self.fleet.sent.fetch_add(TAGS as u64, Ordering::Relaxed);
    }

    async fn send(
        &mut self,
        mqtt: &mut Mqtt,
        from: usize,
        ids: &mut Vec<u16>,
        again: bool,
    ) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        for payload in &self.waiting[from..] {
            ids.push(mqtt.write_publish(&mut bytes, &topic(self.number), payload.as_bytes(), again));
        }
        mqtt.send(&bytes).await
    }

    /// PUBACKs come in the order of the messages.
    fn take(&mut self, packet: &Packet, ids: &mut Vec<u16>) {
        let Packet::PubAck { id, code: 0 } = packet else { panic!("no PUBACK: {packet:?}") };
        assert_eq!(*id, ids.remove(0), "PUBACKs come in order");
        self.waiting.remove(0);
        self.fleet.acknowledged.fetch_add(TAGS as u64, Ordering::Relaxed);
    }
}
