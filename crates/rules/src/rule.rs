//! A rule as it was checked: what it says, apart from what it was compiled to.

use std::{sync::Arc, time::Duration};

use davy_model::{TagIndex, Text, Tier};

use crate::RuleKind;

/// One rule of the active set.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its id, unique in the site.
    pub id: Arc<str>,
    /// What people call it.
    pub title: Text,
    /// What kind it is.
    pub kind: RuleKind,
    /// The gravest tier it can reach.
    pub tier_max: Tier,
    /// Whether it makes alarms; or only a condition that other rules look at.
    pub is_alarm: bool,
    /// What to do when it speaks.
    pub response: Response,
    /// Where its figures come from.
    pub basis: Option<Basis>,
    /// Plant logic that quiets all its alarms.
    pub suppressed_while: Option<SuppressedWhile>,
    /// The file it stands in, and the line.
    pub place: (Arc<str>, u32),
}

/// What to do, as rationalisation under ISA-18.2 asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// Why it can happen.
    pub cause: Text,
    /// What follows when nobody acts.
    pub consequence: Text,
    /// What to do.
    pub action: Text,
    /// How long there is.
    pub time_to_respond: Duration,
}

/// Where a figure comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The standard with its edition: `GB/T 50493-2019`.
    pub standard: String,
    /// The clause in it.
    pub clause: String,
    /// Which edition was read, where the standard's name does not say; may be empty.
    pub edition: String,
    /// How sure we are of it.
    pub confidence: Confidence,
}

/// How sure we are of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Read in a passage that quotes the standard.
    Verified,
    /// Known to experts, not confirmed.
    Known,
    /// To be checked against the official text.
    Uncertain,
    /// Arithmetic from other figures.
    Derived,
    /// An engineering default, without a standard behind it.
    Engineering,
}

/// Plant logic that quiets a rule's alarms: while a tag's good value is at or above a figure (in the tag's unit).
/// A bad or stale value of the tag quiets nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SuppressedWhile {
    /// The tag that says so.
    pub tag: TagIndex,
    /// From this value on.
    pub at_or_above: f64,
}

impl Confidence {
    /// The word in files and on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Confidence::Verified => "verified",
            Confidence::Known => "known",
            Confidence::Uncertain => "uncertain",
            Confidence::Derived => "derived",
            Confidence::Engineering => "engineering",
        }
    }

    /// The confidence that `word` names.
    pub fn from_word(word: &str) -> Option<Confidence> {
        [
            Confidence::Verified,
            Confidence::Known,
            Confidence::Uncertain,
            Confidence::Derived,
            Confidence::Engineering,
        ]
        .into_iter()
        .find(|confidence| confidence.word() == word)
    }
}
