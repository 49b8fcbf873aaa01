//! What clients hear.

use std::time::Duration;

use bytes::Bytes;
use davy_door::{Closed, Config, DoorPublisher, Qos, Routed, Version};
use tokio::time::Instant;

use crate::handler::{Fake, Receipts, config, open, open_with};
use crate::packets::{connect, puback, publish, subscribe, unsubscribe};
use crate::raw::{BOTH, Raw, attach, welcome};

fn say(door: &davy_door::Door<Fake>, topic: &str, payload: &'static str, qos: Qos) -> Routed {
    door.publish(topic, Bytes::from_static(payload.as_bytes()), qos).expect("a topic")
}

async fn listener(
    door: &davy_door::Door<Fake>,
    version: Version,
    filter: &str,
    qos: u8,
) -> Raw<tokio::io::DuplexStream> {
    let mut client = welcome(door, connect(version, "listener")).await;
    client.send(subscribe(version, 1, &[(filter, qos)])).await;
    let suback = if version == Version::V5 { vec![0x90, 4, 0, 1, 0, qos] } else { vec![0x90, 3, 0, 1, qos] };
    client.expect(suback).await;
    client
}

#[tokio::test]
async fn a_subscriber_hears_the_door() {
    for version in BOTH {
        let (door, _fake) = open(Receipts::Commit);
        let mut client = listener(&door, version, "a/+", 1).await;
        assert_eq!(say(&door, "a/b", "hi", Qos::AtMostOnce), Routed { queued: 1, dropped: 0 });
        client.expect(crate::packets::publish_qos0(version, "a/b", "hi")).await;
        say(&door, "a/b", "ho", Qos::AtLeastOnce);
        client.expect(publish(version, 1, "a/b", "ho")).await;
        client.send(puback(1)).await;
        client.expect_silence().await;
        assert_eq!(say(&door, "b", "hm", Qos::AtMostOnce), Routed::default());
        let stats = door.stats();
        assert_eq!((stats.outgoing_queued, stats.outgoing_sent, stats.outgoing_acknowledged), (2, 2, 1));
    }
}

#[tokio::test]
async fn clients_never_hear_each_other() {
    let (door, fake) = open(Receipts::Commit);
    let mut ear = listener(&door, Version::V3, "#", 1).await;
    let mut mouth = welcome(&door, connect(Version::V3, "mouth")).await;
    mouth.send(publish(Version::V3, 1, "a", "psst")).await;
    mouth.expect_pubacks([1]).await;
    fake.until_messages(1).await;
    ear.expect_silence().await;
}

#[tokio::test]
async fn each_filter_is_judged_by_itself() {
    let filters =
        [("ok", 0), ("deny/x", 1), ("a/#/b", 0), ("$share/g/a", 1), ("two", 2), ("", 0), ("deny", 0)];
    for (version, reasons) in [
        (Version::V3, vec![0, 0x80, 0x80, 0x80, 1, 0x80, 0x80]),
        (Version::V5, vec![0, 0x87, 0x8F, 0x9E, 1, 0x8F, 0x87]),
    ] {
        let (door, _fake) = open(Receipts::Commit);
        let mut client = welcome(&door, connect(version, "g")).await;
        client.send(subscribe(version, 9, &filters)).await;
        let (first, body) = client.packet().await.expect("a SUBACK");
        let skip = if version == Version::V5 { 3 } else { 2 };
        assert_eq!((first, &body[skip..]), (0x90, &reasons[..]));
    }
}

#[tokio::test]
async fn subscriptions_have_a_limit_and_asking_again_costs_nothing() {
    let (door, _fake) = open_with(Receipts::Commit, Config { subscriptions_max: 2, ..config() });
    let mut client = welcome(&door, connect(Version::V5, "g")).await;
    client.send(subscribe(Version::V5, 1, &[("a", 0), ("b", 0), ("c", 0), ("a", 1)])).await;
    client.expect([0x90, 7, 0, 1, 0, 0, 0, 0x97, 1]).await;
    client.send(unsubscribe(Version::V5, 2, &["a", "z"])).await;
    client.expect([0xB0, 5, 0, 2, 0, 0, 0x11]).await;
    client.send(subscribe(Version::V5, 3, &[("c", 0)])).await;
    client.expect([0x90, 4, 0, 3, 0, 0]).await;
    assert_eq!(say(&door, "a", "x", Qos::AtMostOnce), Routed::default());
}

#[tokio::test]
async fn unsubscribing_ends_it() {
    for version in BOTH {
        let (door, _fake) = open(Receipts::Commit);
        let mut client = listener(&door, version, "a", 0).await;
        client.send(unsubscribe(version, 2, &["a"])).await;
        let answer: &[u8] = if version == Version::V5 { &[0xB0, 4, 0, 2, 0, 0] } else { &[0xB0, 2, 0, 2] };
        client.expect(answer).await;
        assert_eq!(say(&door, "a", "x", Qos::AtMostOnce), Routed::default());
    }
}

#[tokio::test]
async fn a_client_that_left_hears_nothing_and_costs_nothing() {
    let (door, fake) = open(Receipts::Commit);
    drop(listener(&door, Version::V3, "a", 0).await);
    fake.until_closed(1).await;
    assert_eq!(say(&door, "a", "x", Qos::AtMostOnce), Routed::default());
}

#[tokio::test]
async fn the_window_is_the_smaller_of_both_and_order_is_kept() {
    let (door, _fake) = open(Receipts::Commit);
    let mut client = attach(&door);
    client.connect(&connect(Version::V5, "g").property(&[0x21, 0, 2])).await;
    client.send(subscribe(Version::V5, 1, &[("a", 1)])).await;
    client.expect([0x90, 4, 0, 1, 0, 1]).await;
    for payload in ["1", "2", "3"] {
        say(&door, "a", payload, Qos::AtLeastOnce);
    }
    say(&door, "a", "4", Qos::AtMostOnce);
    client.expect(publish(Version::V5, 1, "a", "1")).await;
    client.expect(publish(Version::V5, 2, "a", "2")).await;
    client.expect_silence().await;
    client.send(puback(2)).await;
    client.expect(publish(Version::V5, 3, "a", "3")).await;
    client.expect(crate::packets::publish_qos0(Version::V5, "a", "4")).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_acknowledges_is_given_up() {
    let (door, fake) = open(Receipts::Commit);
    let mut client = listener(&door, Version::V3, "a", 1).await;
    let start = Instant::now();
    say(&door, "a", "x", Qos::AtLeastOnce);
    client.expect(publish(Version::V3, 1, "a", "x")).await;
    fake.until("closed", |told| !told.is_empty()).await;
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(fake.until_closed(1).await, [Closed::Stalled]);
    assert!(start.elapsed() < Duration::from_secs(32));
}

#[tokio::test]
async fn a_full_queue_drops_and_counts_and_the_rest_arrives() {
    let (door, _fake) =
        open_with(Receipts::Commit, Config { outgoing_max: 3, outgoing_window: 1, ..config() });
    let mut client = listener(&door, Version::V3, "a", 1).await;
    say(&door, "a", "0", Qos::AtLeastOnce);
    client.expect(publish(Version::V3, 1, "a", "0")).await;
    let routed = ["1", "2", "3", "4"].map(|payload| say(&door, "a", payload, Qos::AtLeastOnce).dropped);
    assert_eq!(routed, [0, 0, 0, 1]);
    for (id, payload) in [(1, "1"), (2, "2"), (3, "3")] {
        client.send(puback(id)).await;
        client.expect(publish(Version::V3, id + 1, "a", payload)).await;
    }
    assert_eq!(door.stats().outgoing_dropped_full, 1);
}

#[tokio::test]
async fn nothing_longer_than_the_client_takes_is_sent() {
    let (door, _fake) = open(Receipts::Commit);
    let mut client = attach(&door);
    client.connect(&connect(Version::V5, "g").property(&[0x27, 0, 0, 0, 60])).await;
    client.send(subscribe(Version::V5, 1, &[("a", 1)])).await;
    client.expect([0x90, 4, 0, 1, 0, 1]).await;
    door.publish("a", Bytes::from(vec![b'x'; 56]), Qos::AtMostOnce).expect("a topic");
    door.publish("a", Bytes::from(vec![b'x'; 54]), Qos::AtMostOnce).expect("a topic");
    let (_, body) = client.packet().await.expect("the shorter one");
    assert_eq!(body.len() + 2, 60);
    assert_eq!(door.stats().outgoing_dropped_too_long, 1);
}

#[tokio::test]
async fn a_publisher_is_of_use_before_the_door() {
    let (publisher, fake) = (DoorPublisher::new(), Fake::new(Receipts::Commit));
    assert_eq!(publisher.publish("a", "early", Qos::AtMostOnce), Ok(Routed::default()));
    let door = davy_door::Door::start_with(config(), fake, publisher.clone()).expect("a free port");
    let mut client = listener(&door, Version::V3, "a", 0).await;
    assert_eq!(publisher.publish("a", "now", Qos::AtMostOnce).map(|routed| routed.queued), Ok(1));
    client.expect(crate::packets::publish_qos0(Version::V3, "a", "now")).await;
}

#[tokio::test]
async fn a_handler_that_panics_takes_only_that_connection_and_all_of_it() {
    let (door, _fake) = open(Receipts::Commit);
    let mut other = welcome(&door, connect(Version::V3, "other")).await;
    let mut client = listener(&door, Version::V3, "a", 0).await;
    client.send(publish(Version::V3, 1, "t", "panic")).await;
    assert!(client.rest().await.is_empty());
    assert_eq!(say(&door, "a", "x", Qos::AtMostOnce), Routed::default(), "its subscriptions are gone");
    welcome(&door, connect(Version::V3, "listener")).await.expect_silence().await;
    other.expect_silence().await;
}
