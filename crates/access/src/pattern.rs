//! A name, or all names with a beginning.

use davy_model::is_name;

/// A name, or all names with a beginning: `gw-1`, `gw-*`, `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// That name alone.
    Exactly(Box<str>),
    /// Every name that begins so; every name when empty.
    Beginning(Box<str>),
}

impl Pattern {
    /// Reads `name`, `begin*` or `*`; `None` when it is none of them.
    pub fn parse(text: &str) -> Option<Pattern> {
        match text.strip_suffix('*') {
            Some("") => Some(Pattern::Beginning("".into())),
            Some(beginning) => is_name(beginning).then(|| Pattern::Beginning(beginning.into())),
            None => is_name(text).then(|| Pattern::Exactly(text.into())),
        }
    }

    /// Whether the name is meant.
    pub fn takes(&self, name: &str) -> bool {
        match self {
            Pattern::Exactly(exact) => **exact == *name,
            Pattern::Beginning(beginning) => name.starts_with(&**beginning),
        }
    }
}
