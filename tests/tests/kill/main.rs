//! Killed a hundred times while readings pour in, Davy loses nothing that it acknowledged, and tells nobody anything twice.
//!
//! It is killed at any moment, right after an acknowledgement, while its files are read again, and on its way to a clean
//! end, which is where it keeps a snapshot. `DAVY_KILLS` and `DAVY_SEED` ask for more, and for others.
//!
//! What is right is worked out from the journal's own readings: a tag is past its limit or it is not.

mod exits;
mod history;
mod outages;
mod publisher;
mod redelivery;
mod subscriber;

use std::{collections::BTreeMap, env, net::SocketAddr, time::Duration};

use davy_proto::v1::Condition;
use davy_tests::{Davy, Grpc, LONG, Record, Setup, check_journal};
use publisher::Publisher;
use rand::{Rng, SeedableRng, rngs::StdRng};
use subscriber::Subscriber;
use tokio::{sync::watch, time::sleep};

/// How often it is killed, unless `DAVY_KILLS` says otherwise.
const KILLS: usize = 100;
/// One kill of so many comes while it is starting.
const EARLY_ONE_OF: u32 = 5;
/// How long after it listens, or after it was started, it is killed, milliseconds.
const KILLED_AFTER_MS: std::ops::Range<u64> = 20..500;
/// The site's file.
const SITE: &str = "site: kill\nedge_nodes: [{id: gw-1}]\n";
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
    setup_with("")
}

/// With more in the configuration.
fn setup_with(more: &str) -> Setup {
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
    setup.site("kill", &[("site.yaml", SITE), ("tags.csv", &tags), ("rules/high.yaml", &rule)]);
    setup.configure(more);
    setup
}

/// In the order of their numbers, which is the order of the file and of the alphabet.
fn tag_name(tag: usize) -> String {
    format!("T-{tag:02}")
}

fn seed() -> u64 {
    env::var("DAVY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0x5eed)
}

fn kills() -> usize {
    env::var("DAVY_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_and_double_nothing() {
    println!("DAVY_SEED={}", seed());
    let setup = setup();
    let (ports, seen) = watch::channel(None);
    let mut server = started(&setup, &ports).await;
    let subscriber = Subscriber::start(seen.clone()).await;
    let publisher = Publisher::start(seen);
    let moments = kill_again_and_again(&setup, &ports, &mut server, &publisher).await;
    let sent = publisher.finish().await;
    println!(
        "kill -9: {} kills ({moments:?}); {} readings acknowledged, {} sent again over {} connections",
        kills(),
        sent.acknowledged.len(),
        sent.resent,
        sent.connections
    );
    assert!(sent.acknowledged.len() > 200 * kills(), "too little was acknowledged to say anything");
    let grpc = Grpc::connect(server.http()).await;
    let last = grpc.site("kill").await.last_sequence;
    let heard = subscriber.finish(last).await;
    let active = active(&grpc).await;
    assert_eq!(server.stop().await, 0, "a stop that was asked for is no failure");
    let record = Record::read(&setup.journal("kill"));
    judge(&sent, &record, &heard, &active, None);
    check_journal(&setup.journal("kill")).await;
}

/// When it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    /// Some time after it listens.
    Any,
    /// With the next acknowledgement.
    Acknowledged,
    /// While it reads its files again.
    Reloading,
    /// On its way to a clean end: it keeps a snapshot and empties the write-ahead log then.
    Ending,
}

impl Moment {
    fn draw(random: &mut StdRng) -> Moment {
        match random.random_range(0..10) {
            0..4 => Moment::Any,
            4..6 => Moment::Acknowledged,
            6..8 => Moment::Reloading,
            _ => Moment::Ending,
        }
    }

    /// Waits for the moment. The moment is the experiment: where it sleeps, nothing is waited for.
    async fn come(self, server: &Davy, setup: &Setup, publisher: &Publisher, random: &mut StdRng) {
        sleep(Duration::from_millis(random.random_range(KILLED_AFTER_MS))).await;
        let shortly = Duration::from_micros(random.random_range(0..30_000));
        match self {
            Moment::Any => {}
            Moment::Acknowledged => publisher.next_acknowledgement().await,
            Moment::Reloading => {
                let site = format!("{SITE}# {}\n", random.random_range(0..u32::MAX));
                setup.write("kill/site.yaml", &site);
                server.hang_up();
                sleep(shortly).await;
            }
            Moment::Ending => {
                server.ask_to_stop();
                sleep(shortly).await;
            }
        }
    }
}

/// Kills and starts again, and leaves it running. How many kills came at which moment, and while it was starting.
async fn kill_again_and_again(
    setup: &Setup,
    ports: &watch::Sender<Option<Ports>>,
    server: &mut Davy,
    publisher: &Publisher,
) -> BTreeMap<String, usize> {
    let mut random = StdRng::seed_from_u64(seed());
    let mut moments: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..kills() {
        let moment = Moment::draw(&mut random);
        moment.come(server, setup, publisher, &mut random).await;
        *moments.entry(format!("{moment:?}")).or_default() += 1;
        server.kill();
        ports.send_replace(None);
        if random.random_ratio(1, EARLY_ONE_OF) {
            let mut starting = Davy::start(&setup.config());
            sleep(Duration::from_millis(random.random_range(KILLED_AFTER_MS) / 8)).await;
            starting.kill();
            *moments.entry("Starting".to_owned()).or_default() += 1;
        }
        *server = started(setup, ports).await;
    }
    moments
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

/// `also` is an alarm that has nothing to do with readings.
fn judge(
    sent: &publisher::Sent,
    record: &Record,
    heard: &[(u64, String)],
    active: &[String],
    also: Option<&str>,
) {
    record.check_acknowledged(sent.acknowledged.iter());
    record.check_numbers();
    let ids: Vec<&String> = record.transitions.iter().map(|transition| &transition.id).collect();
    let told: Vec<&String> = heard.iter().map(|(_, id)| id).collect();
    if let Some(place) = (0..ids.len().max(told.len())).find(|place| ids.get(*place) != told.get(*place)) {
        panic!(
            "at {place} the journal has {:?} and the subscriber heard {:?}",
            ids.get(place),
            told.get(place)
        );
    }
    for tag in 0..TAGS {
        record.check_changes(tag, &format!("kill:high:{}", tag_name(tag)), LIMIT);
    }
    let past = |tag: &usize| record.implied(*tag, LIMIT).last().is_some_and(|change| change.raised);
    let expected: Vec<String> = (0..TAGS).filter(past).map(tag_name).collect();
    assert_eq!(active, expected, "the alarms that stand (found, implied by the last readings)");
    let others = record
        .transitions
        .iter()
        .find(|transition| !transition.alarm.starts_with("kill:high:") && Some(&*transition.alarm) != also);
    assert!(others.is_none(), "a transition that no reading implies: {others:?}");
    println!("{} transitions in the journal, each heard once, each implied by the readings", ids.len());
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
