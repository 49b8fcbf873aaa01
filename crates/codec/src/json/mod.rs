//! Native JSON: `{seq, readings: [{tag, value, unit, ts, quality}]}`, `{ts, values: {tag: number}}`, one reading alone,
//! or an array of any of these.

pub(crate) mod cell;
mod draft;
mod field;
mod item;
mod list;
pub(crate) mod patch;
pub(crate) mod syntax;
mod values;
mod walk;

use std::{borrow::Cow, str};

use davy_model::{Reason, Timestamp};
use serde::de::DeserializeSeed;

use self::{item::Item, walk::Walk};
use crate::{
    Codec, Form, Limits, Place, Rejection, Sink, Summary,
    native::{BYTE_ORDER_MARK, refused_whole},
    rejection::Position,
    tally::Tally,
};

/// Reads native JSON.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json {
    /// How much one payload may ask for.
    pub limits: Limits,
}

impl Codec for Json {
    fn decode(&self, payload: &[u8], _arrival: Timestamp, sink: &mut dyn Sink) -> Summary {
        if let Some(summary) = refused_whole(payload, Form::Json, self.limits, sink) {
            return summary;
        }
        let source = Source::of(payload);
        let (passed, again) = pass(&source, self.limits, 0, sink);
        if let Some(text) = again {
            // The same events come again up to where the first pass stopped, and are not told twice.
            let patched = Source { text: Cow::Owned(text), is_patched: true, ..source };
            return pass(&patched, self.limits, passed.events, sink).0.finish();
        }
        passed.finish()
    }
}

/// A payload as text.
pub(crate) struct Source<'p> {
    /// The payload as it came, without a byte order mark.
    pub(crate) payload: &'p [u8],
    /// As long as the payload, or as much of it as is whole; what is not text or no number is put out of harm's way.
    pub(crate) text: Cow<'p, str>,
    /// Where the first byte stands that is not UTF-8.
    pub(crate) not_utf8_at: Option<usize>,
    /// The text differs from the payload.
    pub(crate) is_patched: bool,
    /// Bytes before it.
    pub(crate) offset: usize,
}

impl Source<'_> {
    pub(crate) fn of(payload: &[u8]) -> Source<'_> {
        let offset = if payload.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let payload = &payload[offset..];
        match str::from_utf8(payload) {
            Ok(text) => Source { payload, text: text.into(), not_utf8_at: None, is_patched: false, offset },
            // Cut off inside a character: what stood before is text.
            Err(error) if error.error_len().is_none() => {
                let text = str::from_utf8(&payload[..error.valid_up_to()]).expect("valid up to there");
                Source { payload, text: text.into(), not_utf8_at: None, is_patched: false, offset }
            }
            Err(error) => {
                let text = patch::marking_what_is_not_utf8(payload).into();
                let not_utf8_at = Some(error.valid_up_to());
                Source { payload, text, not_utf8_at, is_patched: true, offset }
            }
        }
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let position = Position::of(self.payload, offset);
        Position { offset: position.offset + self.offset, ..position }
    }
}

/// What one pass over a payload leaves: its counts, and a text that is worth another pass.
type Passed<'s> = (Tally<'s>, Option<String>);

fn pass<'s>(source: &Source<'_>, limits: Limits, skip: usize, sink: &'s mut dyn Sink) -> Passed<'s> {
    let tally = Tally::new(sink, Summary::empty(Form::Json), limits, skip);
    let mut walk = Walk::new(tally, &source.text, source.is_patched.then_some(source.payload));
    if let Some(offset) = source.not_utf8_at {
        walk.tally.problem(not_utf8(source, offset));
    }
    let mut json = serde_json::Deserializer::from_str(&source.text);
    let read = Item { walk: &mut walk, place: Place::Root }.deserialize(&mut json).and_then(|()| json.end());
    let Err(error) = read else { return (walk.tally, None) };
    let (base, error) = walk.nested.take().unwrap_or((0, error));
    let patched = if error.is_syntax() && skip == 0 { patch::without_bare_words(&source.text) } else { None };
    if patched.is_none() {
        walk.flush_if_complete(&error);
        let place = walk.place;
        walk.tally.problem(syntax::refusal(&error, base, source, place));
    }
    (walk.tally, patched)
}

pub(crate) fn not_utf8(source: &Source<'_>, offset: usize) -> Rejection {
    let got = format!("byte 0x{:02X}", source.payload[offset]);
    let fix = "send UTF-8 (not GBK, GB 18030, Latin-1 or raw bytes)";
    Rejection::new(Reason::EncodingInvalid, String::new(), &got, "UTF-8", fix)
        .free()
        .at(source.position(offset))
}
