//! What is known of names, by name or by pattern.

/// Values by name, or by a pattern in which `*` is any text. A name wins over patterns, the first pattern over later ones.
#[derive(Clone, Debug)]
pub(super) struct Patterns<T> {
    /// Sorted by name.
    names: Vec<(Box<str>, T)>,
    patterns: Vec<(Pattern, T)>,
}

/// A text with stars, taken apart: what is before the first, between each two, and behind the last. What is empty at either
/// end is not compared at all.
#[derive(Clone, Debug)]
struct Pattern {
    first: Option<Box<str>>,
    between: Vec<Box<str>>,
    last: Option<Box<str>>,
}

impl<T> Patterns<T> {
    pub(super) fn new(entries: Vec<(String, T)>) -> Patterns<T> {
        let (mut names, mut patterns) = (Vec::new(), Vec::new());
        for (name, value) in entries {
            match Pattern::of(&name) {
                Some(pattern) => patterns.push((pattern, value)),
                None => names.push((name.into_boxed_str(), value)),
            }
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        Patterns { names, patterns }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.patterns.is_empty()
    }

    pub(super) fn get(&self, name: &str) -> Option<&T> {
        if !self.names.is_empty()
            && let Ok(at) = self.names.binary_search_by(|(known, _)| (**known).cmp(name))
        {
            return Some(&self.names[at].1);
        }
        self.patterns.iter().find(|(pattern, _)| pattern.fits(name)).map(|(_, value)| value)
    }
}

impl Pattern {
    /// Of a text; `None` when it has no star.
    fn of(text: &str) -> Option<Pattern> {
        let (first, rest) = text.split_once('*')?;
        let mut between: Vec<Box<str>> = rest.split('*').map(Into::into).collect();
        let last = between.pop().filter(|last| !last.is_empty());
        let first = Some(first).filter(|first| !first.is_empty()).map(Into::into);
        Some(Pattern { first, between, last })
    }

    /// Whether a name fits. Each piece between stars is looked for behind the piece before it, so the cost is the product of
    /// both lengths at most.
    fn fits(&self, name: &str) -> bool {
        let mut rest = match &self.first {
            None => name,
            Some(first) => match name.strip_prefix(&**first) {
                Some(rest) => rest,
                None => return false,
            },
        };
        for piece in &self.between {
            match rest.find(&**piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        self.last.as_deref().is_none_or(|last| rest.ends_with(last))
    }
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
        let pattern = Pattern::of("ab*ba").expect("it has a star");
        assert!(!pattern.fits("aba") && pattern.fits("abba"));
    }
}
