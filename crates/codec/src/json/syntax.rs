//! Where and how a payload stops being JSON.

use davy_model::Reason;
use serde_json::error::Category;

use super::source::Source;
use crate::{Limits, Rejection, clip::clip_bytes, rejection::Position};

/// What a nesting too deep is refused with, inside serde.
pub(crate) const TOO_DEEP: &str = "nested too deep";

/// How much of the payload is shown on each side of the place, bytes.
const SHOWN_LEN: usize = 16;

impl Position {
    /// The place `offset` bytes into `payload`.
    pub(super) fn of(payload: &[u8], offset: usize) -> Position {
        let before = &payload[..offset.min(payload.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        Position { line, column: before.len() - line_start + 1, offset: before.len() }
    }
}

/// The refusal of the rest of a payload. `base` is where the text begins that the error counts from.
pub(crate) fn refusal(
    error: &serde_json::Error,
    base: usize,
    source: &Source<'_>,
    pointer: String,
) -> Rejection {
    let payload = source.payload;
    let is_cut = error.is_eof();
    let offset = if is_cut { payload.len() } else { base + offset_in(&payload[base..], error) };
    let shown = &payload[offset.saturating_sub(SHOWN_LEN)..payload.len().min(offset + SHOWN_LEN)];
    let got = if is_cut { format!("…{}", clip_bytes(shown)) } else { clip_bytes(shown) };
    let refusal = match error.classify() {
        Category::Eof => {
            let fix = "the payload is cut off: look at the sender's buffer and at size limits on the way";
            Rejection::new(Reason::JsonSyntax, pointer, &got, "the rest of the JSON", fix)
        }
        Category::Data => {
            let expected = format!("at most {} levels of nesting", Limits::DEPTH_MAX);
            Rejection::new(
                Reason::SchemaViolation,
                pointer,
                &got,
                &expected,
                "send one of the documented forms",
            )
        }
        Category::Syntax | Category::Io => {
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or_default();
            let fix = if said.starts_with("trailing characters") {
                "send one object or one array a message; put several readings into an array"
            } else {
                "mend the JSON at that byte; what stood before it was read"
            };
            Rejection::new(Reason::JsonSyntax, pointer, &got, &expectation(said), fix)
        }
    };
    refusal.at(source.position(offset))
}

/// Whether an error that came up between an entry and the name of the next came after the comma. serde_json has no codes
/// for its errors, only words.
pub(crate) fn is_behind_a_comma(error: &serde_json::Error) -> bool {
    let said = error.to_string();
    ["trailing comma", "key must be a string", "EOF while parsing a value"]
        .iter()
        .any(|words| said.starts_with(words))
}

/// serde_json says either what it expected, or what is wrong.
fn expectation(said: &str) -> String {
    match said.strip_prefix("expected ") {
        Some(expected) => expected.to_owned(),
        None => format!("JSON ({said})"),
    }
}

/// serde_json counts lines from 1 and, in a line, the bytes it has looked at.
fn offset_in(text: &[u8], error: &serde_json::Error) -> usize {
    let mut line_start = 0;
    for _ in 1..error.line() {
        let rest = text[line_start..].iter().position(|byte| *byte == b'\n');
        line_start += rest.map_or(0, |at| at + 1);
    }
    (line_start + error.column().saturating_sub(1)).min(text.len())
}
