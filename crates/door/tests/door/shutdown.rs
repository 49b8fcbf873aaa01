//! Closing time.

use std::time::Duration;

use davy_door::{Closed, Version};
use tokio::time::Instant;

use crate::handler::{Receipts, open};
use crate::packets::{connect, publish};
use crate::raw::{BOTH, attach, dial, welcome};

const DELAY_30_S: [u8; 5] = [0x18, 0, 0, 0, 30];

#[tokio::test]
async fn pending_messages_are_acknowledged_before_the_goodbye() {
    for version in BOTH {
        let (door, fake) = open(Receipts::Hold);
        let addr = door.local_addr();
        let mut gateway = dial(&door).await;
        gateway.connect(&connect(version, "g").will("s", "gone")).await;
        gateway.send(publish(version, 1, "t", "a")).await;
        fake.until_messages(1).await;
        let closing = tokio::spawn(door.shutdown(Duration::from_secs(20)));
        while tokio::net::TcpStream::connect(addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!closing.is_finished());
        fake.commit_held();
        let goodbye: &[u8] = if version == Version::V5 { &[0xE0, 1, 0x8B] } else { &[] };
        assert_eq!(gateway.rest().await, [&[0x40, 2, 0, 1], goodbye].concat());
        assert_eq!(closing.await.expect("no panic"), 0);
        assert_eq!(fake.until_closed(1).await, [Closed::Shutdown]);
        assert_eq!(fake.payloads(), ["a"], "nobody died: no will");
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_holds_though_a_commit_never_comes() {
    let (door, fake) = open(Receipts::Hold);
    let mut gateway = welcome(&door, connect(Version::V5, "g")).await;
    gateway.send(publish(Version::V5, 1, "t", "a")).await;
    fake.until_messages(1).await;
    let start = Instant::now();
    assert_eq!(door.shutdown(Duration::from_secs(3)).await, 0);
    assert!((3000..3600).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert_eq!(gateway.rest().await, [0xE0, 1, 0x8B], "no PUBACK for what is not durable");
    assert_eq!(fake.until_closed(1).await, [Closed::Shutdown]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_returns_is_left_behind_and_counted() {
    let (door, fake) = open(Receipts::Commit);
    fake.shut_gate();
    let mut gateway = welcome(&door, connect(Version::V3, "g")).await;
    gateway.send(publish(Version::V3, 1, "t", "a")).await;
    gateway.expect_silence().await;
    assert_eq!(door.shutdown(Duration::from_secs(3)).await, 1);
}

#[tokio::test(start_paused = true)]
async fn strangers_and_idlers_do_not_hold_it_up_and_delayed_wills_are_told() {
    let (door, fake) = open(Receipts::Commit);
    let mut stranger = attach(&door);
    let mut idler = welcome(&door, connect(Version::V5, "idler")).await;
    drop(welcome(&door, connect(Version::V5, "g").will_with(0x0C, &DELAY_30_S, "s", "gone")).await);
    fake.until_closed(1).await;
    let start = Instant::now();
    assert_eq!(door.shutdown(Duration::from_secs(20)).await, 0);
    assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
    assert!(stranger.rest().await.is_empty());
    assert_eq!(idler.rest().await, [0xE0, 1, 0x8B]);
    assert_eq!(fake.payloads(), ["gone"]);
}
