//! A hundred consumers of which ten never read: the others have everything, and memory stays.

use std::time::Duration;

use davy_proto::v1::{
    AlertServiceSubscribeRequest, alert_service_subscribe_request::Start,
    alert_service_subscribe_response::Event,
};
use davy_tests::{Davy, Grpc, Subscriber};
use tokio::time::timeout;

use crate::plant::{Gateway, durable, setup};

const READERS: usize = 90;
const DEAD: usize = 10;
/// Alerts: more than a queue, a live stream and a connection's window hold.
const ALERTS: u64 = 6000;
const PATIENCE: Duration = Duration::from_secs(120);
/// More than this while the second half comes would be a heap of what nobody reads.
const GROWTH_MAX_MIB: u64 = 32;

async fn listen(server: &Davy, name: &str) -> Subscriber {
    let request = AlertServiceSubscribeRequest { start: Some(Start::FromNow(true)), ..durable(name) };
    Grpc::connect(server.http()).await.subscribe_as(request).await.expect("let in")
}

/// Reads to the end; each must come once and in order.
async fn read_all(mut stream: Subscriber) -> u64 {
    let mut heard = 0;
    while heard < ALERTS {
        match stream.next().await.expect("the stream stands").expect("the stream stands") {
            Event::Alert(alert) => {
                assert_eq!(alert.sequence, heard + 1, "once and in order");
                heard = alert.sequence;
            }
            Event::Bookmark(_) => {}
            other => panic!("{other:?}"),
        }
    }
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ninety_hear_everything_beside_ten_that_never_read() {
    let setup = setup("");
    let server = Davy::serve(&setup.config()).await;
    let mut dead = Vec::new();
    for number in 0..DEAD {
        dead.push(listen(&server, &format!("dead-{number}")).await);
    }
    let mut readers = Vec::new();
    for number in 0..READERS {
        readers.push(tokio::spawn(read_all(listen(&server, &format!("reader-{number}")).await)));
    }
    let mut gateway = Gateway::of(&server, "park").await;
    for _ in 0..ALERTS / 2 / 50 {
        gateway.changes(50).await;
    }
    let before_kib = server.memory_kib();
    for _ in 0..ALERTS / 2 / 50 {
        gateway.changes(50).await;
    }
    for reader in readers {
        let heard = timeout(PATIENCE, reader).await.expect("in time").expect("no reader fails");
        assert_eq!(heard, ALERTS);
    }
    let grown_mib = server.memory_kib().saturating_sub(before_kib) / 1024;
    println!(
        "consumers: {READERS} heard {ALERTS} alerts beside {DEAD} that never read; memory grew by {grown_mib} MiB"
    );
    assert!(grown_mib <= GROWTH_MAX_MIB, "memory grew by {grown_mib} MiB");
    drop(dead);
}
