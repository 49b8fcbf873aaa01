//! Bytes at random, and good packets gone bad: no panic, no read past the end, no more memory than bytes.

use bytes::Bytes;
use davy_door::codec::{self, Connect, Frame, Packet, Version, frame};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::packets::{connect, puback, publish_with, subscribe, unsubscribe};

fn versions() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V3), Just(Version::V5)]
}

/// Whether `part` lies within `whole`.
fn within(part: &[u8], whole: &[u8]) -> bool {
    whole.as_ptr_range().start <= part.as_ptr_range().start
        && part.as_ptr_range().end <= whole.as_ptr_range().end
}

fn decode_all(version: Version, bytes: &[u8]) -> Result<(), TestCaseError> {
    let (whole, _) = frame::whole(bytes, 4096);
    prop_assert!(whole <= bytes.len());
    let mut at = 0;
    while at < whole {
        let Ok(Some(frame)) = frame::first(&bytes[at..], 4096) else {
            return Err(TestCaseError::fail("`whole` promised a frame"));
        };
        prop_assert!(frame.len >= 2 && frame.len <= 4096);
        prop_assert!(within(frame.body, bytes));
        check(version, frame)?;
        at += frame.len;
    }
    prop_assert_eq!(at, whole);
    Ok(())
}

fn check(version: Version, frame: Frame<'_>) -> Result<(), TestCaseError> {
    let _ = Connect::decode(frame.body);
    match codec::decode(version, frame) {
        Ok(Packet::Publish(publish)) => {
            prop_assert!(within(publish.topic, frame.body) && within(publish.payload, frame.body));
            // As the connection does it.
            let whole = Bytes::copy_from_slice(frame.body);
            let start = publish.payload.as_ptr() as usize - frame.body.as_ptr() as usize;
            prop_assert_eq!(&whole[start..][..publish.payload.len()], publish.payload);
        }
        Ok(Packet::Subscribe(subscribe)) => {
            let filters: Vec<_> = subscribe.filters().collect();
            prop_assert!(!filters.is_empty());
            prop_assert!(filters.iter().all(|request| within(request.filter.as_bytes(), frame.body)));
        }
        Ok(Packet::Unsubscribe(unsubscribe)) => prop_assert!(unsubscribe.filters().count() > 0),
        Ok(Packet::Puback(_) | Packet::Pingreq | Packet::Disconnect(_)) | Err(_) => {}
    }
    Ok(())
}

/// Good packets of every kind.
fn seeds(version: Version) -> Vec<Vec<u8>> {
    let properties: &[u8] =
        if version == Version::V5 { &[0x23, 0, 1, 0x26, 0, 1, b'k', 0, 1, b'v', 0x01, 1] } else { &[] };
    let will: &[u8] = if version == Version::V5 { &[0x18, 0, 0, 0, 3] } else { &[] };
    vec![
        connect(version, "gateway").will_with(0x0C, will, "s", "gone").user("u").password("p").bytes(),
        publish_with(version, 0x32, 7, "a/b", properties, "payload"),
        publish_with(version, 0x31, 0, "a/b", properties, ""),
        puback(7),
        subscribe(version, 9, &[("a/+", 1), ("b/#", 0)]),
        unsubscribe(version, 9, &["a/+", "b"]),
        vec![0xC0, 0],
        vec![0xE0, 0],
    ]
}

/// One change to a packet.
#[derive(Debug, Clone)]
enum Change {
    Set(usize, u8),
    Flip(usize, u8),
    Cut(usize),
    Insert(usize, u8),
    Remove(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let len = bytes.len();
        match *self {
            Self::Set(at, byte) => bytes[at % len] = byte,
            Self::Flip(at, bit) => bytes[at % len] ^= 1 << (bit % 8),
            Self::Cut(at) => bytes.truncate(at % len),
            Self::Insert(at, byte) => bytes.insert(at % len, byte),
            Self::Remove(at) => _ = bytes.remove(at % len),
        }
    }
}

fn changes() -> impl Strategy<Value = Change> {
    let at = 0..200usize;
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (at.clone(), any::<u8>()).prop_map(|(at, bit)| Change::Flip(at, bit)),
        at.clone().prop_map(Change::Cut),
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        at.prop_map(Change::Remove),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_is_decoded_without_harm(version in versions(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        decode_all(version, &bytes)?;
    }

    #[test]
    fn noise_behind_a_good_header_is_decoded_without_harm(
        version in versions(),
        first in any::<u8>(),
        body in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        decode_all(version, &crate::packets::packet(first, &body))?;
    }

    #[test]
    fn a_good_packet_gone_bad_is_decoded_without_harm(
        version in versions(),
        seed in 0..8usize,
        changes in prop::collection::vec(changes(), 1..6),
    ) {
        let mut bytes = seeds(version).swap_remove(seed);
        for change in &changes {
            change.apply(&mut bytes);
        }
        decode_all(version, &bytes)?;
        // The length made good again, so that the change reaches the packet's own decoder.
        if bytes.len() > 2 {
            decode_all(version, &crate::packets::packet(bytes[0], &bytes[2..]))?;
        }
    }

    #[test]
    fn a_message_comes_through_as_it_was_written(
        version in versions(),
        topic in "[a-z/温]{1,40}",
        payload in prop::collection::vec(any::<u8>(), 0..20_000),
        id in 1..=u16::MAX,
        qos in prop_oneof![Just(davy_door::Qos::AtMostOnce), Just(davy_door::Qos::AtLeastOnce)],
    ) {
        let mut out = bytes::BytesMut::new();
        prop_assert!(codec::write_publish(&mut out, version, &topic, &payload, qos, id, usize::MAX));
        let frame = frame::first(&out, usize::MAX).expect("a header").expect("all of it");
        let Ok(Packet::Publish(read)) = codec::decode(version, frame) else {
            return Err(TestCaseError::fail("not a PUBLISH"));
        };
        prop_assert_eq!((read.topic, read.payload, read.qos), (topic.as_bytes(), &payload[..], qos));
    }

    #[test]
    fn every_prefix_of_a_packet_waits_for_the_rest(version in versions(), seed in 0..8usize) {
        let bytes = seeds(version).swap_remove(seed);
        for cut in 0..bytes.len() {
            prop_assert_eq!(frame::first(&bytes[..cut], 4096), Ok(None));
        }
        prop_assert!(matches!(frame::first(&bytes, 4096), Ok(Some(frame)) if frame.len == bytes.len()));
    }
}

#[test]
fn the_seeds_are_good() {
    for version in [Version::V3, Version::V5] {
        for (index, bytes) in seeds(version).iter().enumerate() {
            let frame = frame::first(bytes, 4096).expect("a header").expect("all of it");
            let good = if index == 0 {
                Connect::decode(frame.body).is_ok()
            } else {
                codec::decode(version, frame).is_ok()
            };
            assert!(good, "{version:?} {index}");
        }
    }
}

/// A door with 300 connections of mutated traffic still serves the one that behaves.
#[tokio::test]
async fn a_door_under_fuzz_still_serves() {
    use crate::handler::{Receipts, open};
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

    let seed = [7; 32];
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let strategy = (versions(), 1..8usize, prop::collection::vec(changes(), 1..6));
    let (door, _fake) = open(Receipts::Commit);
    let mut good = crate::raw::welcome(&door, connect(Version::V5, "good")).await;
    for n in 0..300u16 {
        let (version, kind, changes) = strategy.new_tree(&mut runner).expect("a value").current();
        let mut bytes = seeds(version).swap_remove(kind);
        changes.iter().for_each(|change| change.apply(&mut bytes));
        let mut raw = crate::raw::welcome(&door, connect(version, "fuzz")).await;
        // It may close in the middle.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut raw.stream, &bytes).await;
        drop(raw);
        let id = n + 1;
        good.send(publish_with(Version::V5, 0x32, id, "t", &[], "x")).await;
        good.expect_pubacks([id]).await;
    }
    assert_eq!(door.stats().aborted, 0, "seed {seed:?}");
}
