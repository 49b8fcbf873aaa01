//! Text of a sender, short enough to send back.

/// How much of what was there a refusal repeats, characters.
const GOT_MAX_CHARS: usize = 80;

/// The first 80 characters of `text`; `…` stands for the rest.
pub(crate) fn clip(text: &str) -> String {
    match text.char_indices().nth(GOT_MAX_CHARS) {
        None => text.to_owned(),
        Some(_) => {
            let end = text.char_indices().nth(GOT_MAX_CHARS - 1).map_or(text.len(), |(at, _)| at);
            format!("{}…", &text[..end])
        }
    }
}

/// The same of bytes that need not be UTF-8.
pub(crate) fn clip_bytes(bytes: &[u8]) -> String {
    // Four bytes a character at most, so nothing of the 80 characters is lost.
    clip(&String::from_utf8_lossy(&bytes[..bytes.len().min(4 * GOT_MAX_CHARS + 4)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_its_beginning_and_says_that_it_was_cut() {
        assert_eq!(clip("12.4"), "12.4");
        assert_eq!(clip(&"气".repeat(80)), "气".repeat(80));
        assert_eq!(clip(&"气".repeat(81)), format!("{}…", "气".repeat(79)));
        assert_eq!(clip_bytes(&[b'a', 0xff]), "a\u{fffd}");
        assert_eq!(clip_bytes(&vec![b'x'; 10_000]).chars().count(), 80);
    }
}
