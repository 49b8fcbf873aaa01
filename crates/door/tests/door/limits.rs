//! How many may come, and how often.

use std::net::SocketAddr;

use davy_door::{Config, ConnectRate, Peer, TurnedAway, Version};

use crate::handler::{Receipts, config, open_with};
use crate::packets::connect;
use crate::raw::{attach, dial, welcome};

#[tokio::test]
async fn connections_have_a_limit_and_places_come_free() {
    let (door, fake) = open_with(Receipts::Commit, Config { connections_max: 2, ..config() });
    let first = welcome(&door, connect(Version::V3, "a")).await;
    let _second = welcome(&door, connect(Version::V3, "b")).await;
    assert!(dial(&door).await.rest().await.is_empty(), "the third is closed at once");
    drop(first);
    fake.until_closed(1).await;
    welcome_after_release(&door).await;
    assert_eq!(door.stats().turned_away_full, 1);
}

/// The place comes free just after the handler heard of the end.
async fn welcome_after_release(door: &davy_door::Door<crate::handler::Fake>) {
    loop {
        let (near, far) = tokio::io::duplex(1024);
        if door.attach(far, Peer::plain(([127, 0, 0, 1], 9).into())).is_ok() {
            let mut raw = crate::raw::Raw { stream: near };
            raw.connect(&connect(Version::V3, "c")).await;
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn half_open_sockets_have_a_limit_of_their_own() {
    let (door, _fake) = open_with(Receipts::Commit, Config { unauthenticated_max: 2, ..config() });
    let mut first = attach(&door);
    let _second = attach(&door);
    assert!(dial(&door).await.rest().await.is_empty());
    first.connect(&connect(Version::V3, "a")).await;
    let mut third = dial(&door).await;
    third.connect(&connect(Version::V3, "b")).await;
    assert_eq!(door.stats().turned_away_unauthenticated, 1);
}

#[tokio::test]
async fn one_address_may_not_connect_too_often() {
    let rate = ConnectRate { per_s: 1, burst: 3 };
    let (door, _fake) = open_with(Receipts::Commit, Config { connect_rate: Some(rate), ..config() });
    let knock = |addr: &str| {
        let addr: SocketAddr = addr.parse().expect("an address");
        door.attach(tokio::io::duplex(64).1, Peer::plain(addr))
    };
    let knocks = [1, 2, 3, 4].map(|port| knock(&format!("203.0.113.5:{port}")));
    assert_eq!(knocks, [Ok(()), Ok(()), Ok(()), Err(TurnedAway::Rate)]);
    assert_eq!(knock("203.0.113.6:1"), Ok(()));
    assert_eq!(door.stats().turned_away_rate, 1);
}

#[tokio::test]
async fn the_bound_on_a_connections_memory_is_a_figure() {
    let len = Config::default().connection_len_max();
    assert!((4 << 20..8 << 20).contains(&len), "{len} bytes");
}
