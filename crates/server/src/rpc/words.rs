//! How many words an error may have. They travel in header fields, and whoever gets more of these than its library takes hears of
//! a broken call instead of what is wrong: gRPC for Java and for C++ take 8 KiB in all.

use std::borrow::Cow;

/// The message of an error on its way, percent-encoded, bytes; it travels once more among the details.
const MESSAGE_LEN_MAX: usize = 2 << 10;
/// A text within its details, bytes.
const DETAIL_LEN_MAX: usize = 512;
/// What a particular is, bytes.
const PARTICULAR_LEN_MAX: usize = 256;

pub(super) fn message(text: &str) -> Cow<'_, str> {
    clip(text, MESSAGE_LEN_MAX, |char| if char.is_ascii_alphanumeric() { 1 } else { 3 * char.len_utf8() })
}

pub(super) fn detail(text: &str) -> Cow<'_, str> {
    clip(text, DETAIL_LEN_MAX, char::len_utf8)
}

pub(super) fn particular(text: &str) -> Cow<'_, str> {
    clip(text, PARTICULAR_LEN_MAX, char::len_utf8)
}

/// As much from the beginning of a text as is not longer than that, each character being so long; whether it is all is told.
fn clip(text: &str, max: usize, len: impl Fn(char) -> usize) -> Cow<'_, str> {
    // A text may be as long as a request: what is behind the bound is not counted.
    let over = text.char_indices().scan(0, |sum, (place, char)| {
        *sum += len(char);
        Some((place, *sum))
    });
    match over.skip_while(|(_, sum)| *sum <= max).map(|(place, _)| place).next() {
        None => Cow::Borrowed(text),
        Some(end) => Cow::Owned(format!("{}… ({} bytes in all)", &text[..end], text.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_beginning_and_says_that_it_was_cut() {
        let is = |text: &str, kept: usize| {
            let want = if kept == text.len() {
                text.to_owned()
            } else {
                format!("{}… ({} bytes in all)", &text[..kept], text.len())
            };
            assert_eq!(particular(text), want);
        };
        is("", 0);
        is(&"x".repeat(256), 256);
        is(&"x".repeat(257), 256);
        is(&"气".repeat(85), 255);
        is(&"气".repeat(86), 255);
    }

    #[test]
    fn a_message_is_as_long_as_it_is_on_its_way() {
        assert_eq!(message(&"x".repeat(2048)).len(), 2048);
        assert_eq!(message(&" ".repeat(683)), format!("{}… (683 bytes in all)", " ".repeat(682)));
        assert_eq!(message(&"气".repeat(228)), format!("{}… (684 bytes in all)", "气".repeat(227)));
    }
}
