//! What each reason code means: the pages of `docs/errors`, which the binary carries, since a plant may have no other way to them.

use axum::{extract::Path, http::StatusCode, response::IntoResponse};

/// A reason code and its page.
pub(crate) struct Meaning {
    code: &'static str,
    /// What was found, in Chinese, as the page has it.
    pub(crate) zh: &'static str,
    page: &'static str,
}

/// By code.
const MEANINGS: &[Meaning] = include!(concat!(env!("OUT_DIR"), "/meanings.rs"));

/// What a code means; `None` for a word that is none.
pub(crate) fn of(code: &str) -> Option<&'static Meaning> {
    let place = MEANINGS.binary_search_by(|meaning| meaning.code.cmp(code)).ok()?;
    MEANINGS.get(place)
}

/// Where the page of a code is, on the port that answered with it.
pub(crate) fn address(code: &str) -> String {
    format!("/errors/{code}")
}

/// The page, as text.
pub(crate) async fn show(Path(code): Path<String>) -> impl IntoResponse {
    const TEXT: [(&str, &str); 1] = [("content-type", "text/markdown; charset=utf-8")];
    match of(&code) {
        Some(meaning) => (StatusCode::OK, TEXT, meaning.page),
        None => (StatusCode::NOT_FOUND, TEXT, "no such reason code\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_its_words_and_is_found_by_its_code() {
        assert!(MEANINGS.len() > 50, "only {} pages were read", MEANINGS.len());
        for meaning in MEANINGS {
            assert_eq!(
                of(meaning.code).map(|found| found.code),
                Some(meaning.code),
                "{} is found",
                meaning.code
            );
            let is_chinese = meaning.zh.chars().any(|letter| letter > '\u{4e00}');
            assert!(is_chinese && !meaning.zh.contains('\n'), "{}: {:?}", meaning.code, meaning.zh);
        }
        assert!(of("no such code").is_none());
    }
}
