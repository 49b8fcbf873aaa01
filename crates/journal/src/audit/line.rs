//! One entry as a line, and the chain that ties it to all before it.
//!
//! A line is JSON whose last member is its hash: SHA-256 over the hash of the line before and over this line's bytes up
//! to that member, as they are written. So nobody who checks it writes anything again.

use davy_model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::entry::{Entry, Outcome, Who};
use crate::{Hash, hex};

/// Longest line, bytes; a longer one was not written by Davy. Six times over what an entry's bounds come to, for a
/// control character takes six bytes.
pub const LINE_LEN_MAX: usize = 256 << 10;

/// Largest number of an entry: what any reader of JSON holds exactly (RFC 8259, section 6).
pub(super) const NUMBER_MAX: u64 = (1 << 53) - 1;

const HASH: &[u8] = br#","hash":""#;
const END: &[u8] = br#""}"#;
const SUFFIX_LEN: usize = HASH.len() + 64 + END.len();

/// Where a chain stands: its last entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Its number; 0 before the first.
    pub number: u64,
    /// Its hash.
    pub hash: Hash,
}

/// Why a line does not follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has not the form of an entry.
    Unreadable,
    /// It has another number than the next.
    Number(u64),
    /// It is not what was hashed.
    Hash,
}

/// An entry as it stands in the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noted {
    /// 1, 2, 3... without a hole.
    pub number: u64,
    /// When it was noted, RFC 3339.
    pub time: String,
    /// The word for what was done; a later release may have more of them.
    pub what: String,
    /// Who did it.
    pub who: Who,
    /// On what.
    #[serde(default)]
    pub on: String,
    /// How it was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// How it is after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// `done` or `refused`.
    pub result: String,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
}

/// What a line says of itself, before it is believed.
pub(super) struct Said<'a> {
    pub(super) number: u64,
    pub(super) hash: Hash,
    /// All of it up to the hash.
    pub(super) body: &'a [u8],
}

impl Tip {
    /// Before the first entry.
    pub fn first() -> Tip {
        Tip { number: 0, hash: Sha256::digest(b"davy audit log 1\n").into() }
    }

    /// Where the chain stands after this line (given without its line end).
    ///
    /// # Errors
    /// [`Fault`]: it is not the line that follows.
    pub fn follow(&self, line: &[u8]) -> Result<Tip, Fault> {
        let said = Said::of(line).ok_or(Fault::Unreadable)?;
        if said.number != self.number + 1 {
            return Err(Fault::Number(said.number));
        }
        if self.hash_of(said.body) != said.hash {
            return Err(Fault::Hash);
        }
        Ok(Tip { number: said.number, hash: said.hash })
    }

    /// Where a line says that it stands.
    pub(super) fn said(line: &[u8]) -> Option<Tip> {
        Said::of(line).map(|said| Tip { number: said.number, hash: said.hash })
    }

    pub(super) fn hash_of(&self, body: &[u8]) -> Hash {
        Sha256::new().chain_update(self.hash).chain_update(body).finalize().into()
    }
}

/// The line of an entry after `tip`, without its line end, and where the chain stands then.
pub fn seal(tip: &Tip, time: Timestamp, entry: &Entry) -> (Vec<u8>, Tip) {
    let Entry { who, what, on, before, after, outcome } = entry.clipped();
    let (result, code) = match outcome {
        Outcome::Done => ("done", String::new()),
        Outcome::Refused(code) => ("refused", code),
    };
    let noted = Noted {
        number: tip.number + 1,
        time: time.to_string(),
        what: what.word().to_owned(),
        who,
        on,
        before,
        after,
        result: result.to_owned(),
        code,
    };
    let mut line = serde_json::to_vec(&noted).expect("it has only texts, numbers and JSON");
    line.pop();
    let tip = Tip { number: noted.number, hash: tip.hash_of(&line) };
    line.extend_from_slice(HASH);
    line.extend_from_slice(hex(&tip.hash).as_bytes());
    line.extend_from_slice(END);
    (line, tip)
}

impl Noted {
    /// What a line says; nothing when it is not an entry.
    pub fn read(line: &[u8]) -> Option<Noted> {
        Said::of(line)?;
        serde_json::from_slice(line).ok()
    }
}

impl Said<'_> {
    pub(super) fn of(line: &[u8]) -> Option<Said<'_>> {
        if line.len() > LINE_LEN_MAX {
            return None;
        }
        let (body, suffix) = line.split_at_checked(line.len().checked_sub(SUFFIX_LEN)?)?;
        let hash = suffix.strip_prefix(HASH)?.strip_suffix(END)?;
        Some(Said { number: number(body)?, hash: unhex(hash)?, body })
    }
}

/// How a line with this number begins.
pub(super) fn beginning(number: u64) -> String {
    format!("{{\"number\":{number},")
}

/// The number that a line begins with.
pub(super) fn number(line: &[u8]) -> Option<u64> {
    let rest = line.strip_prefix(b"{\"number\":")?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let number =
        std::str::from_utf8(&rest[..digits]).ok()?.parse().ok().filter(|number| *number <= NUMBER_MAX)?;
    line.starts_with(beginning(number).as_bytes()).then_some(number)
}

/// 64 digits, none of them a capital: one hash is written one way.
pub(super) fn unhex(text: &[u8]) -> Option<Hash> {
    let mut hash = Hash::default();
    if text.len() != hash.len() * 2 || !text.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, digits) in hash.iter_mut().zip(text.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(hash)
}
