//! Topic names and filters: what is valid, and what matches (MQTT 5.0, section 4.7).

/// Why a topic filter is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Empty, longer than 65,535 bytes, or with NUL.
    #[error("empty, too long, or with NUL")]
    Text,
    /// `#` not alone in the last level, or `+` not alone in its level.
    #[error("misplaced wildcard")]
    Wildcard,
    /// `$share/...`: shared subscriptions are not offered.
    #[error("shared subscriptions are not supported")]
    Shared,
}

/// Reads a topic name: UTF-8, not empty, no wildcard, no NUL, at most `len_max` bytes.
pub fn name(bytes: &[u8], len_max: usize) -> Option<&str> {
    if bytes.is_empty() || bytes.len() > len_max || bytes.iter().any(|b| matches!(b, b'+' | b'#' | 0)) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

/// Checks a topic filter.
///
/// # Errors
/// See [`FilterError`].
pub fn check_filter(filter: &str) -> Result<(), FilterError> {
    if filter.is_empty() || filter.len() > usize::from(u16::MAX) || filter.contains('\0') {
        return Err(FilterError::Text);
    }
    if filter == "$share" || filter.starts_with("$share/") {
        return Err(FilterError::Shared);
    }
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        let last = levels.peek().is_none();
        if level.len() > 1 && level.contains(['+', '#']) || level == "#" && !last {
            return Err(FilterError::Wildcard);
        }
    }
    Ok(())
}

/// Whether a checked filter has a wildcard; without one it matches only itself.
pub fn has_wildcard(filter: &str) -> bool {
    filter.contains(['+', '#'])
}

/// Whether a checked filter matches a topic name. A leading wildcard does not match a leading `$`.
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut names = topic.split('/');
    for level in filter.split('/') {
        match (level, names.next()) {
            // `a/#` also matches its parent, `a`.
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (level, Some(name)) if level == name => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_the_specification_says() {
        let table = [
            ("a", "a", true),
            ("a", "b", false),
            ("a/b", "a", false),
            ("a", "a/b", false),
            ("sport/tennis/player1/#", "sport/tennis/player1", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
            ("sport/tennis/player1/#", "sport/tennis/player2", false),
            ("sport/#", "sport", true),
            ("#", "a/b/c", true),
            ("#", "/", true),
            ("sport/tennis/+", "sport/tennis/player1", true),
            ("sport/tennis/+", "sport/tennis/player1/ranking", false),
            ("sport/+", "sport", false),
            ("sport/+", "sport/", true),
            ("+/+", "/finance", true),
            ("/+", "/finance", true),
            ("+", "/finance", false),
            ("+/monitor/#", "a/monitor", true),
            ("+/monitor/+", "a/monitor", false),
            ("a//b", "a//b", true),
            ("a/+/b", "a//b", true),
            ("#", "$SYS/x", false),
            ("+/monitor/Clients", "$SYS/monitor/Clients", false),
            ("$SYS/#", "$SYS/x", true),
            ("$SYS/monitor/+", "$SYS/monitor/Clients", true),
            ("温度/+", "温度/一", true),
            ("A", "a", false),
        ];
        for (filter, topic, expected) in table {
            assert_eq!(check_filter(filter), Ok(()), "{filter}");
            assert_eq!(matches(filter, topic), expected, "{filter} on {topic}");
        }
    }

    #[test]
    fn misplaced_wildcards_are_no_filter() {
        for filter in ["a#", "#/a", "a/#/b", "a+", "+a", "a/b+/c", "##", "++", "a/#b"] {
            assert_eq!(check_filter(filter), Err(FilterError::Wildcard), "{filter}");
        }
        for filter in ["", "a\0b"] {
            assert_eq!(check_filter(filter), Err(FilterError::Text), "{filter:?}");
        }
        for filter in ["$share", "$share/g/a", "$share//a"] {
            assert_eq!(check_filter(filter), Err(FilterError::Shared), "{filter}");
        }
        assert_eq!(check_filter(&"a".repeat(65_536)), Err(FilterError::Text));
    }

    #[test]
    fn names_have_no_wildcard_no_nul_and_an_end() {
        for bytes in [&b""[..], b"a/+", b"#", b"a\0", b"\xED\xA0\x80", b"\xFF"] {
            assert_eq!(name(bytes, 100), None, "{bytes:?}");
        }
        assert_eq!(name(b"abcd", 3), None);
        assert_eq!(name("温/度".as_bytes(), 100), Some("温/度"));
    }
}
