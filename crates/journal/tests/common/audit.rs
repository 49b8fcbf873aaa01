//! An audit log in memory, made by rule.
#![allow(dead_code, reason = "each test file takes what it needs")]

use davy_journal::audit::{
    Entry, Key, Outcome, Segment, Signed, Statement, Tip, Trusted, What, Who, WhoKind, seal,
};
use davy_model::Timestamp;
use serde_json::json;

pub(crate) const NODE: &str = "park-1";

pub(crate) fn at(second: u64) -> Timestamp {
    Timestamp::from_micros(1_795_420_800_000_000 + second as i64 * 1_000_000)
}

pub(crate) fn key() -> Key {
    let dir = tempfile::tempdir().unwrap();
    Key::load_or_make(&dir.path().join("audit.key")).unwrap().0
}

/// What operators and engineers do all day; every seventh is refused.
pub(crate) fn entry(number: u64) -> Entry {
    let who = Who { name: format!("李-{}", number % 5), kind: WhoKind::Person, ..Who::default() };
    let outcome = match number % 7 {
        0 => Outcome::Refused("NOTHING_TO_ACKNOWLEDGE".to_owned()),
        _ => Outcome::Done,
    };
    let after = Some(json!({ "command": "acknowledge", "comment": format!("seen \"{number}\"\n") }));
    Entry { who, what: What::Command, on: format!("park:h2s:gt-{number}"), before: None, after, outcome }
}

/// A log as it would be written, and what was signed of it.
pub(crate) struct Made {
    pub(crate) lines: Vec<Vec<u8>>,
    /// Where the chain stands before each line, and after the last.
    pub(crate) tips: Vec<Tip>,
    pub(crate) signed: Vec<Signed>,
    pub(crate) key: Key,
}

/// Entries to number `len`, every `every`th of them a checkpoint.
pub(crate) fn made(len: u64, every: u64) -> Made {
    let mut made = Made { lines: Vec::new(), tips: vec![Tip::first()], signed: Vec::new(), key: key() };
    for number in 1..=len {
        let tip = *made.tips.last().unwrap();
        let entry = if number % every == 0 {
            let signed = made.sign(tip, Tip::first());
            let after = serde_json::to_value(&signed).unwrap();
            made.signed.push(signed);
            Entry::of_davy(What::Checkpoint, "audit").with_after(after)
        } else {
            entry(number)
        };
        let (mut line, tip) = seal(&tip, at(number), &entry);
        line.push(b'\n');
        made.lines.push(line);
        made.tips.push(tip);
    }
    made
}

impl Made {
    pub(crate) fn sign(&self, tip: Tip, base: Tip) -> Signed {
        Statement { node: NODE.to_owned(), time: at(tip.number), tip, base }.sign(&self.key)
    }

    /// The key, and one checkpoint of the last entry that was kept elsewhere.
    pub(crate) fn trusted(&self) -> Trusted {
        let last = self.sign(*self.tips.last().unwrap(), Tip::first());
        Trusted { keys: vec![self.key.public()], off_box: vec![("elsewhere".to_owned(), last)] }
    }
}

/// The file that begins with entry `first`.
pub(crate) fn file(first: usize, lines: &[Vec<u8>]) -> Segment {
    Segment { name: format!("{first:012}-2026-11.jsonl"), bytes: lines.concat() }
}
