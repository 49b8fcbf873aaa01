//! What the texts of a payload were before it was patched.

use davy_model::Reason;

use super::patch::MARK;
use crate::{Rejection, clip::clip_bytes};

/// The text that is read, and the payload it was made of.
pub(crate) struct Texts<'de> {
    text: &'de str,
    /// The payload as it came, when the text was patched.
    original: Option<&'de [u8]>,
    /// The payload is UTF-8 as it came.
    is_utf8: bool,
    /// Texts inside texts that were patched, and what they were.
    more: Vec<(&'de str, &'de [u8])>,
}

impl<'de> Texts<'de> {
    pub(crate) fn new(text: &'de str, original: Option<&'de [u8]>, is_utf8: bool) -> Texts<'de> {
        Texts { text, original, is_utf8, more: Vec::new() }
    }

    /// Another text that was patched.
    pub(crate) fn also(&mut self, text: &'de str, original: &'de str) {
        self.more.push((text, original.as_bytes()));
    }

    pub(crate) fn text_for_a_value(&self, text: &str, pointer: String) -> Box<Rejection> {
        let word = self.bare_word(text);
        let shown = word.clone().unwrap_or_else(|| format!("{text:?}"));
        let is_number = text.trim().parse::<f64>();
        if word.is_some() || is_number.as_ref().is_ok_and(|number| !number.is_finite()) {
            let fix =
                "leave the reading out while there is no value, or send the last one with a bad quality";
            return Rejection::new(Reason::NumberNotFinite, pointer, &shown, "a finite number", fix).into();
        }
        let fix = match is_number {
            Ok(_) => format!("send {} without quotation marks", text.trim()),
            Err(_) => "send a number; of an on/off tag true, false, 1 or 0".to_owned(),
        };
        Rejection::new(Reason::FieldType, pointer, &shown, "a number", &fix).into()
    }

    /// Whether marks in a text stand for something else. In a payload of UTF-8 only bare words were replaced: there the
    /// mark is a character like others, or two passes over one payload would not tell the same.
    pub(crate) fn is_marked(&self, text: &str) -> bool {
        let is_patched = self.original.is_some() || !self.more.is_empty();
        is_patched && text.as_bytes().contains(&MARK) && (!self.is_utf8 || self.bare_word(text).is_some())
    }

    pub(crate) fn not_utf8(&self, text: &str, pointer: String) -> Box<Rejection> {
        let fix = "send UTF-8 (not GBK, GB 18030, Latin-1 or raw bytes)";
        Rejection::new(Reason::EncodingInvalid, pointer, &self.original_of(text), "UTF-8", fix).into()
    }

    /// What stood in the payload where `text` stands now.
    pub(crate) fn original_of(&self, text: &str) -> String {
        match self.span_of(text) {
            Some((original, start)) => clip_bytes(&original[start..start + text.len()]),
            None => text.to_owned(),
        }
    }

    /// The `NaN`, `1e400`... that was replaced by `text`.
    pub(crate) fn bare_word(&self, text: &str) -> Option<String> {
        let (original, start) = self.span_of(text)?;
        let before = start.checked_sub(1)?;
        let end = (start + text.len() + 1).min(original.len());
        (original[before] != b'"').then(|| clip_bytes(&original[before..end]))
    }

    /// The payload, and where in it `text` stands, when the payload was patched and `text` is a part of it.
    fn span_of(&self, text: &str) -> Option<(&'de [u8], usize)> {
        let whole = self.original.map(|original| (self.text, original));
        whole.iter().chain(&self.more).find_map(|(patched, original)| {
            let start = offset_in(patched, text);
            (start + text.len() <= patched.len().min(original.len())).then_some((*original, start))
        })
    }

    /// Where `part` begins, when it is a part of the text; else something past its end.
    pub(crate) fn offset_of(&self, part: &str) -> usize {
        offset_in(self.text, part)
    }
}

fn offset_in(whole: &str, part: &str) -> usize {
    let distance = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize);
    distance.unwrap_or(usize::MAX / 2)
}
