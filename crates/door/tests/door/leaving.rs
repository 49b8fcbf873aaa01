//! Wills, farewells, silence, and the client that comes back. In memory, on a clock that stands still until all wait.

use std::time::Duration;

use davy_door::{Closed, Config, Version};
use tokio::time::Instant;

use crate::handler::{Receipts, Told, config, open, open_with};
use crate::packets::{DISCONNECT, PINGREQ, PINGRESP, connect, packet, publish};
use crate::raw::{BOTH, attach, attach_with, welcome};

fn order(told: &[Told]) -> Vec<String> {
    told.iter()
        .flat_map(|told| match told {
            Told::Authenticate { .. } => vec!["in".to_owned()],
            Told::Batch { messages, .. } => {
                messages.iter().map(|m| String::from_utf8_lossy(&m.payload).into_owned()).collect()
            }
            Told::Refused { .. } => vec!["refused".to_owned()],
            Told::Closed { how, .. } => vec![format!("{how:?}")],
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_lost_client_leaves_its_will_after_its_messages_and_before_its_end() {
    for version in BOTH {
        let (door, fake) = open(Receipts::Commit);
        let mut gateway = welcome(&door, connect(version, "g").will("status", "gone")).await;
        gateway.send(publish(version, 1, "t", "last words")).await;
        drop(gateway);
        fake.until_closed(1).await;
        assert_eq!(order(&fake.told()), ["in", "last words", "gone", "Lost"]);
        let will = fake.messages().pop().expect("the will");
        assert!(will.is_will && &*will.topic == "status" && !will.retain);
    }
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_voids_the_will_unless_it_asks_for_it() {
    let cases: [(Version, Vec<u8>, &[&str]); 4] = [
        (Version::V3, DISCONNECT.to_vec(), &["in", "Disconnected"]),
        (Version::V5, DISCONNECT.to_vec(), &["in", "Disconnected"]),
        (Version::V5, packet(0xE0, &[0, 0]), &["in", "Disconnected"]),
        (Version::V5, packet(0xE0, &[4]), &["in", "gone", "DisconnectedWithWill"]),
    ];
    for (version, goodbye, expected) in cases {
        let (door, fake) = open(Receipts::Commit);
        let mut gateway = welcome(&door, connect(version, "g").will("status", "gone")).await;
        gateway.send(goodbye).await;
        assert!(gateway.rest().await.is_empty());
        fake.until_closed(1).await;
        assert_eq!(order(&fake.told()), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn silence_for_one_and_a_half_keep_alives_ends_it() {
    for (version, told) in [(Version::V3, &[][..]), (Version::V5, &[0xE0, 1, 0x8D])] {
        let (door, fake) = open(Receipts::Commit);
        let mut gateway = welcome(&door, connect(version, "g").keep_alive(2).will("s", "gone")).await;
        let start = Instant::now();
        tokio::time::sleep(Duration::from_secs(2)).await;
        gateway.send(PINGREQ).await;
        gateway.expect(PINGRESP).await;
        assert_eq!(gateway.rest().await, told);
        let elapsed = start.elapsed();
        assert!((5000..5100).contains(&elapsed.as_millis()), "{elapsed:?}");
        fake.until_closed(1).await;
        assert_eq!(order(&fake.told()), ["in", "gone", "KeepAliveTimeout"]);
    }
}

#[tokio::test(start_paused = true)]
async fn keep_alive_zero_is_for_ever_in_v3_and_bounded_in_v5() {
    let (door, fake) = open(Receipts::Commit);
    let mut three = welcome(&door, connect(Version::V3, "three").keep_alive(0)).await;
    let _five = welcome(&door, connect(Version::V5, "five").keep_alive(0)).await;
    tokio::time::sleep(Duration::from_secs(1799)).await;
    assert_eq!(door.stats().connections, 2);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(fake.until_closed(1).await, [Closed::KeepAliveTimeout]);
    tokio::time::sleep(Duration::from_secs(100_000)).await;
    three.expect_silence().await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_disk_is_not_the_clients_silence() {
    let (door, fake) = open_with(Receipts::Hold, Config { receive_max: 1, ..config() });
    let mut gateway = welcome(&door, connect(Version::V3, "g").keep_alive(2)).await;
    gateway.send([publish(Version::V3, 1, "t", "a"), publish(Version::V3, 2, "t", "b")].concat()).await;
    fake.until_messages(1).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    fake.commit_held();
    gateway.expect_pubacks([1]).await;
    fake.until_messages(2).await;
    fake.commit_held();
    gateway.expect_pubacks([2]).await;
    assert_eq!(door.stats().keep_alive_timeouts, 0);
}

#[tokio::test(start_paused = true)]
async fn half_a_packet_may_not_take_for_ever() {
    let (door, fake) = open(Receipts::Commit);
    let mut gateway = welcome(&door, connect(Version::V3, "g")).await;
    let start = Instant::now();
    for byte in &publish(Version::V3, 1, "t", "slow")[..5] {
        gateway.send([*byte]).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(gateway.rest().await.is_empty());
    assert!((10_000..10_100).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert_eq!(fake.until_closed(1).await, [Closed::Stalled]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_given_up() {
    let (door, fake) = open(Receipts::Commit);
    let mut gateway = attach_with(&door, 64);
    gateway.connect(&connect(Version::V3, "g").keep_alive(0)).await;
    let start = Instant::now();
    let flood =
        async { while tokio::io::AsyncWriteExt::write_all(&mut gateway.stream, &PINGREQ).await.is_ok() {} };
    flood.await;
    assert!((30_000..30_100).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert_eq!(fake.until_closed(1).await, [Closed::Stalled]);
}

#[tokio::test(start_paused = true)]
async fn who_would_not_be_let_in_any_more_is_hung_up_on_though_it_says_nothing() {
    for (version, told) in [(Version::V3, &[][..]), (Version::V5, &[0xE0, 1, 0x87])] {
        let (door, fake) = open(Receipts::Commit);
        let mut lamp = welcome(&door, connect(version, "lamp").keep_alive(0)).await;
        let mut other = welcome(&door, connect(version, "other").keep_alive(0)).await;
        door.publisher().ask_again();
        lamp.expect_silence().await;
        fake.shut_out("lamp");
        door.publisher().ask_again();
        assert_eq!(lamp.rest().await, told);
        other.expect_silence().await;
        // Whoever was let in while that changed is asked after too.
        assert_eq!(welcome(&door, connect(version, "lamp")).await.rest().await, told);
        assert_eq!(fake.until_closed(2).await, [Closed::ShutOut; 2]);
        assert_eq!(door.stats().shut_out, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_returning_client_ends_its_former_connection_first() {
    for (version, told) in [(Version::V3, &[][..]), (Version::V5, &[0xE0, 1, 0x8E])] {
        let (door, fake) = open(Receipts::Commit);
        let mut former = welcome(&door, connect(version, "g").will("status", "gone")).await;
        let mut later = welcome(&door, connect(version, "g")).await;
        later.send(publish(version, 1, "t", "back")).await;
        later.expect_pubacks([1]).await;
        assert_eq!(former.rest().await, told);
        assert_eq!(order(&fake.told()), ["in", "in", "gone", "TakenOver", "back"]);
        assert_eq!((door.stats().taken_over, door.stats().connections), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_war_for_one_identifier_has_one_winner_at_a_time() {
    let (door, fake) = open(Receipts::Commit);
    let mut raws = Vec::new();
    for _ in 0..20 {
        let mut raw = attach(&door);
        raw.send(connect(Version::V5, "g").bytes()).await;
        raws.push(raw);
    }
    fake.until_closed(19).await;
    raws.last_mut().expect("the last").connect_answer().await;
    raws.last_mut().expect("the last").expect_silence().await;
    assert_eq!(door.stats().connections, 1);
}

#[tokio::test(start_paused = true)]
async fn a_former_connection_stuck_in_the_handler_makes_the_newcomer_wait_and_then_go() {
    let (door, fake) = open(Receipts::Commit);
    let mut former = welcome(&door, connect(Version::V5, "g")).await;
    fake.shut_gate();
    former.send(publish(Version::V5, 1, "t", "a")).await;
    former.expect_silence().await;
    let mut later = attach(&door);
    later.send(connect(Version::V5, "g").bytes()).await;
    later.expect([0x20, 3, 0, 0x89, 0]).await;
    fake.open_gate();
    fake.until_closed(2).await;
    welcome(&door, connect(Version::V5, "g")).await;
}

const DELAY_30_S: [u8; 5] = [0x18, 0, 0, 0, 30];

#[tokio::test(start_paused = true)]
async fn a_delayed_will_waits_for_its_moment() {
    let (door, fake) = open(Receipts::Commit);
    let gateway = welcome(&door, connect(Version::V5, "g").will_with(0x0C, &DELAY_30_S, "s", "gone")).await;
    let start = Instant::now();
    drop(gateway);
    fake.until_messages(1).await;
    assert!((30_000..30_100).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert_eq!(order(&fake.told()), ["in", "Lost", "gone"]);
}

#[tokio::test(start_paused = true)]
async fn a_delayed_will_is_void_when_the_client_returns() {
    let (door, fake) = open(Receipts::Commit);
    for _ in 0..2 {
        let gateway =
            welcome(&door, connect(Version::V5, "g").will_with(0x0C, &DELAY_30_S, "s", "gone")).await;
        drop(gateway);
        tokio::time::sleep(Duration::from_secs(29)).await;
    }
    let mut gateway = welcome(&door, connect(Version::V5, "g")).await;
    tokio::time::sleep(Duration::from_secs(50)).await;
    gateway.expect_silence().await;
    assert_eq!(order(&fake.told()), ["in", "Lost", "in", "Lost", "in"]);
    assert_eq!((door.stats().wills, door.stats().wills_cancelled), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_will_delay_has_a_limit() {
    let (door, fake) =
        open_with(Receipts::Commit, Config { will_delay_max: Duration::from_secs(5), ..config() });
    let start = Instant::now();
    drop(welcome(&door, connect(Version::V5, "g").will_with(0x0C, &DELAY_30_S, "s", "gone")).await);
    fake.until_messages(1).await;
    assert!((5_000..5_100).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}
