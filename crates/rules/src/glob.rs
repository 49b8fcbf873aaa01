//! Name patterns: `*` is any text, `?` one character.

/// Whether a pattern has anything in it that is not literal.
pub(crate) fn is_pattern(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

/// What every match begins with.
pub(crate) fn literal_start(pattern: &str) -> &str {
    &pattern[..pattern.find(['*', '?']).unwrap_or(pattern.len())]
}

/// Whether the whole of `text` matches. Costs at most the product of both lengths, whatever the pattern.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Where to go on when the text does not fit: behind the last star, one character further in the text.
    let mut retry = None;
    loop {
        match (pattern.next(), text.clone().next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                retry = Some((pattern.clone(), text.clone()));
            }
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
                text.next();
            }
            _ => {
                let Some((behind_star, mut from)) = retry.take() else { return false };
                if from.next().is_none() {
                    return false;
                }
                retry = Some((behind_star.clone(), from.clone()));
                (pattern, text) = (behind_star, from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_take_any_text_and_question_marks_one_character() {
        for (pattern, text, want) in [
            ("AT-0412/h2s", "AT-0412/h2s", true),
            ("AT-*", "AT-0412/h2s", true),
            ("*/h2s", "AT-0412/h2s", true),
            ("*/h2s", "AT-0412/h2s/x", false),
            ("AT-????/h2s", "AT-0412/h2s", true),
            ("AT-????/h2s", "AT-412/h2s", false),
            ("?", "气", true),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(matches(pattern, text), want, "{pattern} {text}");
        }
        assert_eq!(
            (literal_start("AT-*x"), literal_start("abc"), is_pattern("a?"), is_pattern("a")),
            ("AT-", "abc", true, false)
        );
    }

    #[test]
    fn a_pattern_of_stars_is_no_bomb() {
        assert!(!matches(&"*a".repeat(2000), &"a".repeat(1999)));
    }
}
