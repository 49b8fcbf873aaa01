//! A hundred consumers of which ten never read: the others have everything, and memory stays.

use davy_tests::{
    Davy,
    consumers::{Crowd, Gateway, setup},
};

const READERS: usize = 90;
const DEAD: usize = 10;
/// Alerts: more than a queue, a live stream and a connection's window hold.
const ALERTS: u64 = 6000;
/// More than this while the second half comes would be a heap of what nobody reads.
const GROWTH_MAX_MIB: u64 = 32;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ninety_hear_everything_beside_ten_that_never_read() {
    let setup = setup("");
    let server = Davy::serve(&setup.config()).await;
    let mut crowd = Crowd::gather(&server, READERS, DEAD).await;
    let mut gateway = Gateway::of(&server, "park").await;
    for _ in 0..ALERTS / 2 / 50 {
        gateway.changes(50).await;
    }
    let before_kib = server.memory_kib();
    for _ in 0..ALERTS / 2 / 50 {
        gateway.changes(50).await;
    }
    crowd.has_heard(ALERTS).await;
    let grown_mib = server.memory_kib().saturating_sub(before_kib) / 1024;
    println!(
        "consumers: {READERS} heard {ALERTS} alerts beside {DEAD} that never read; memory grew by {grown_mib} MiB"
    );
    assert!(grown_mib <= GROWTH_MAX_MIB, "memory grew by {grown_mib} MiB");
}
