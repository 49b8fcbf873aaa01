//! Consumers that read slowly or never, beside one that reads.

use std::time::Duration;

use davy_proto::v1::{alert_service_subscribe_request::Start, alert_service_subscribe_response::Event};
use davy_tests::{Davy, Grpc, Subscriber, mqtt::Version};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::plant::{Plant, SITE, Sender, end_well};

const PLANT: Plant = Plant { nodes: 1, tags_each: 1 };
/// Consumers that subscribe and never read.
const DEAD: usize = 20;
/// Consumers that read one thing every so often.
const SLOW: usize = 5;
const SLOW_EVERY: Duration = Duration::from_millis(100);
/// Connections that say nothing at all.
const MUTE: usize = 20;
/// Each of so many steps makes every tag change: past what is kept for the slow.
const MESSAGES: usize = 600;
/// Readings a message, each of which raises or clears.
const CHANGES: usize = 20;
/// More memory than this, MiB, while the second half of the alerts comes would be a heap of what nobody reads.
const GROWTH_MAX_MIB: u64 = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_that_do_not_read_hold_nobody_up_and_take_no_memory() {
    let setup = PLANT.setup("");
    let server = Davy::serve(&setup.config()).await;
    let mut good = Grpc::connect(server.http()).await.subscribe_from_now().await;
    let mut dead: Vec<Subscriber> = Vec::new();
    for _ in 0..DEAD {
        let grpc = Grpc::connect(server.http()).await;
        dead.push(grpc.subscribe(Start::Snapshot(true)).await.expect("let in"));
    }
    let mut mute = Vec::new();
    for _ in 0..MUTE {
        let mut stream = TcpStream::connect(server.http()).await.expect("let in");
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("sent");
        mute.push(stream);
    }
    let mut slow = Vec::new();
    for _ in 0..SLOW {
        slow.push(tokio::spawn(read_slowly(Grpc::connect(server.http()).await.subscribe_from_now().await)));
    }
    let mut gateway = Sender::new(server.door().await, Version::V311, 0);
    flood(&mut gateway, MESSAGES / 2).await;
    let before_kib = server.memory_kib();
    flood(&mut gateway, MESSAGES / 2).await;
    let grown_mib = server.memory_kib().saturating_sub(before_kib) / 1024;
    let last = Grpc::connect(server.http()).await.site(SITE).await.last_sequence;
    assert!(last > (MESSAGES * CHANGES / 2) as u64, "too few transitions to say anything: {last}");
    let heard =
        timeout(Duration::from_secs(60), hear(&mut good, last)).await.expect("the good one hears all");
    assert_eq!(heard, (1..=last).collect::<Vec<_>>(), "each once and in order");
    println!(
        "chaos: {last} alerts beside {DEAD} consumers that never read, {SLOW} slow and {MUTE} mute ones: \
         all heard in order by the one that reads; memory grew by {grown_mib} MiB"
    );
    assert!(grown_mib <= GROWTH_MAX_MIB, "memory grew by {grown_mib} MiB");
    slow.iter().for_each(tokio::task::JoinHandle::abort);
    drop((dead, mute, good));
    end_well(server, &setup, &PLANT, &gateway.acknowledged).await;
}

async fn flood(gateway: &mut Sender, messages: usize) {
    for _ in 0..messages {
        gateway.deliver_changes(0, CHANGES).await;
    }
}

async fn hear(good: &mut Subscriber, last: u64) -> Vec<u64> {
    let mut heard = Vec::new();
    while heard.last() != Some(&last) {
        match good.next().await.expect("the stream stands") {
            Some(Event::Alert(alert)) => heard.push(alert.sequence),
            Some(Event::Gap(gap)) => panic!("a gap: {gap:?}"),
            Some(_) => {}
            None => panic!("the stream was closed"),
        }
    }
    heard
}

async fn read_slowly(mut stream: Subscriber) {
    // The test ends it.
    while stream.next().await.is_ok() {
        sleep(SLOW_EVERY).await;
    }
}
