//! What was refused or odd, kept so that somebody can look: a ring bounded by count and by bytes.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use davy_model::{Reason, Severity, Timestamp};
use parking_lot::Mutex;

use crate::Rejection;

/// How much of a payload is kept, bytes.
const PAYLOAD_BYTES_MAX: usize = 4096;
/// What a letter weighs beside its texts, bytes.
const LETTER_BYTES: usize = 256;

/// One thing that was refused, or odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its number in this inbox, from 1; never used again.
    pub number: u64,
    /// When the message arrived.
    pub arrival: Timestamp,
    /// The site its topic names; empty when it names none.
    pub site: Arc<str>,
    /// The edge node its topic names; empty when it names none.
    pub edge_node: Arc<str>,
    /// The topic.
    pub topic: Arc<str>,
    /// What is wrong.
    pub finding: Rejection,
    /// The payload, its first 4 KiB.
    pub payload: Bytes,
    /// How long the payload was, bytes.
    pub payload_bytes: usize,
}

/// Where a letter came from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// When the message arrived.
    pub arrival: Timestamp,
    /// The site; empty when unknown.
    pub site: Arc<str>,
    /// The edge node; empty when unknown.
    pub edge_node: Arc<str>,
    /// The topic.
    pub topic: Arc<str>,
}

/// Which letters to list.
#[derive(Clone, Debug, Default)]
pub struct LetterFilter {
    /// Only with this reason.
    pub reason: Option<Reason>,
    /// Only at least this severe.
    pub severity_at_least: Option<Severity>,
    /// Only from this edge node.
    pub edge_node: Option<Arc<str>>,
    /// Only older than the letter of this number: the next page.
    pub before: Option<u64>,
}

/// The ring. The oldest letters make room for the newest, and are counted.
#[derive(Debug)]
pub struct DeadLetters {
    count_max: usize,
    bytes_max: usize,
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    letters: VecDeque<DeadLetter>,
    bytes: usize,
    written: u64,
}

impl DeadLetters {
    /// A ring of at most `count_max` letters and `bytes_max` bytes; at least one letter is always kept.
    pub fn new(count_max: usize, bytes_max: usize) -> DeadLetters {
        DeadLetters { count_max: count_max.max(1), bytes_max, ring: Mutex::default() }
    }

    /// Keeps one message's findings. The clipped payload is copied once, and shared among them.
    pub fn keep(&self, origin: &Origin, findings: &[Rejection], payload: &[u8]) {
        if findings.is_empty() {
            return;
        }
        let clipped = Bytes::copy_from_slice(&payload[..payload.len().min(PAYLOAD_BYTES_MAX)]);
        let mut ring = self.ring.lock();
        // A message can hold more findings than the ring has places: those would only push each other out.
        let skipped = findings.len().saturating_sub(self.count_max);
        ring.written += skipped as u64;
        for finding in &findings[skipped..] {
            ring.written += 1;
            let letter = DeadLetter {
                number: ring.written,
                arrival: origin.arrival,
                site: Arc::clone(&origin.site),
                edge_node: Arc::clone(&origin.edge_node),
                topic: Arc::clone(&origin.topic),
                finding: finding.clone(),
                payload: clipped.clone(),
                payload_bytes: payload.len(),
            };
            ring.bytes += letter.weight_bytes();
            ring.letters.push_back(letter);
            self.evict(&mut ring);
        }
    }

    /// The newest letters that match, newest first, at most `limit`.
    pub fn list(&self, filter: &LetterFilter, limit: usize) -> Vec<DeadLetter> {
        let ring = self.ring.lock();
        ring.letters.iter().rev().filter(|letter| filter.takes(letter)).take(limit).cloned().collect()
    }

    /// Letters ever written.
    pub fn written(&self) -> u64 {
        self.ring.lock().written
    }

    /// Letters that made room for newer ones.
    pub fn evicted(&self) -> u64 {
        let ring = self.ring.lock();
        ring.written - ring.letters.len() as u64
    }

    fn evict(&self, ring: &mut Ring) {
        while ring.letters.len() > self.count_max || (ring.bytes > self.bytes_max && ring.letters.len() > 1) {
            let Some(oldest) = ring.letters.pop_front() else { return };
            ring.bytes -= oldest.weight_bytes();
        }
    }
}

impl LetterFilter {
    fn takes(&self, letter: &DeadLetter) -> bool {
        let reason = letter.finding.reason;
        self.reason.is_none_or(|wanted| wanted == reason)
            && self.severity_at_least.is_none_or(|least| reason.severity() >= least)
            && self.edge_node.as_ref().is_none_or(|node| *node == letter.edge_node)
            && self.before.is_none_or(|before| letter.number < before)
    }
}

impl DeadLetter {
    /// The payload counts in full for each letter, though the letters of one message share it: the bound is an upper one.
    fn weight_bytes(&self) -> usize {
        let finding = &self.finding;
        LETTER_BYTES
            + self.topic.len()
            + self.payload.len()
            + finding.pointer.len()
            + finding.got.len()
            + finding.expected.len()
            + finding.fix.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remark::remark;

    fn origin(edge_node: &str) -> Origin {
        Origin {
            arrival: Timestamp::from_micros(7),
            site: "park".into(),
            edge_node: edge_node.into(),
            topic: format!("davy/v1/park/{edge_node}/readings").into(),
        }
    }

    fn finding(reason: Reason) -> Rejection {
        remark(reason, "x", "y", "z")
    }

    #[test]
    fn the_oldest_make_room_and_are_counted() {
        let letters = DeadLetters::new(3, 1 << 20);
        for _ in 0..5 {
            letters.keep(&origin("gw-1"), &[finding(Reason::PointUnknown)], b"{}");
        }
        let kept = letters.list(&LetterFilter::default(), 10);
        assert_eq!(kept.iter().map(|letter| letter.number).collect::<Vec<_>>(), [5, 4, 3]);
        assert_eq!((letters.written(), letters.evicted()), (5, 2));
    }

    #[test]
    fn a_message_with_more_findings_than_places_is_bounded_and_counted() {
        let letters = DeadLetters::new(3, 1 << 20);
        letters.keep(&origin("gw-1"), &vec![finding(Reason::FieldType); 10_000], b"{}");
        assert_eq!((letters.list(&LetterFilter::default(), 10).len(), letters.evicted()), (3, 9_997));
    }

    #[test]
    fn the_bytes_are_bounded_and_payloads_clipped() {
        let letters = DeadLetters::new(1000, 20_000);
        for _ in 0..10 {
            letters.keep(&origin("gw-1"), &[finding(Reason::JsonSyntax)], &vec![b'x'; 100_000]);
        }
        let kept = letters.list(&LetterFilter::default(), 10);
        assert_eq!(kept.len(), 4);
        assert!(kept.iter().all(|letter| letter.payload.len() == 4096 && letter.payload_bytes == 100_000));
    }

    #[test]
    fn a_list_can_be_narrowed_and_paged() {
        let letters = DeadLetters::new(10, 1 << 20);
        let reasons = [Reason::PointUnknown, Reason::OutOfSensorRange];
        letters.keep(&origin("gw-1"), &reasons.map(finding), b"{}");
        letters.keep(&origin("gw-2"), &[finding(Reason::PointUnknown)], b"{}");
        let numbers = |filter: LetterFilter| -> Vec<u64> {
            letters.list(&filter, 10).iter().map(|letter| letter.number).collect()
        };
        assert_eq!(
            numbers(LetterFilter { reason: Some(Reason::PointUnknown), ..LetterFilter::default() }),
            [3, 1]
        );
        assert_eq!(
            numbers(LetterFilter { severity_at_least: Some(Severity::Reject), ..LetterFilter::default() }),
            [3, 1]
        );
        assert_eq!(
            numbers(LetterFilter { edge_node: Some("gw-1".into()), ..LetterFilter::default() }),
            [2, 1]
        );
        assert_eq!(numbers(LetterFilter { before: Some(3), ..LetterFilter::default() }), [2, 1]);
    }
}
