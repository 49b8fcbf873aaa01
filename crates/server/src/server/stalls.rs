//! Stages of the alarm path held still inside one process: heartbeats stop with each of them, and come again.

use std::{
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use davy_delivery::{Event, Start, Subscription};
use davy_intake::{Ack, Parcel};
use davy_model::Input;
use davy_proto::v1 as wire;
use tempfile::TempDir;
use tonic::transport::Channel;

use super::*;
use crate::{SiteSource, rpc::v1::alarm_service_client::AlarmServiceClient};

const EVERY: Duration = Duration::from_millis(100);
/// Long enough on any machine; waits end when their condition holds.
const LONG: Duration = Duration::from_secs(30);

fn house(inbox_bytes: usize) -> (TempDir, Config) {
    let folder = tempfile::tempdir().expect("a folder");
    let file =
        |path: &str, text: &str| davy_model::BundleFile { path: path.to_owned(), text: text.to_owned() };
    let files = vec![file("site.yaml", "site: line\n"), file("tags.csv", "tag,quantity\nT,number\n")];
    let config = Config {
        heartbeat_every: EVERY,
        inbox_bytes,
        canary: None,
        ..Config::on_loopback(folder.path().to_owned(), vec![SiteSource::Files(files)], 0, 0)
    };
    (folder, config)
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Activates the site's own files anew, which needs the lock that the test holds.
async fn reload(server: &Server) {
    let site = &server.hub.sites["line"];
    let bundle = Arc::clone(&site.loaded.load().bundle);
    let parcel = Parcel::new("".into(), Input::Activate(bundle), Ack::None);
    assert!(site.inbox.put(parcel).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_stalls_stops_the_heartbeat() {
    let (_folder, config) = house(64 << 20);
    let server = Server::start(config).await.expect("it starts");
    let site = Arc::clone(&server.hub.sites["line"]);
    until("a heartbeat", || site.state.last_heartbeat().is_some());
    until("it is heard", || server.is_alive());
    let held = site.offers().lock_arc();
    reload(&server).await;
    until("it is seen", || !server.is_alive());
    let silent = site.state.last_heartbeat().expect("one came").number;
    assert!(server.hub.pulse.stalled()[0].1 > 3 * EVERY);
    drop(held);
    until("it is over", || server.is_alive());
    until("heartbeats come", || site.state.last_heartbeat().is_some_and(|beat| beat.number > silent));
    let summary = server.shutdown().await;
    assert!(!summary.failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inbox_that_is_full_lets_no_heartbeat_in_and_leaves_no_hole_in_their_numbers() {
    let (_folder, config) = house(4 << 10);
    let server = Server::start(config).await.expect("it starts");
    let site = Arc::clone(&server.hub.sites["line"]);
    let sites = [Arc::from("line")];
    let mut heard =
        Subscription::start(&server.hub.feed, &sites, &Start::Now, &server.stop_serving.child_token());
    until("a heartbeat", || site.state.last_heartbeat().is_some());
    let held = site.offers().lock_arc();
    reload(&server).await;
    until("the inbox is full", || {
        site.inbox.try_put(Parcel::new("".into(), Input::Tick, Ack::None)).is_err()
    });
    let now = server.hub.clock.now();
    for _ in 0..10 {
        site.beat(now);
    }
    until("it is seen", || !server.is_alive());
    drop(held);
    until("it is over", || server.is_alive());
    let mut last: Option<u64> = None;
    for _ in 0..8 {
        let event = tokio::time::timeout(LONG, heard.next()).await.expect("heartbeats come");
        let Some(Event::Heartbeat(beat)) = event else { continue };
        assert!(last.is_none_or(|last| beat.number == last + 1), "{last:?}, {}", beat.number);
        last = Some(beat.number);
    }
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_whose_caller_hangs_up_is_done_and_noted() {
    let (_folder, config) = house(64 << 20);
    let server = Server::start(config).await.expect("it starts");
    let site = Arc::clone(&server.hub.sites["line"]);
    until("a heartbeat", || site.state.last_heartbeat().is_some());
    let held = site.offers().lock_arc();
    reload(&server).await;
    until("it is seen", || !server.is_alive());
    let channel = Channel::from_shared(format!("http://{}", server.http_addr())).expect("an address");
    let mut alarms = AlarmServiceClient::new(channel.connect().await.expect("it listens"));
    let target = wire::CommandTarget {
        alarm: "line:h2s:gt-1".to_owned(),
        actor: "li".to_owned(),
        ..Default::default()
    };
    let asked = wire::AlarmServiceAcknowledgeRequest { target: Some(target) };
    let answer = tokio::time::timeout(Duration::from_secs(1), alarms.acknowledge(asked)).await;
    assert!(answer.is_err(), "nothing is judged");
    drop(held);
    let noted = || {
        let all = server.hub.audit.page(&davy_journal::audit::Filter::default(), None, 100).expect("a page");
        all.entries.into_iter().find(|entry| entry.what == "command")
    };
    until("it is noted", || noted().is_some());
    let noted = noted().expect("it is noted");
    assert_eq!((noted.who.name.as_str(), noted.code.as_str()), ("li", "ALARM_UNKNOWN"));
    assert!(noted.who.from.starts_with("127.0.0.1:"), "{:?}", noted.who);
    server.shutdown().await;
}

#[test]
fn a_delivery_that_stalls_stops_the_heartbeat_of_whoever_listens() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (_folder, config) = house(64 << 20);
    let server = runtime.block_on(Server::start(config)).expect("it starts");
    let site = Arc::clone(&server.hub.sites["line"]);
    until("a heartbeat", || site.state.last_heartbeat().is_some());
    until("it is heard", || server.is_alive());
    // Subscriptions, gRPC and doors share these threads.
    let gate = Arc::new(Mutex::new(()));
    let held = gate.lock().expect("nobody panicked");
    for _ in 0..2 {
        let gate = Arc::clone(&gate);
        runtime.spawn(async move { drop(gate.lock()) });
    }
    until("it is seen", || !server.is_alive());
    drop(held);
    until("it is over", || server.is_alive());
    runtime.block_on(server.shutdown());
}
