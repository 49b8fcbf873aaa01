//! No file or socket can be opened any more: whoever is there is served on, and whoever comes waits.

use std::fs;

use davy_tests::{
    Davy, LONG,
    mqtt::{Login, Mqtt, Version},
    wait_until,
};
use tokio::time::{Duration, timeout};

use crate::{fault::Bench, script::LIMIT, small_disk::runs};

/// Enough to fill the write-ahead log past its limit, so that a checkpoint, which opens files, fails too.
const MESSAGES: u32 = 800;

#[tokio::test]
async fn without_file_descriptors_those_who_are_there_are_served_on() {
    let mut bench = Bench::fresh().await;
    let pid = bench.server.pid();
    wait_until("nobody can come in", LONG, async || {
        // The next file would get the lowest number that is free, which must be below the limit. A connection that is
        // just being closed may free a lower one.
        let is_free = |number: &u32| !fs::exists(format!("/proc/{pid}/fd/{number}")).expect("its files");
        let free = (0..).find(is_free).expect("numbers do not end");
        limit(&bench.server, &format!("{free}:"));
        let stranger = timeout(Duration::from_secs(1), come(&bench.server)).await;
        (!matches!(stranger, Ok(Ok(_)))).then_some(())
    })
    .await;
    for message in 0..MESSAGES {
        bench.delivers(if message / 10 % 2 == 1 { LIMIT + 1.0 } else { 1.0 }).await;
    }
    limit(&bench.server, "4096:");
    wait_until("clients come in again", LONG, async || come(&bench.server).await.ok()).await;
    bench.is_well().await;
    bench.delivers(1.0).await;
    bench.ends().await;
}

async fn come(server: &Davy) -> std::io::Result<Mqtt> {
    Mqtt::connect(server.door().await, Version::V311, Login { id: "stranger", user: None }).await
}

fn limit(server: &Davy, files: &str) {
    let option = format!("--nofile={files}");
    assert!(runs(&["prlimit", "--pid", &server.pid().to_string(), &option]), "prlimit {option}");
}
