//! Mosquitto restarted and killed while Davy is its client, with and without persistence.
//!
//! What the broker acknowledged to a gateway and then forgot, nobody can bring back: Davy must miss it, one by one. What Davy acknowledged to
//! the broker is seen on the wire between them, and must be in the journal.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    time::Duration,
};

use davy_proto::v1::{Alert, TransitionKind};
use davy_tests::{
    Davy, Grpc, LONG, Metrics, Mosquitto, Record, Told,
    mqtt::Version,
    proxy::{How, Proxy, Way},
    wait_until,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::time::sleep;

use crate::plant::{Plant, SITE, Sender, check, judged};

const PLANT: Plant = Plant { nodes: 1, tags_each: 1 };
/// How often the broker ends, with and again without persistence, unless `DAVY_BROKER_KILLS` says otherwise.
const KILLS: usize = 12;
/// The one time that it stays away until Davy's own alarm says so.
const AWAY_AT: usize = 3;

fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[tokio::test]
async fn a_broker_that_keeps_its_messages_may_die_and_what_it_loses_is_missed() {
    let persistence = "persistence true\nautosave_on_changes true\nautosave_interval 1";
    let lost = ends_again_and_again(persistence).await;
    println!("chaos: with persistence the broker lost {lost} messages that it had acknowledged");
}

#[tokio::test]
async fn a_broker_that_forgets_may_die_and_what_davy_acknowledged_is_there() {
    let lost = ends_again_and_again("persistence false").await;
    assert!(lost > 0, "nothing was lost, so nothing was tried");
    println!("chaos: without persistence the broker lost {lost} messages that it had acknowledged");
}

/// How many messages the broker acknowledged to the gateway and lost.
async fn ends_again_and_again(persistence: &str) -> usize {
    let Some(mut broker) = Mosquitto::start(persistence).await else { return 0 };
    let seed = number("DAVY_SEED", 0xb40);
    println!("DAVY_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let kills = number("DAVY_BROKER_KILLS", KILLS as u64) as usize;
    let proxy = Proxy::start(broker.addr()).await;
    proxy.remember();
    let setup = PLANT.setup(&format!("[broker]\nurl = \"{}\"\nclient_id = \"davy\"\n", proxy.url()));
    let mut server = Davy::serve(&setup.config()).await;
    subscribed(&server, 1).await;
    let mut alerts = Grpc::connect(server.http()).await.subscribe_from_now().await;
    let mut gateway = Sender::new(broker.addr(), Version::V311, 0);
    // From the first number that it sees, Davy knows which are missing.
    gateway.deliver(0).await;
    judged(&server, 1).await;
    for kill in 0..kills {
        for _ in 0..random.random_range(1..40) {
            gateway.deliver(0).await;
        }
        // Sometimes all has come through, sometimes it is under way, sometimes it waits at the broker for Davy's return.
        if random.random_bool(0.5) {
            proxy.end_all(How::Fin);
            for _ in 0..random.random_range(1..10) {
                gateway.deliver(0).await;
            }
        }
        sleep(Duration::from_millis(random.random_range(0..60))).await;
        if random.random_bool(0.5) {
            broker.kill();
        } else {
            broker.stop().await;
        }
        if kill == AWAY_AT {
            says_so(&mut alerts, TransitionKind::Raised).await;
        }
        let before = subscriptions(&server);
        broker.start_again().await;
        subscribed(&server, before + 1).await;
        if kill == AWAY_AT {
            says_so(&mut alerts, TransitionKind::Cleared).await;
        }
    }
    gateway.deliver(0).await;
    let last = *gateway.acknowledged.last().expect("delivered just now");
    let acknowledged_by_davy = until_acknowledged(&proxy, last).await;
    // Some are in the journal though their PUBACK was cut off: nobody lost those.
    let so_far = Record::read(&setup.journal(SITE));
    let lost = gateway.acknowledged.iter().filter(|told| !so_far.has(**told)).count();
    says_what_is_missing(&server, lost).await;
    assert_eq!(server.stop().await, 0, "a stop that was asked for is no failure");
    server.check_account();
    let acknowledged: Vec<Told> = acknowledged_by_davy.into_iter().collect();
    let record = check(&setup.journal(SITE), &PLANT, &acknowledged).await;
    println!(
        "chaos: {kills} ends of the broker; davy acknowledged {} readings, all in its journal",
        acknowledged.len()
    );
    let missing = gateway.acknowledged.iter().filter(|told| !record.has(**told)).count();
    assert_eq!(missing, lost, "nothing came any more");
    lost
}

/// Each message that the broker lost leaves a hole in the gateway's numbers, and Davy says so.
async fn says_what_is_missing(server: &Davy, lost: usize) {
    let what = format!("davy counts {lost} messages as lost");
    wait_until(&what, LONG, async || {
        let figures = Metrics::of(server.http()).await;
        let counted = figures.figure("davy_messages_lost_total", &[("site", SITE)]);
        assert!(counted <= lost as f64, "davy misses {counted} messages, and {lost} were lost");
        (counted == lost as f64).then_some(())
    })
    .await;
    if lost > 0 {
        let gap = format!("{SITE}:davy-fault:gap-gw-0");
        let grpc = Grpc::connect(server.http()).await;
        // The count grows at once; the alarm follows when Davy next looks at it.
        wait_until("an alarm on the gap", LONG, async || {
            grpc.standing(SITE).await.iter().any(|alarm| alarm.id == gap).then_some(())
        })
        .await;
    }
}

fn subscriptions(server: &Davy) -> usize {
    server.log().matches("subscribed").count()
}

async fn subscribed(server: &Davy, times: usize) {
    wait_until("davy has subscribed again", LONG, async || (subscriptions(server) >= times).then_some(()))
        .await;
}

async fn says_so(alerts: &mut davy_tests::Subscriber, kind: TransitionKind) {
    let alarm = format!("{SITE}:davy-fault:broker");
    let wanted = |alert: &Alert| alert.alarm == alarm && alert.transition() == kind;
    alerts.alert("davy says how the broker is", LONG, wanted).await;
}

/// The readings that Davy acknowledged to the broker, once `last` is among them.
async fn until_acknowledged(proxy: &Proxy, last: Told) -> BTreeSet<Told> {
    wait_until("davy acknowledges the last message", LONG, async || {
        let acknowledged = acknowledged(&proxy.passed());
        acknowledged.contains(&last).then_some(acknowledged)
    })
    .await
}

/// Packet ids are told apart by the order of the wire: one is used again only after its PUBACK, or on a new connection.
fn acknowledged(passed: &[(Way, Vec<u8>)]) -> BTreeSet<Told> {
    let mut under_way: BTreeMap<u16, Told> = BTreeMap::new();
    let mut acknowledged = BTreeSet::new();
    for (way, packet) in passed {
        match (way, packet[0] >> 4) {
            (Way::Up, 1) => under_way.clear(),
            (Way::Down, 3) => under_way.extend(reading(packet)),
            (Way::Up, 4) => {
                let id = u16::from_be_bytes([packet[2], packet[3]]);
                acknowledged.extend(under_way.remove(&id));
            }
            _ => {}
        }
    }
    acknowledged
}

/// The packet id and the reading of a PUBLISH of MQTT 5.
fn reading(packet: &[u8]) -> Option<(u16, Told)> {
    let body = 1 + packet[1..].iter().position(|digit| digit & 0x80 == 0)? + 1;
    let topic_len = usize::from(u16::from_be_bytes([packet[body], packet[body + 1]]));
    let at = body + 2 + topic_len;
    let id = u16::from_be_bytes([packet[at], packet[at + 1]]);
    // The properties are few: their length is one byte.
    let payload = packet.get(at + 3 + usize::from(packet[at + 2])..)?;
    let value: serde_json::Value = serde_json::from_slice(payload).ok()?;
    let reading = value["readings"].get(0)?;
    let ts: jiff::Timestamp = reading["ts"].as_str()?.parse().ok()?;
    Some((id, (0, ts.as_microsecond(), reading["value"].as_f64()?.to_bits())))
}
