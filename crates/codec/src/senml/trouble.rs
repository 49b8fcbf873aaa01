//! Why the rest of a pack of CBOR cannot be read, for its sender.

use davy_model::Reason;
use minicbor::{data::Type, decode::Error};

use crate::{Limits, Place, Rejection, rejection::Position};

/// Why the rest of a payload cannot be read.
#[derive(Debug)]
pub(super) enum Trouble {
    Cbor(Box<Error>),
    TooDeep,
    NoArray(Type),
    Trailing,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Cbor(error.into())
    }
}

/// What an item is, for people.
pub(super) fn shown(kind: Type) -> String {
    match kind {
        Type::Array | Type::ArrayIndef => "an array".to_owned(),
        Type::Map | Type::MapIndef => "a map".to_owned(),
        Type::Null => "null".to_owned(),
        other => other.to_string(),
    }
}

impl Trouble {
    /// The refusal of what stands from `offset` on, in the element at `at`.
    pub(super) fn refusal(&self, payload: &[u8], offset: usize, at: u32) -> Rejection {
        const SHOWN_LEN: usize = 16;
        let offset = offset.min(payload.len());
        let hex: Vec<String> =
            payload[offset..].iter().take(SHOWN_LEN).map(|byte| format!("{byte:02x}")).collect();
        let got = hex.join(" ");
        let pointer = if at == 0 { String::new() } else { Place::Item(at).pointer() };
        let refusal = match self {
            Trouble::NoArray(kind) => {
                let fix = "send an array of records, as RFC 8428, 6, has it";
                Rejection::new(Reason::SchemaViolation, pointer, &shown(*kind), "an array of records", fix)
            }
            Trouble::TooDeep => {
                let expected = format!("at most {} levels of nesting", Limits::DEPTH_MAX);
                let fix = "send records of RFC 8428";
                Rejection::new(Reason::SchemaViolation, pointer, &got, &expected, fix)
            }
            Trouble::Trailing => {
                let fix = "send one pack a message; put all records into one array";
                Rejection::new(Reason::CborSyntax, pointer, &got, "the end of the payload", fix)
            }
            Trouble::Cbor(error) if error.is_end_of_input() => {
                let fix = "the payload is cut off: look at the sender's buffer and at size limits on the way";
                Rejection::new(Reason::CborSyntax, pointer, &got, "the rest of the CBOR", fix)
            }
            Trouble::Cbor(error) => {
                let fix = "mend the CBOR at that byte; what stood before it was read";
                Rejection::new(Reason::CborSyntax, pointer, &got, &format!("CBOR ({error})"), fix)
            }
        };
        refusal.at(Position { line: 1, column: offset + 1, offset })
    }
}
