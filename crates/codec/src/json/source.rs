//! A payload as text, and the passes over it.

use std::{borrow::Cow, str};

use davy_model::Reason;

use super::{patch, syntax, texts::Texts};
use crate::{
    Form, Limits, Rejection, Sink, Summary, native::BYTE_ORDER_MARK, rejection::Position, tally::Tally,
};

/// A payload as text.
pub(crate) struct Source<'p> {
    /// The payload as it came, without a byte order mark.
    pub(crate) payload: &'p [u8],
    /// As long as the payload, or as much of it as is whole; what is not text or no number is put out of harm's way.
    pub(crate) text: Cow<'p, str>,
    /// Where the first byte stands that is not UTF-8.
    not_utf8_at: Option<usize>,
    /// The text differs from the payload.
    pub(crate) is_patched: bool,
    /// Bytes before it.
    offset: usize,
}

/// What to do about a text that is not JSON from some place on.
pub(crate) enum Broken {
    /// Read this one instead, in which what is no number is put out of harm's way.
    Again(String),
    /// Say so.
    Refused(Rejection),
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

    pub(crate) fn texts(&self) -> Texts<'_> {
        Texts::new(&self.text, self.is_patched.then_some(self.payload), self.is_utf8())
    }

    /// Whether the payload is UTF-8, as far as it goes.
    pub(crate) const fn is_utf8(&self) -> bool {
        self.not_utf8_at.is_none()
    }

    /// The same payload, read as another text, in which what is no number is put out of harm's way.
    pub(crate) fn with(&self, text: String) -> Source<'_> {
        Source { text: Cow::Owned(text), is_patched: true, ..*self }
    }

    /// What to say when the text was whole, and the payload goes on with the beginning of a character.
    pub(crate) fn rest(&self) -> Option<Rejection> {
        (self.text.len() < self.payload.len()).then(|| not_utf8(self, self.text.len()))
    }

    /// What to do about an error that counts from `base` on and came up at `pointer`.
    pub(crate) fn broken(
        &self,
        error: &serde_json::Error,
        base: usize,
        pointer: String,
        may_patch: bool,
    ) -> Broken {
        let patched =
            if error.is_syntax() && may_patch { patch::without_bare_words(&self.text) } else { None };
        match patched {
            Some(text) => Broken::Again(text),
            None => Broken::Refused(syntax::refusal(error, base, self, pointer)),
        }
    }

    /// What a pass begins with. The first `skip` events are counted, and not told again.
    pub(crate) fn begin<'s>(
        &self,
        form: Form,
        limits: Limits,
        skip: usize,
        sink: &'s mut dyn Sink,
    ) -> Tally<'s> {
        let mut tally = Tally::new(sink, Summary::empty(form), limits, skip);
        if let Some(offset) = self.not_utf8_at {
            tally.problem(not_utf8(self, offset));
        }
        tally
    }

    pub(super) fn position(&self, offset: usize) -> Position {
        let position = Position::of(self.payload, offset);
        Position { offset: position.offset + self.offset, ..position }
    }
}

/// Reads a payload by `pass`; and by a second one, when the first finds a text that is worth it. The same events come again
/// up to where the first stopped, and are not told twice.
pub(crate) fn passes<F>(payload: &[u8], form: Form, limits: Limits, sink: &mut dyn Sink, pass: F) -> Summary
where
    F: for<'s> Fn(&Source<'_>, Tally<'s>, bool) -> (Tally<'s>, Option<String>),
{
    let source = Source::of(payload);
    let (passed, again) = pass(&source, source.begin(form, limits, 0, sink), true);
    let skip = passed.events;
    match again {
        None => passed.finish(),
        Some(text) => {
            let patched = source.with(text);
            pass(&patched, patched.begin(form, limits, skip, sink), false).0.finish()
        }
    }
}

fn not_utf8(source: &Source<'_>, offset: usize) -> Rejection {
    let got = format!("byte 0x{:02X}", source.payload[offset]);
    let fix = "send UTF-8 (not GBK, GB 18030, Latin-1 or raw bytes)";
    Rejection::new(Reason::EncodingInvalid, String::new(), &got, "UTF-8", fix)
        .free()
        .at(source.position(offset))
}
