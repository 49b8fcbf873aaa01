//! What is noted of one deed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::what::What;
use crate::hex;

/// Longest text of an entry, bytes; what is longer is cut.
pub const TEXT_LEN_MAX: usize = 1024;
/// Longest `before` or `after` as JSON, bytes; in the place of a longer one stand its length and its SHA-256.
pub const VALUE_LEN_MAX: usize = 16 << 10;

/// One deed, before it has a number and a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Who did it.
    pub who: Who,
    /// What was done, or tried.
    pub what: What,
    /// On what: a site, an alarm, a revision, a path.
    pub on: String,
    /// How it was before, where that tells something.
    pub before: Option<Value>,
    /// How it is after, or what was asked for.
    pub after: Option<Value>,
    /// What came of it.
    pub outcome: Outcome,
}

/// Who did something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Who {
    /// The name.
    pub name: String,
    /// How far the name is to be believed.
    pub kind: WhoKind,
    /// Whose account it is: two accounts of one human have one subject.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// From which address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
}

/// How far a name is to be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhoKind {
    /// Said, and not proven.
    #[default]
    Claimed,
    /// A person who proved it.
    Person,
    /// A machine that proved it.
    Machine,
    /// Whoever sits at this machine.
    Local,
    /// Davy itself.
    Davy,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused, for the reason that the code names.
    Refused(String),
}

impl WhoKind {
    /// As it stands in the log.
    pub fn word(self) -> &'static str {
        match self {
            WhoKind::Claimed => "claimed",
            WhoKind::Person => "person",
            WhoKind::Machine => "machine",
            WhoKind::Local => "local",
            WhoKind::Davy => "davy",
        }
    }
}

impl Who {
    /// Davy itself.
    pub fn davy() -> Who {
        Who { name: "davy".to_owned(), kind: WhoKind::Davy, ..Who::default() }
    }
}

impl Entry {
    /// Something that Davy itself did.
    pub fn of_davy(what: What, on: impl Into<String>) -> Entry {
        Entry { who: Who::davy(), what, on: on.into(), before: None, after: None, outcome: Outcome::Done }
    }

    /// The same, with how it is after.
    #[must_use]
    pub fn with_after(self, after: Value) -> Entry {
        Entry { after: Some(after), ..self }
    }

    /// The same within the bounds of a line.
    #[must_use]
    pub fn clipped(&self) -> Entry {
        let Who { name, kind, subject, from } = &self.who;
        let who = Who { name: cut(name), kind: *kind, subject: cut(subject), from: cut(from) };
        let outcome = match &self.outcome {
            Outcome::Done => Outcome::Done,
            Outcome::Refused(code) => Outcome::Refused(cut(code)),
        };
        let (before, after) = (self.before.as_ref().map(clip), self.after.as_ref().map(clip));
        Entry { who, what: self.what, on: cut(&self.on), before, after, outcome }
    }
}

impl Entry {
    /// About how much memory it takes, bytes.
    #[allow(clippy::len_without_is_empty, reason = "no entry is empty")]
    pub fn len(&self) -> usize {
        let value = |value: &Option<Value>| value.as_ref().map_or(0, |value| value.to_string().len() * 4);
        let Who { name, subject, from, .. } = &self.who;
        let code = match &self.outcome {
            Outcome::Done => 0,
            Outcome::Refused(code) => code.len(),
        };
        size_of::<Entry>()
            + [name, subject, from, &self.on].iter().map(|text| text.len()).sum::<usize>()
            + value(&self.before)
            + value(&self.after)
            + code
    }
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_LEN_MAX)].to_owned()
}

fn clip(value: &Value) -> Value {
    let text = value.to_string();
    if text.len() <= VALUE_LEN_MAX {
        return value.clone();
    }
    json!({ "len": text.len(), "sha256": hex(&Sha256::digest(&text)) })
}
