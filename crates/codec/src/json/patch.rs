//! Puts out of harm's way what would cost a whole message: bytes that are not text, and words that are not numbers.
//!
//! Both keep the length, so that every place in the text is the same place in the payload.

use std::str;

/// Stands for what was taken out. No sender has reason to use it (U+007F, DELETE), and JSON allows it in a text.
pub(crate) const MARK: u8 = 0x7f;

/// The payload as text, each byte that is not UTF-8 replaced by the mark.
pub(crate) fn marking_what_is_not_utf8(payload: &[u8]) -> String {
    let mut text = String::with_capacity(payload.len());
    for chunk in payload.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::from(MARK)));
    }
    text
}

/// The text with `NaN`, `Infinity`, `-inf`... and numbers beyond a double replaced by texts of marks; `None` when it
/// has none of them.
pub(crate) fn without_bare_words(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut patched: Option<Vec<u8>> = None;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'"' {
            at = end_of_text(bytes, at);
        } else if is_word(bytes[at]) {
            let end = bytes[at..].iter().position(|byte| !is_word(*byte)).map_or(bytes.len(), |len| at + len);
            if is_not_finite(&bytes[at..end]) {
                let copy = patched.get_or_insert_with(|| bytes.to_vec());
                copy[at..end].fill(MARK);
                copy[at] = b'"';
                copy[end - 1] = b'"';
            }
            at = end;
        } else {
            at += 1;
        }
    }
    patched.map(|bytes| String::from_utf8(bytes).expect("ASCII was replaced by ASCII"))
}

/// The place after the text that begins at `start`.
fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// The words that Python, C and Java write, and numbers such as `1e400`.
fn is_not_finite(word: &[u8]) -> bool {
    let bare = word.strip_prefix(b"-").or_else(|| word.strip_prefix(b"+")).unwrap_or(word);
    let names: [&[u8]; 3] = [b"nan", b"inf", b"infinity"];
    if names.iter().any(|name| bare.eq_ignore_ascii_case(name)) {
        return true;
    }
    let may_be_huge = bare.first().is_some_and(u8::is_ascii_digit) && word.len() >= 5;
    let number = str::from_utf8(word).ok().filter(|_| may_be_huge).and_then(|word| word.parse::<f64>().ok());
    number.is_some_and(f64::is_infinite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_number_is_replaced_and_every_place_stays() {
        for (text, want) in [
            (r#"{"a":NaN,"b":1}"#, Some("{\"a\":\"\u{7f}\",\"b\":1}")),
            ("[-Infinity]", Some("[\"\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\"]")),
            ("[1e400]", Some("[\"\u{7f}\u{7f}\u{7f}\"]")),
            ("[-1e400,nan]", Some("[\"\u{7f}\u{7f}\u{7f}\u{7f}\",\"\u{7f}\"]")),
            (r#"{"NaN":1,"a\"NaN":2,"b":"Infinity"}"#, None),
            ("[1e308,true,null,nano]", None),
        ] {
            let patched = without_bare_words(text);
            assert_eq!(patched.as_deref(), want, "{text}");
            assert!(patched.is_none_or(|patched| patched.len() == text.len()));
        }
    }

    #[test]
    fn bytes_that_are_not_text_become_marks_one_for_one() {
        let payload = b"{\"\xb2\xe2\xb5\xe3\":1}";
        let text = marking_what_is_not_utf8(payload);
        assert_eq!(text.len(), payload.len());
        assert!(text.starts_with("{\"\u{7f}") && text.ends_with("\":1}"), "{text:?}");
    }
}
