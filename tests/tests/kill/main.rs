//! Killed fifty times while readings pour in, Davy loses nothing that it acknowledged, and tells nobody anything twice.
//!
//! What is right is worked out from the journal's own readings: a tag is past its limit or it is not.

mod publisher;
mod record;
mod redelivery;
mod subscriber;

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use davy_proto::v1::Condition;
use davy_tests::{Davy, Grpc, LONG, Said, Setup, davy};
use publisher::Publisher;
use rand::{Rng, SeedableRng, rngs::StdRng};
use record::{Change, Record};
use subscriber::Subscriber;
use tokio::{sync::watch, time::sleep};

/// How often it is killed.
const KILLS: usize = 50;
/// One kill of so many comes while it is starting.
const EARLY_ONE_OF: u32 = 5;
/// How long after it listens, or after it was started, it is killed, milliseconds.
const KILLED_AFTER_MS: std::ops::Range<u64> = 20..900;
/// How many tags send.
const TAGS: usize = 50;
/// Past this, a value raises.
const LIMIT: f64 = 5.0;

/// Where Davy's ports are, if it runs.
#[derive(Clone, Copy, Debug)]
struct Ports {
    http: SocketAddr,
    door: SocketAddr,
}

fn setup() -> Setup {
    let mut setup = Setup::new();
    let mut tags = "tag,quantity,unit,interval,edge_node\n".to_owned();
    for tag in 0..TAGS {
        tags.push_str(&format!("{},gas.ch4,ppm,1s,gw-1\n", tag_name(tag)));
    }
    let rule = format!(
        "rules:\n  - id: high\n    applies_to: {{quantity: gas.ch4}}\n    limit:\n\
         \x20     - {{name: H, tier: orange, at_or_above: {LIMIT} ppm}}\n\
         \x20   response: {{action: Look, time_to_respond: 1m}}\n"
    );
    let site = "site: kill\nedge_nodes: [{id: gw-1}]\n";
    setup.site("kill", &[("site.yaml", site), ("tags.csv", &tags), ("rules/high.yaml", &rule)]);
    setup.configure("");
    setup
}

/// In the order of their numbers, which is the order of the file and of the alphabet.
fn tag_name(tag: usize) -> String {
    format!("T-{tag:02}")
}

fn seed() -> u64 {
    std::env::var("DAVY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0x5eed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_lose_and_double_nothing() {
    println!("DAVY_SEED={}", seed());
    let setup = setup();
    let (ports, seen) = watch::channel(None);
    let mut server = started(&setup, &ports).await;
    let subscriber = Subscriber::start(seen.clone()).await;
    let publisher = Publisher::start(seen);
    let early = kill_again_and_again(&setup, &ports, &mut server).await;
    let sent = publisher.finish().await;
    println!(
        "{KILLS} kills, {early} of them at the start; {} readings acknowledged, {} sent again over {} connections",
        sent.acknowledged.len(),
        sent.resent,
        sent.connections
    );
    assert!(sent.acknowledged.len() > 20_000, "too little was acknowledged to say anything");
    let grpc = Grpc::connect(server.http()).await;
    let last = grpc.site("kill").await.last_sequence;
    let heard = subscriber.finish(last).await;
    let active = active(&grpc).await;
    assert_eq!(server.stop().await, 0, "a stop that was asked for is no failure");
    let record = Record::read(&setup.journal("kill"));
    judge(&sent, &record, &heard, &active);
    remade(&setup).await;
}

/// Kills and starts again, and leaves it running. How many kills came while it was starting.
async fn kill_again_and_again(
    setup: &Setup,
    ports: &watch::Sender<Option<Ports>>,
    server: &mut Davy,
) -> usize {
    let mut random = StdRng::seed_from_u64(seed());
    let mut early = 0;
    for _ in 0..KILLS {
        // The moment is the experiment; nothing waits for anything here.
        sleep(Duration::from_millis(random.random_range(KILLED_AFTER_MS))).await;
        server.kill();
        ports.send_replace(None);
        if random.random_ratio(1, EARLY_ONE_OF) {
            let mut starting = Davy::start(&setup.config());
            sleep(Duration::from_millis(random.random_range(KILLED_AFTER_MS) / 8)).await;
            starting.kill();
            early += 1;
        }
        *server = started(setup, ports).await;
    }
    early
}

async fn started(setup: &Setup, ports: &watch::Sender<Option<Ports>>) -> Davy {
    let server = Davy::serve(&setup.config()).await;
    ports.send_replace(Some(Ports { http: server.http(), door: server.door().await }));
    server
}

/// The tags whose alarm is active.
async fn active(grpc: &Grpc) -> Vec<String> {
    let alarms = grpc.standing("kill").await;
    let active = alarms.into_iter().filter(|alarm| alarm.condition() == Condition::Active);
    let mut tags: Vec<String> = active.map(|alarm| alarm.subject).collect();
    tags.sort();
    tags
}

fn judge(sent: &publisher::Sent, record: &Record, heard: &[(u64, String)], active: &[String]) {
    let missing: Vec<_> = sent.acknowledged.iter().filter(|reading| !record.has(reading)).take(10).collect();
    assert!(missing.is_empty(), "acknowledged, and not in the journal (tag, number, µs): {missing:?}");

    let ids: Vec<&String> = record.transitions.iter().map(|transition| &transition.id).collect();
    for (place, transition) in record.transitions.iter().enumerate() {
        assert_eq!(transition.sequence, place as u64 + 1, "sequences are dense: {}", transition.id);
    }
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "an id stands twice in the journal");

    let told: Vec<&String> = heard.iter().map(|(_, id)| id).collect();
    if let Some(place) = (0..ids.len().max(told.len())).find(|place| ids.get(*place) != told.get(*place)) {
        panic!(
            "at {place} the journal has {:?} and the subscriber heard {:?}",
            ids.get(place),
            told.get(place)
        );
    }
    let implied = record.implied();
    compare(&implied, &record.changes());
    let past = |tag: &usize| implied[tag].last().is_some_and(|change| change.raised);
    let expected: Vec<String> = (0..TAGS).filter(past).map(tag_name).collect();
    assert_eq!(active, expected, "the alarms that stand (found, implied by the last readings)");
    println!("{} transitions in the journal, each heard once, each implied by the readings", ids.len());
}

fn compare(implied: &BTreeMap<usize, Vec<Change>>, found: &BTreeMap<usize, Vec<Change>>) {
    for (tag, implied) in implied {
        let found = &found[tag];
        for (place, (implied, found)) in implied.iter().zip(found).enumerate() {
            assert_eq!(implied, found, "{}: change {place} (implied by the readings, found)", tag_name(*tag));
        }
        assert_eq!(implied.len(), found.len(), "{}: how many changes (implied, found)", tag_name(*tag));
    }
}

/// The journal is whole, and judged again gives itself.
async fn remade(setup: &Setup) {
    let journal = setup.journal("kill").display().to_string();
    for verb in ["verify", "replay"] {
        let said: Said = davy(["journal", verb, &journal, "--json"]).await.ended(0);
        let value = said.one();
        let good = if verb == "verify" { value["whole"] == true } else { value["differs"].is_null() };
        assert!(good && value["commits"].as_u64() > Some(0), "journal {verb}: {value}");
    }
}

/// Waits for the next ports, or for the first.
async fn next_ports(seen: &mut watch::Receiver<Option<Ports>>) -> Ports {
    let found = tokio::time::timeout(LONG, seen.wait_for(Option::is_some)).await;
    let found = found.expect("Davy is started again within a minute").expect("the test runs");
    found.expect("waited for")
}

/// Waits until Davy is somewhere else than at `ports`, or gone.
async fn until_elsewhere(seen: &mut watch::Receiver<Option<Ports>>, ports: Ports) {
    let gone = |now: &Option<Ports>| now.is_none_or(|now| now.http != ports.http);
    let killed = tokio::time::timeout(LONG, seen.wait_for(gone)).await;
    killed.expect("a connection is lost only when Davy is killed").expect("the test runs");
}
