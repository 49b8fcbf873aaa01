//! Every stage of the alarm path held still, one after the other: heartbeats stop, the watchdog alarms, and says when
//! the stage is back.

use std::time::Duration;

use davy_tests::{Davy, LONG, Stall, Watchdog, get, has_strace, wait_until};
use tokio::time::{Instant, timeout};

use super::{PATIENT, QUICK, SILENCE, SILENCE_AND_SMALL, park, until_the_canary_is_back};

/// Watches the park, and has heard nothing bad of it.
async fn watch(server: &Davy) -> Watchdog {
    let dog = Watchdog::start(&server.url(), &["--silence", SILENCE, "--sites", "park"]);
    // By its own word that all is well: then it has heard the park.
    let once = ["watch-engine", "--once", "--silence", "30s", "--sites", "park", "--url", &server.url()];
    davy_tests::davy(once).await.ended(0);
    assert_eq!(dog.unheard(), Vec::<String>::new());
    dog
}

async fn is_lost(dog: &mut Watchdog, since: Instant) {
    let lost = dog.says("monitoring is lost", SILENCE_AND_SMALL).await;
    assert_eq!((lost.event.as_str(), lost.site.as_str()), ("lost", "park"), "{lost:?}");
    assert!(lost.silent_s > 2.0, "not before its time: {lost:?}");
    assert!(since.elapsed() < SILENCE_AND_SMALL, "{:?}", since.elapsed());
    assert!(lost.message.contains("MONITORING LOST"), "{lost:?}");
}

async fn is_back(dog: &mut Watchdog) {
    let back = dog.says("monitoring is back", LONG).await;
    assert_eq!((back.event.as_str(), back.site.as_str()), ("back", "park"), "{back:?}");
}

async fn health_is(server: &Davy, wanted: u16) -> String {
    wait_until(&format!("/healthz is {wanted}"), LONG, async || {
        let answer = timeout(Duration::from_secs(5), get(server.http(), "/healthz")).await.ok()?;
        (answer.0 == wanted).then_some(answer.1)
    })
    .await
}

/// Holds the stage, sees it noticed, lets go, sees it back.
async fn check(stage: &str, calls: &str, http_lives: bool) {
    if !has_strace() {
        return;
    }
    let (_setup, server, grpc) = park(PATIENT).await;
    until_the_canary_is_back(&grpc).await;
    let mut dog = watch(&server).await;
    health_is(&server, 200).await;
    let held = Instant::now();
    let stall = Stall::at(server.pid(), stage, calls).await;
    is_lost(&mut dog, held).await;
    if http_lives {
        let told = health_is(&server, 503).await;
        assert!(told.contains("the alarm path of park is stalled"), "{told}");
    }
    drop(stall);
    is_back(&mut dog).await;
    health_is(&server, 200).await;
}

#[tokio::test]
async fn the_engine_stalls() {
    check("write-park", "all", true).await;
}

#[tokio::test]
async fn the_disk_hangs() {
    check("commit-park", "fdatasync,fsync", true).await;
}

#[tokio::test]
async fn the_committer_stalls() {
    check("commit-park", "all", true).await;
}

#[tokio::test]
async fn intake_and_delivery_stall() {
    // Doors, gRPC and subscriptions live on these threads.
    check("tokio-rt-worker", "all", false).await;
}

#[tokio::test]
async fn the_whole_process_is_held_still_at_a_plants_own_figures() {
    let (_setup, server, grpc) = park("").await;
    until_the_canary_is_back(&grpc).await;
    let mut dog = Watchdog::start(&server.url(), &[]);
    davy_tests::davy(["watch-engine", "--once", "--url", &server.url()]).await.ended(0);
    let held = Instant::now();
    server.freeze();
    let lost = dog.says("monitoring is lost", Duration::from_secs(25)).await;
    // Heartbeats come every 5 s: the last may have come right before.
    assert!(held.elapsed() > Duration::from_secs(9), "{:?}: {lost:?}", held.elapsed());
    assert!(held.elapsed() < Duration::from_secs(18), "15 s and small: {:?}: {lost:?}", held.elapsed());
    assert_eq!((lost.event.as_str(), lost.site.as_str()), ("lost", "park"), "{lost:?}");
    server.thaw();
    is_back(&mut dog).await;
}

#[tokio::test]
async fn davy_dies_and_comes_back() {
    let (setup, mut server, grpc) = park(&format!("{QUICK}[door]\nlisten = \"127.0.0.1:0\"\n")).await;
    until_the_canary_is_back(&grpc).await;
    let mut dog = watch(&server).await;
    let (port, killed) = (server.http().port(), Instant::now());
    server.kill();
    is_lost(&mut dog, killed).await;
    let again = Davy::serve_on(&setup.config(), port).await;
    is_back(&mut dog).await;
    drop(again);
}
