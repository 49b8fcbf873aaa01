//! From PUBLISH to PUBACK.

use davy_door::{Closed, Config, Qos, Version};

use crate::handler::{Receipts, Told, config, open, open_with};
use crate::packets::{DISCONNECT, PINGREQ, PINGRESP, connect, publish, publish_qos0, publish_with};
use crate::raw::{BOTH, attach, welcome};

#[tokio::test]
async fn a_puback_waits_for_the_commit_and_a_ping_does_not() {
    for version in BOTH {
        let (door, fake) = open(Receipts::Hold);
        let mut gateway = welcome(&door, connect(version, "g")).await;
        gateway.send([publish(version, 1, "t", "a"), publish(version, 2, "t", "b")].concat()).await;
        fake.until_messages(2).await;
        gateway.expect_silence().await;
        fake.commit_held();
        gateway.expect_pubacks([1, 2]).await;
    }
}

#[tokio::test]
async fn what_came_in_one_read_is_one_batch_in_order_of_arrival() {
    let (door, fake) = open(Receipts::Commit);
    let mut gateway = attach(&door);
    let mut burst = connect(Version::V3, "g").bytes();
    for id in 1..=500 {
        burst.extend(publish(Version::V3, id, "t", id.to_string()));
    }
    burst.extend(DISCONNECT);
    gateway.send(burst).await;
    gateway.expect([0x20, 2, 0, 0]).await;
    gateway.expect_pubacks(1..=500).await;
    assert!(gateway.rest().await.is_empty());
    assert_eq!(fake.until_closed(1).await, [Closed::Disconnected]);
    assert_eq!(fake.payloads(), (1..=500).map(|id| id.to_string()).collect::<Vec<_>>());
    let stats = door.stats();
    assert_eq!((stats.received, stats.submitted, stats.acknowledged), (500, 500, 500));
    assert!(stats.batches < 20, "{} batches", stats.batches);
}

#[tokio::test]
async fn a_message_is_handed_on_as_it_was_sent() {
    for version in BOTH {
        let (door, fake) = open(Receipts::Commit);
        let mut gateway = welcome(&door, connect(version, "g")).await;
        gateway.send(publish_with(version, 0x3B, 9, "a/b", &[], "x")).await;
        gateway.send(publish_qos0(version, "a/b", "")).await;
        gateway.expect_pubacks([9]).await;
        fake.until_messages(2).await;
        let [first, second] = &fake.messages()[..] else { panic!("two messages") };
        assert_eq!((&*first.topic, &first.payload[..], first.qos), ("a/b", &b"x"[..], Qos::AtLeastOnce));
        assert!(first.retain && first.duplicate && !first.is_will);
        assert_eq!((second.payload.len(), second.qos, second.retain), (0, Qos::AtMostOnce, false));
        assert!(std::sync::Arc::ptr_eq(&first.topic, &second.topic), "the topic is shared");
    }
}

#[tokio::test]
async fn pubacks_keep_the_order_of_arrival_though_later_batches_are_answered() {
    let (door, fake) = open(Receipts::Hold);
    let mut gateway = welcome(&door, connect(Version::V5, "g")).await;
    gateway.send(publish(Version::V5, 7, "t", "first")).await;
    fake.until_messages(1).await;
    fake.set_receipts(Receipts::Commit);
    gateway.send(publish(Version::V5, 3, "t", "second")).await;
    fake.until_messages(2).await;
    gateway.expect_silence().await;
    fake.commit_held();
    gateway.expect_pubacks([7, 3]).await;
}

#[tokio::test]
async fn a_dropped_receipt_closes_without_puback() {
    for version in BOTH {
        let (door, fake) = open(Receipts::Fail);
        let mut gateway = welcome(&door, connect(version, "g")).await;
        gateway.send(publish(version, 1, "t", "a")).await;
        let told: &[u8] = if version == Version::V5 { &[0xE0, 1, 0x80] } else { &[] };
        assert_eq!(gateway.rest().await, told);
        assert_eq!(fake.until_closed(1).await, [Closed::NotDurable]);
        assert_eq!((door.stats().acknowledged, door.stats().not_durable), (0, 1));
    }
}

#[tokio::test]
async fn a_receipt_dropped_later_closes_too() {
    let (door, fake) = open(Receipts::Hold);
    let mut gateway = welcome(&door, connect(Version::V3, "g")).await;
    gateway.send(publish(Version::V3, 1, "t", "a")).await;
    fake.until_messages(1).await;
    fake.drop_held();
    assert!(gateway.rest().await.is_empty());
    assert_eq!(fake.until_closed(1).await, [Closed::NotDurable]);
}

#[tokio::test]
async fn v5_reads_the_handlers_reason_and_v3_does_not() {
    let cases = [("fine", 0x00), ("too much", 0x97), ("nonsense", 0x99)];
    for (payload, reason) in cases {
        let (door, _fake) = open(Receipts::Commit);
        let mut five = welcome(&door, connect(Version::V5, "five")).await;
        five.send(publish(Version::V5, 5, "t", payload)).await;
        let expected = if reason == 0 { vec![0x40, 2, 0, 5] } else { vec![0x40, 3, 0, 5, reason] };
        five.expect(expected).await;
        let mut three = welcome(&door, connect(Version::V3, "three")).await;
        three.send(publish(Version::V3, 5, "t", payload)).await;
        three.expect([0x40, 2, 0, 5]).await;
    }
}

#[tokio::test]
async fn a_forbidden_topic_is_acknowledged_in_its_turn_told_to_v5_and_goes_nowhere() {
    for version in BOTH {
        let (door, fake) = open(Receipts::Hold);
        let mut gateway = welcome(&door, connect(version, "g")).await;
        let burst = [
            publish(version, 1, "ok", "a"),
            publish(version, 2, "deny/x", "b"),
            publish_qos0(version, "$SYS/x", "c"),
        ];
        gateway.send(burst.concat()).await;
        fake.until("two refusals", |told| {
            told.iter().filter(|told| matches!(told, Told::Refused { .. })).count() == 2
        })
        .await;
        gateway.expect_silence().await;
        fake.until_messages(1).await;
        fake.commit_held();
        let refused: &[u8] = if version == Version::V5 { &[0x40, 3, 0, 2, 0x87] } else { &[0x40, 2, 0, 2] };
        gateway.expect([&[0x40, 2, 0, 1], refused].concat()).await;
        let stats = door.stats();
        assert_eq!((stats.received, stats.submitted, stats.refused), (3, 1, 2), "all accounted for");
    }
}

#[tokio::test]
async fn only_forbidden_messages_need_no_commit() {
    let (door, _fake) = open(Receipts::Hold);
    let mut gateway = welcome(&door, connect(Version::V3, "g")).await;
    gateway.send(publish(Version::V3, 2, "deny/x", "b")).await;
    gateway.expect_pubacks([2]).await;
}

fn two_in_flight() -> Config {
    Config { receive_max: 2, ..config() }
}

#[tokio::test]
async fn v3_is_read_no_further_than_the_receive_maximum() {
    let (door, fake) = open_with(Receipts::Hold, two_in_flight());
    let mut gateway = welcome(&door, connect(Version::V3, "g")).await;
    let burst: Vec<_> = (1..=5).flat_map(|id| publish(Version::V3, id, "t", id.to_string())).collect();
    gateway.send(burst).await;
    for last in [2, 4, 5] {
        fake.until_messages(last).await;
        assert_eq!(fake.messages().len(), last);
        fake.commit_held();
    }
    gateway.expect_pubacks(1..=5).await;
}

#[tokio::test]
async fn v5_that_exceeds_the_receive_maximum_is_told_and_closed() {
    let (door, fake) = open_with(Receipts::Hold, two_in_flight());
    let mut gateway = welcome(&door, connect(Version::V5, "g")).await;
    let burst: Vec<_> = (1..=3).flat_map(|id| publish(Version::V5, id, "t", id.to_string())).collect();
    gateway.send(burst).await;
    gateway.expect([0xE0, 1, 0x93]).await;
    drop(gateway);
    assert_eq!(fake.until_closed(1).await, [Closed::ProtocolError]);
    assert_eq!(fake.payloads(), ["1", "2"], "what came before it counts");
}

#[tokio::test]
async fn at_the_receive_maximum_v5_is_still_heard() {
    let (door, fake) = open_with(Receipts::Hold, two_in_flight());
    let mut gateway = welcome(&door, connect(Version::V5, "g")).await;
    gateway.send([publish(Version::V5, 1, "t", "1"), publish(Version::V5, 2, "t", "2")].concat()).await;
    gateway.send(publish_qos0(Version::V5, "t", "0")).await;
    gateway.expect_silence().await;
    fake.until_messages(3).await;
}

#[tokio::test]
async fn a_handler_that_waits_holds_the_client_back_but_not_its_pings() {
    let (door, fake) = open_with(Receipts::Commit, Config { in_flight_len_max: 1000, ..config() });
    fake.shut_gate();
    let mut gateway = welcome(&door, connect(Version::V3, "g")).await;
    gateway.send(publish(Version::V3, 1, "t", "a")).await;
    gateway.send([&publish(Version::V3, 2, "t", [7; 900])[..], &PINGREQ].concat()).await;
    gateway.expect(PINGRESP).await;
    gateway.send(publish(Version::V3, 3, "t", "c")).await;
    assert_eq!(fake.messages().len(), 0);
    fake.open_gate();
    gateway.expect_pubacks([1, 2, 3]).await;
}

#[tokio::test]
async fn a_topic_alias_spares_the_topic() {
    let (door, fake) = open(Receipts::Commit);
    let mut gateway = welcome(&door, connect(Version::V5, "g")).await;
    let alias = [0x23, 0, 32];
    gateway.send(publish_with(Version::V5, 0x32, 1, "a/b", &alias, "x")).await;
    gateway.send(publish_with(Version::V5, 0x32, 2, "", &alias, "y")).await;
    gateway.expect_pubacks([1, 2]).await;
    let topics: Vec<_> = fake.messages().iter().map(|message| message.topic.to_string()).collect();
    assert_eq!(topics, ["a/b", "a/b"]);
}

#[tokio::test]
async fn the_same_packet_id_twice_in_flight_is_acknowledged_twice() {
    let (door, fake) = open(Receipts::Hold);
    let mut gateway = welcome(&door, connect(Version::V3, "g")).await;
    gateway.send([publish(Version::V3, 1, "t", "a"), publish(Version::V3, 1, "t", "b")].concat()).await;
    fake.until_messages(2).await;
    fake.commit_held();
    gateway.expect_pubacks([1, 1]).await;
}

#[tokio::test]
async fn a_packet_cut_anywhere_is_put_together_again() {
    let whole = publish(Version::V3, 1, "topic/with/levels", vec![b'x'; 300]);
    let (door, fake) = open(Receipts::Commit);
    let mut gateway = welcome(&door, connect(Version::V3, "g")).await;
    for cut in 1..whole.len() {
        gateway.send(&whole[..cut]).await;
        tokio::task::yield_now().await;
        gateway.send(&whole[cut..]).await;
        gateway.expect_pubacks([1]).await;
    }
    assert!(fake.messages().iter().all(|message| message.payload.len() == 300));
}
