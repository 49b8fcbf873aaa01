//! CONNECT and CONNACK.

use std::time::Duration;

use davy_door::{Closed, Config, Version};
use tokio::time::Instant;

use crate::handler::{Receipts, Told, config, open, open_with};
use crate::packets::{connect, packet};
use crate::raw::{attach, welcome};

#[tokio::test]
async fn v5_is_told_every_limit() {
    let (door, _fake) = open(Receipts::Commit);
    let mut gateway = attach(&door);
    let body = gateway.connect(&connect(Version::V5, "g")).await;
    let expected = [
        &[0, 0, 28][..],
        &[0x11, 0, 0, 0, 0],
        &[0x21, 4, 0],
        &[0x24, 1],
        &[0x25, 1],
        &[0x27, 0, 4, 0, 0],
        &[0x22, 0, 32],
        &[0x29, 0],
        &[0x2A, 0],
    ];
    let mut expected = expected.concat();
    expected[2] = u8::try_from(expected.len() - 3).expect("short");
    assert_eq!(body, expected);
}

#[tokio::test]
async fn v5_without_an_identifier_is_given_one_and_v3_is_not_told() {
    let (door, fake) = open(Receipts::Commit);
    let body = attach(&door).connect(&connect(Version::V5, "")).await;
    let at = body.windows(2).position(|pair| pair == [0x12, 0]).expect("an assigned identifier");
    let len = usize::from(body[at + 2]);
    let assigned = String::from_utf8(body[at + 3..at + 3 + len].to_vec()).expect("text");
    let body = attach(&door).connect(&connect(Version::V3, "")).await;
    assert_eq!(body, [0, 0]);
    let told = fake.told();
    let clients: Vec<_> = told
        .iter()
        .filter_map(|told| if let Told::Authenticate { client, .. } = told { Some(client) } else { None })
        .collect();
    assert_eq!(*clients[0], assigned);
    assert!(clients[1].starts_with("auto-") && clients[0] != clients[1]);
}

#[tokio::test]
async fn a_long_or_missing_keep_alive_is_shortened_for_v5() {
    let (door, _fake) = open(Receipts::Commit);
    for (asked, told) in [(0, true), (60, false), (1200, false), (1201, true), (65_535, true)] {
        let body = attach(&door).connect(&connect(Version::V5, "g").keep_alive(asked)).await;
        assert_eq!(body.ends_with(&[0x13, 4, 0xB0]), told, "keep-alive {asked}");
    }
}

#[tokio::test]
async fn a_refusal_speaks_the_clients_version() {
    let cases = [
        (connect(Version::V3, "g").user("nobody"), vec![0x20, 2, 0, 4]),
        (connect(Version::V5, "g").user("nobody"), vec![0x20, 3, 0, 0x86, 0]),
        (connect(Version::V3, "g").user("banned"), vec![0x20, 2, 0, 5]),
        (connect(Version::V5, "g").user("banned"), vec![0x20, 3, 0, 0x8A, 0]),
        (connect(Version::V3, "g").user("later"), vec![0x20, 2, 0, 3]),
        (connect(Version::V5, "g").user("later"), vec![0x20, 3, 0, 0x88, 0]),
        (connect(Version::V3, "g").user("locked").password("shut"), vec![0x20, 2, 0, 5]),
        (connect(Version::V5, "g").user("locked").password("shut"), vec![0x20, 3, 0, 0x87, 0]),
    ];
    let (door, fake) = open(Receipts::Commit);
    for (connect, answer) in cases {
        let mut gateway = attach(&door);
        gateway.send(connect.bytes()).await;
        assert_eq!(gateway.rest().await, answer);
    }
    welcome(&door, connect(Version::V3, "g").user("locked").password("open")).await;
    assert_eq!((door.stats().connect_refused, door.stats().welcomed), (8, 1));
    assert!(fake.told().iter().filter(|told| matches!(told, Told::Closed { .. })).count() <= 1);
}

#[tokio::test]
async fn a_will_to_a_forbidden_topic_is_not_welcome_and_the_session_is_closed() {
    for (version, answer) in [(Version::V3, &[0x20, 2, 0, 5][..]), (Version::V5, &[0x20, 3, 0, 0x87, 0])] {
        let (door, fake) = open(Receipts::Commit);
        let mut gateway = attach(&door);
        gateway.send(connect(version, "g").will("deny/x", "boo").bytes()).await;
        assert_eq!(gateway.rest().await, answer);
        assert_eq!(fake.until_closed(1).await, [Closed::Refused]);
        assert!(fake.messages().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_undecided_handler_is_bounded() {
    let (door, _fake) = open(Receipts::Commit);
    for (version, answer) in [(Version::V3, &[0x20, 2, 0, 3][..]), (Version::V5, &[0x20, 3, 0, 0x88, 0])] {
        let start = Instant::now();
        let mut gateway = attach(&door);
        gateway.send(connect(version, "wait").bytes()).await;
        gateway.expect(answer).await;
        assert!((5000..5100).contains(&start.elapsed().as_millis()));
    }
    assert_eq!(door.stats().authenticate_timeouts, 2);
}

#[tokio::test(start_paused = true)]
async fn a_connect_must_be_whole_in_time() {
    let whole = connect(Version::V3, "g").bytes();
    for sent in [0, 1, whole.len() - 1] {
        let (door, fake) = open(Receipts::Commit);
        let start = Instant::now();
        let mut gateway = attach(&door);
        gateway.send(&whole[..sent]).await;
        assert!(gateway.rest().await.is_empty());
        assert!((10_000..10_100).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        assert_eq!(door.stats().connect_failed, 1);
        assert!(fake.told().is_empty());
    }
}

#[tokio::test]
async fn a_stranger_is_held_to_a_shorter_packet() {
    let (door, _fake) = open_with(Receipts::Commit, Config { packet_len_max: 1_000_000, ..config() });
    let mut gateway = attach(&door);
    gateway.send([0x10, 0x80, 0x80, 0x04]).await;
    assert!(gateway.rest().await.is_empty(), "64 kB announced");
}

#[tokio::test]
async fn a_client_too_small_for_the_connack_hears_nothing() {
    let (door, fake) = open(Receipts::Commit);
    let mut gateway = attach(&door);
    gateway.send(connect(Version::V5, "g").property(&[0x27, 0, 0, 0, 20]).bytes()).await;
    assert!(gateway.rest().await.is_empty());
    assert_eq!(fake.until_closed(1).await, [Closed::ProtocolError]);
}

#[tokio::test]
async fn session_expiry_may_be_lowered_at_goodbye_but_not_raised_from_nothing() {
    let goodbye = packet(0xE0, &[0, 5, 0x11, 0, 0, 0, 9]);
    for (asked, how) in [(0, Closed::ProtocolError), (60, Closed::Disconnected)] {
        let (door, fake) = open(Receipts::Commit);
        let connect = connect(Version::V5, "g").property(&[0x11, 0, 0, 0, asked]);
        let mut gateway = welcome(&door, connect).await;
        gateway.send(&goodbye).await;
        drop(gateway);
        assert_eq!(fake.until_closed(1).await, [how]);
    }
}

#[test]
fn a_limit_that_makes_no_sense_is_named() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _guard = runtime.enter();
    let bad = [
        (Config { receive_max: 0, ..config() }, "receive_max"),
        (Config { packet_len_max: 2, ..config() }, "packet_len_max"),
        (Config { connections_max: 0, ..config() }, "connections_max"),
        (Config { listen: vec![], ..config() }, "listen"),
    ];
    for (config, name) in bad {
        let fake = crate::handler::Fake::new(Receipts::Commit);
        let error = davy_door::Door::start(config, fake).expect_err("no door");
        assert!(error.to_string().starts_with(name), "{error}");
    }
    assert!(config().connect_timeout == Duration::from_secs(10));
}
