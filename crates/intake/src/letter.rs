//! One message with something refused or odd in it, and how letters are looked for.

use std::sync::Arc;

use bytes::Bytes;
use davy_model::{Reason, Severity, Timestamp};

use crate::Rejection;
use crate::letter_groups::Group;

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
    /// The client whose topic it was not, where the door knew its name.
    pub sender: Option<Arc<str>>,
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
    /// The client whose topic it is not, where the door knows its name.
    pub sender: Option<Arc<str>>,
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

impl LetterFilter {
    pub(crate) fn takes(&self, letter: &DeadLetter) -> bool {
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
    pub(crate) fn new(number: u64, origin: &Origin, findings: &[Rejection], payload: &[u8]) -> DeadLetter {
        let kept = findings.len().min(FINDINGS_MAX);
        DeadLetter {
            number,
            arrival: origin.arrival,
            site: Arc::clone(&origin.site),
            edge_node: Arc::clone(&origin.edge_node),
            topic: Arc::clone(&origin.topic),
            findings: findings[..kept].to_vec(),
            findings_omitted: u32::try_from(findings.len() - kept).unwrap_or(u32::MAX),
            rejected: findings.iter().map(cost).sum(),
            payload: Bytes::copy_from_slice(payload),
            replayed: None,
            sender: origin.sender.clone(),
        }
    }

    /// An upper estimate of its memory, bytes.
    pub(crate) fn weight_bytes(&self) -> usize {
        let text = |finding: &Rejection| {
            finding.pointer.len() + finding.got.len() + finding.expected.len() + finding.fix.len()
        };
        LETTER_BYTES
            + self.topic.len()
            + self.sender.as_ref().map_or(0, |sender| sender.len())
            + self.payload.len()
            + self.findings.iter().map(text).sum::<usize>()
            + self.findings.len() * size_of::<Rejection>()
    }
}

/// Readings that a problem cost. One that is too old is kept and not judged: it counts here too.
fn cost(finding: &Rejection) -> u32 {
    match finding.reason.severity() {
        Severity::Reject => finding.readings.max(1),
        Severity::Warn | Severity::Info => 0,
    }
}
