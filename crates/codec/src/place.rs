//! Where in a payload something stands.

use std::borrow::Cow;

use crate::{Limits, clip::clip};

/// The reading, or the object of readings, that something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The payload itself.
    Root,
    /// An element of a payload that is an array: its place from 0.
    Item(u32),
    /// An element of `readings`: its place from 0.
    Reading(u32),
}

impl Place {
    /// As a JSON pointer (RFC 6901): empty, `/3`, `/readings/3`.
    pub fn pointer(self) -> String {
        match self {
            Place::Root => String::new(),
            Place::Item(at) => format!("/{at}"),
            Place::Reading(at) => format!("/readings/{at}"),
        }
    }

    /// The pointer to a field of it; `field` is escaped. Of a name too long for a tag, the pointer has the beginning: a
    /// sender of such a name gets an answer, and not its own megabyte back.
    pub fn field(self, field: &str) -> String {
        let mut pointer = self.pointer();
        push_token(&mut pointer, field);
        pointer
    }

    /// The pointer to an entry of its `values`.
    pub fn value_of(self, tag: &str) -> String {
        let mut pointer = self.field("values");
        push_token(&mut pointer, tag);
        pointer
    }
}

/// A name of a sender's as pointers have it: of one too long for a tag, its beginning.
pub(crate) fn short(name: &str) -> Cow<'_, str> {
    if name.len() > Limits::TAG_LEN_MAX { Cow::Owned(clip(name)) } else { Cow::Borrowed(name) }
}

/// Appends a reference token, `~` and `/` escaped as RFC 6901 asks.
pub(crate) fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    let shown =
        if token.len() > Limits::TAG_LEN_MAX { Cow::Owned(clip(token)) } else { Cow::Borrowed(token) };
    for character in shown.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_with_slashes_and_tildes_stays_one_token() {
        assert_eq!(Place::Root.value_of("AT-0412/h2s"), "/values/AT-0412~1h2s");
        assert_eq!(Place::Item(4).value_of("a~b"), "/4/values/a~0b");
        assert_eq!(Place::Reading(2).field("value"), "/readings/2/value");
        assert_eq!(Place::Root.pointer(), "");
    }

    #[test]
    fn a_name_too_long_for_a_tag_is_shown_by_its_beginning() {
        let longest = "x".repeat(Limits::TAG_LEN_MAX);
        assert_eq!(Place::Root.value_of(&longest), format!("/values/{longest}"));
        let longer = "气".repeat(100_000);
        assert_eq!(Place::Root.value_of(&longer), format!("/values/{}…", "气".repeat(79)));
    }
}
