//! One durable record, and the chain that ties it to all before it.

use davy_model::{Input, Timestamp, Transition};
use sha2::{Digest, Sha256};

use crate::{
    error::{JournalError, Result},
    record,
};

/// SHA-256 of a commit and of every one before it.
pub type Hash = [u8; 32];

/// One durable record of a site.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// 1, 2, 3... without a hole.
    pub number: u64,
    /// When it was decided. Never before the commit before.
    pub at: Timestamp,
    /// What came, in the order it was judged.
    pub inputs: Vec<Input>,
    /// What was decided from it, numbered on from the commit before. Only a commit without inputs, which brings what
    /// another Davy decided, may leave a hole before it.
    pub transitions: Vec<Transition>,
}

/// The end of a journal: everything up to here is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last commit's number; 0 when there is none.
    pub number: u64,
    /// The last commit's time; [`Timestamp::MIN`] when there is none.
    pub at: Timestamp,
    /// The last transition's sequence; 0 when there is none.
    pub sequence: u64,
    /// The last commit's hash; the site's first hash when there is none.
    pub hash: Hash,
}

/// A commit as bytes, before compression. The same commit gives the same bytes, always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The inputs.
    pub inputs: Vec<u8>,
    /// The transitions; empty when there are none.
    pub transitions: Vec<u8>,
}

/// The hash that a site's first commit is chained to.
pub fn first_hash(site: &str) -> Hash {
    Sha256::new().chain_update(b"davy journal v1").chain_update(site).finalize().into()
}

/// The bytes of a commit, for comparing a replay with the record.
pub fn encode_commit(commit: &Commit) -> Encoded {
    Encoded {
        inputs: record::encode_inputs(commit.at, &commit.inputs),
        transitions: record::encode_transitions(&commit.transitions),
    }
}

/// The commit that [`encode_commit`] made the bytes of.
///
/// # Errors
/// [`JournalError::Damaged`] when the bytes are none of a commit.
pub fn decode_commit(number: u64, at: Timestamp, encoded: &Encoded) -> Result<Commit> {
    let damage =
        |what: record::Malformed| JournalError::damaged(format!("commit {number}"), what.to_string());
    Ok(Commit {
        number,
        at,
        inputs: record::decode_inputs(at, &encoded.inputs).map_err(damage)?,
        transitions: record::decode_transitions(&encoded.transitions).map_err(damage)?,
    })
}

/// The bytes of one transition, for keeping it elsewhere.
pub fn encode_transition(transition: &Transition) -> Vec<u8> {
    record::encode_transitions(std::slice::from_ref(transition))
}

/// The transition that [`encode_transition`] made the bytes of.
///
/// # Errors
/// [`JournalError::Damaged`] when the bytes are none of one transition.
pub fn decode_transition(bytes: &[u8]) -> Result<Transition> {
    let damage = |what: String| JournalError::damaged("the record of a transition", what);
    let mut found = record::decode_transitions(bytes).map_err(|what| damage(what.to_string()))?;
    match (found.pop(), found.is_empty()) {
        (Some(transition), true) => Ok(transition),
        _ => Err(damage("it holds another number of them than one".to_owned())),
    }
}

/// The hash of `commit` after a commit that has the hash `prev`.
pub fn chain(prev: &Hash, commit: &Commit) -> Hash {
    chain_encoded(prev, commit.number, commit.at, &encode_commit(commit))
}

/// As [`chain`], of bytes already made. Compression stays out of it, so that another release of the compressor keeps
/// the same chain.
pub fn chain_encoded(prev: &Hash, number: u64, at: Timestamp, encoded: &Encoded) -> Hash {
    Sha256::new()
        .chain_update(prev)
        .chain_update(number.to_le_bytes())
        .chain_update(at.as_micros().to_le_bytes())
        // The length keeps a byte from moving between inputs and transitions unseen.
        .chain_update((encoded.inputs.len() as u64).to_le_bytes())
        .chain_update(&encoded.inputs)
        .chain_update(&encoded.transitions)
        .finalize()
        .into()
}

impl Head {
    /// The head of a journal without commits.
    pub fn of_nothing(site: &str) -> Head {
        Head { number: 0, at: Timestamp::MIN, sequence: 0, hash: first_hash(site) }
    }

    /// The head once `commit`, whose hash is `hash`, stands after this one.
    pub(crate) fn after(&self, commit: &Commit, hash: Hash) -> Head {
        let last = commit.transitions.last().map_or(self.sequence, |transition| transition.sequence);
        Head { number: commit.number, at: commit.at, sequence: last, hash }
    }

    /// The sequence that the first transition of `commit` has, or would have. What another Davy decided is brought without
    /// its inputs, and there may be a hole before it that can no longer be filled.
    pub(crate) fn first_of(&self, commit: &Commit) -> u64 {
        match commit.transitions.first() {
            Some(first) if commit.inputs.is_empty() => first.sequence.max(self.sequence + 1),
            Some(_) | None => self.sequence + 1,
        }
    }

    /// Why `commit` may not follow this head, if it may not.
    pub(crate) fn refusal(&self, commit: &Commit) -> Option<String> {
        if commit.number != self.number + 1 {
            return Some(format!("commit {} cannot follow commit {}", commit.number, self.number));
        }
        if commit.at < self.at {
            return Some(format!("commit {}: its time {} is before {}", commit.number, commit.at, self.at));
        }
        let due = self.first_of(commit)..=u64::MAX;
        let hole = commit.transitions.iter().zip(due).find(|(t, due)| t.sequence != *due);
        hole.map(|(transition, due)| {
            format!("commit {}: transition {} stands where {due} is due", commit.number, transition.sequence)
        })
    }
}

/// A hash as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}
