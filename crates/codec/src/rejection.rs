//! Why something was refused, or what is odd about it.

use davy_model::{Reason, Text};
use davy_proto::v1;

use crate::{clip::clip, words};

/// Why something was refused, or what is odd about it: enough for the sender to mend it without asking anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The code.
    pub reason: Reason,
    /// Where in the payload, a JSON pointer (RFC 6901); empty for the whole of it. Of protobuf, as if it were JSON.
    pub pointer: String,
    /// What was there, at most 80 characters.
    pub got: String,
    /// What should have been.
    pub expected: String,
    /// What to do.
    pub fix: String,
    /// Where the payload stopped making sense, when it did.
    pub position: Option<Position>,
    /// How many readings it cost: 0 for a warning, 1 for a reading or a rest that could not be read.
    pub readings: u32,
}

/// A place in a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// Bytes into the line, from 1.
    pub column: usize,
    /// Bytes into the payload, from 0.
    pub offset: usize,
}

impl Rejection {
    /// A refusal of one reading, or of what cannot be read into readings. `got` is clipped.
    pub fn new(reason: Reason, pointer: String, got: &str, expected: &str, fix: &str) -> Rejection {
        let (expected, fix) = (expected.to_owned(), fix.to_owned());
        Rejection { reason, pointer, got: clip(got), expected, fix, position: None, readings: 1 }
    }

    /// The same, but it costs no reading.
    pub(crate) fn free(self) -> Rejection {
        Rejection { readings: 0, ..self }
    }

    /// The same, at a place in the payload.
    pub(crate) fn at(self, position: Position) -> Rejection {
        Rejection { position: Some(position), ..self }
    }

    /// In words, in both languages.
    pub fn message(&self) -> Text {
        words::message(self)
    }
}

impl From<&Rejection> for v1::Problem {
    fn from(rejection: &Rejection) -> v1::Problem {
        v1::Problem {
            code: rejection.reason.word().to_owned(),
            severity: v1::Severity::from(rejection.reason.severity()).into(),
            message: Some((&rejection.message()).into()),
            pointer: rejection.pointer.clone(),
            got: rejection.got.clone(),
            expected: rejection.expected.clone(),
            fix: rejection.fix.clone(),
        }
    }
}
