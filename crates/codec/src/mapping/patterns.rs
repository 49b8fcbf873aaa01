//! What is known of names, by name or by pattern.

/// Values by name, or by a pattern in which `*` is any text. A name wins over patterns, the first pattern over later ones.
#[derive(Clone, Debug)]
pub(super) struct Patterns<T> {
    /// Sorted by name.
    names: Vec<(Box<str>, T)>,
    patterns: Vec<(Box<str>, T)>,
}

impl<T> Patterns<T> {
    pub(super) fn new(entries: Vec<(String, T)>) -> Patterns<T> {
        let boxed = entries.into_iter().map(|(name, value)| (name.into_boxed_str(), value));
        let (patterns, mut names): (Vec<_>, Vec<_>) = boxed.partition(|(name, _)| name.contains('*'));
        names.sort_by(|a, b| a.0.cmp(&b.0));
        Patterns { names, patterns }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.patterns.is_empty()
    }

    pub(super) fn get(&self, name: &str) -> Option<&T> {
        if let Ok(at) = self.names.binary_search_by(|(known, _)| (**known).cmp(name)) {
            return Some(&self.names[at].1);
        }
        self.patterns.iter().find(|(pattern, _)| fits(pattern, name)).map(|(_, value)| value)
    }
}

/// Whether a name fits a pattern. Each piece between stars is looked for behind the piece before it, so the cost is the
/// product of both lengths at most.
fn fits(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_wins_over_patterns_and_the_first_pattern_over_later_ones() {
        let entries = [("TEMP8", 1), ("TEMP*", 2), ("*8", 3), ("a*b*c", 4), ("*", 5)];
        let patterns = Patterns::new(entries.map(|(name, value)| (name.to_owned(), value)).to_vec());
        for (name, want) in [
            ("TEMP8", 1),
            ("TEMP9", 2),
            ("TEMP", 2),
            ("CO28", 3),
            ("a-b-c", 4),
            ("abc", 4),
            ("ac", 5),
            ("aXbXcX", 5),
        ] {
            assert_eq!(patterns.get(name), Some(&want), "{name}");
        }
        assert!(!fits("ab*ba", "aba") && fits("ab*ba", "abba"));
    }
}
