//! What was refused or odd, kept so that somebody can look, mend, and send it again: a ring bounded by count and by bytes.
//!
//! One letter a message, with its whole payload and what is wrong with it. Beside the ring every kind of problem is counted:
//! by edge node, reason, and place in the payload; a count goes on when its letters are long gone.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use davy_model::{Reason, Severity, Timestamp};
use parking_lot::Mutex;

use crate::Rejection;
use crate::letter_groups::{Group, Groups};

/// Problems of one message that are kept; the others are counted.
const FINDINGS_MAX: usize = 100;
/// What a letter weighs beside its texts, bytes.
const LETTER_BYTES: usize = 256;

/// One message with something refused or odd in it.
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
    /// What is wrong: the first hundred problems.
    pub findings: Vec<Rejection>,
    /// How many problems more there were.
    pub findings_omitted: u32,
    /// How many readings were refused.
    pub rejected: u32,
    /// The payload.
    pub payload: Bytes,
    /// When somebody sent it again.
    pub replayed: Option<Timestamp>,
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
    /// Only with this reason among their problems.
    pub reason: Option<Reason>,
    /// Only with a problem at this place, as groups have it: `/readings/*/unit`.
    pub pointer: Option<Arc<str>>,
    /// Only with a problem at least this severe.
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
    groups: Groups,
    bytes: usize,
    written: u64,
}

impl DeadLetters {
    /// A ring of at most `count_max` letters and `bytes_max` bytes; at least one letter is always kept.
    pub fn new(count_max: usize, bytes_max: usize) -> DeadLetters {
        DeadLetters { count_max: count_max.max(1), bytes_max, ring: Mutex::default() }
    }

    /// Keeps a message and its findings, if it has any.
    pub fn keep(&self, origin: &Origin, findings: &[Rejection], payload: &[u8]) {
        if findings.is_empty() {
            return;
        }
        let kept = findings.len().min(FINDINGS_MAX);
        let mut ring = self.ring.lock();
        ring.written += 1;
        let letter = DeadLetter {
            number: ring.written,
            arrival: origin.arrival,
            site: Arc::clone(&origin.site),
            edge_node: Arc::clone(&origin.edge_node),
            topic: Arc::clone(&origin.topic),
            findings: findings[..kept].to_vec(),
            findings_omitted: u32::try_from(findings.len() - kept).unwrap_or(u32::MAX),
            rejected: findings.iter().map(cost).sum(),
            payload: Bytes::copy_from_slice(payload),
            replayed: None,
        };
        ring.groups.note(&letter, findings);
        ring.bytes += letter.weight_bytes();
        ring.letters.push_back(letter);
        self.evict(&mut ring);
    }

    /// The newest letters that match, newest first, at most `limit`.
    pub fn list(&self, filter: &LetterFilter, limit: usize) -> Vec<DeadLetter> {
        let ring = self.ring.lock();
        ring.letters.iter().rev().filter(|letter| filter.takes(letter)).take(limit).cloned().collect()
    }

    /// The letter of that number, while it is kept.
    pub fn get(&self, number: u64) -> Option<DeadLetter> {
        let ring = self.ring.lock();
        ring.letters.iter().find(|letter| letter.number == number).cloned()
    }

    /// Notes that a letter was sent again.
    pub fn note_replayed(&self, number: u64, at: Timestamp) {
        let mut ring = self.ring.lock();
        if let Some(letter) = ring.letters.iter_mut().find(|letter| letter.number == number) {
            letter.replayed = Some(at);
        }
    }

    /// Every kind of problem that ever came, the most frequent first.
    pub fn groups(&self) -> Vec<Group> {
        self.ring.lock().groups.list()
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

/// Readings that a problem cost. One that is too old is kept and not judged: it counts here too.
fn cost(finding: &Rejection) -> u32 {
    match finding.reason.severity() {
        Severity::Reject => finding.readings.max(1),
        Severity::Warn | Severity::Info => 0,
    }
}

impl LetterFilter {
    fn takes(&self, letter: &DeadLetter) -> bool {
        let fits = |finding: &Rejection| {
            self.reason.is_none_or(|wanted| wanted == finding.reason)
                && self.severity_at_least.is_none_or(|least| finding.reason.severity() >= least)
                && self.pointer.as_deref().is_none_or(|wanted| wanted == Group::place_of(&finding.pointer))
        };
        letter.findings.iter().any(fits)
            && self.edge_node.as_ref().is_none_or(|node| *node == letter.edge_node)
            && self.before.is_none_or(|before| letter.number < before)
    }
}

impl DeadLetter {
    fn weight_bytes(&self) -> usize {
        let text = |finding: &Rejection| {
            finding.pointer.len() + finding.got.len() + finding.expected.len() + finding.fix.len()
        };
        LETTER_BYTES
            + self.topic.len()
            + self.payload.len()
            + self.findings.iter().map(text).sum::<usize>()
            + self.findings.len() * size_of::<Rejection>()
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
        assert_eq!(letters.groups()[0].messages, 5, "the count goes on");
    }

    #[test]
    fn a_message_with_very_many_findings_is_one_letter_and_bounded() {
        let letters = DeadLetters::new(3, 1 << 20);
        letters.keep(&origin("gw-1"), &vec![finding(Reason::FieldType); 10_000], b"{}");
        let letter = &letters.list(&LetterFilter::default(), 10)[0];
        assert_eq!((letter.findings.len(), letter.findings_omitted, letter.rejected), (100, 9_900, 10_000));
    }

    #[test]
    fn the_bytes_are_bounded_and_payloads_are_whole() {
        let letters = DeadLetters::new(1000, 500_000);
        for _ in 0..10 {
            letters.keep(&origin("gw-1"), &[finding(Reason::JsonSyntax)], &vec![b'x'; 100_000]);
        }
        let kept = letters.list(&LetterFilter::default(), 10);
        assert_eq!(kept.len(), 4);
        assert!(kept.iter().all(|letter| letter.payload.len() == 100_000));
    }

    #[test]
    fn a_list_can_be_narrowed_and_paged() {
        let letters = DeadLetters::new(10, 1 << 20);
        let at = |reason, pointer: &str| Rejection { pointer: pointer.to_owned(), ..finding(reason) };
        letters.keep(&origin("gw-1"), &[at(Reason::OutOfSensorRange, "/readings/0/value")], b"{}");
        letters.keep(&origin("gw-1"), &[at(Reason::PointUnknown, "/readings/1/tag")], b"{}");
        letters.keep(&origin("gw-2"), &[at(Reason::PointUnknown, "/readings/2/tag")], b"{}");
        let numbers = |filter: LetterFilter| -> Vec<u64> {
            letters.list(&filter, 10).iter().map(|letter| letter.number).collect()
        };
        let any = LetterFilter::default;
        assert_eq!(numbers(LetterFilter { reason: Some(Reason::PointUnknown), ..any() }), [3, 2]);
        assert_eq!(numbers(LetterFilter { severity_at_least: Some(Severity::Reject), ..any() }), [3, 2]);
        assert_eq!(numbers(LetterFilter { edge_node: Some("gw-1".into()), ..any() }), [2, 1]);
        assert_eq!(numbers(LetterFilter { pointer: Some("/readings/*/tag".into()), ..any() }), [3, 2]);
        assert_eq!(numbers(LetterFilter { before: Some(3), ..any() }), [2, 1]);
    }
}
