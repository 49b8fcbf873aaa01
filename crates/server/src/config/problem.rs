//! What is wrong with a configuration.

use std::fmt;

/// One problem, with where it is and what to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The key, or the file.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl ConfigProblem {
    pub(crate) fn new(place: impl Into<String>, what: impl Into<String>) -> ConfigProblem {
        ConfigProblem { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl From<figment::Error> for ConfigProblem {
    fn from(error: figment::Error) -> ConfigProblem {
        use figment::error::Kind;
        let source = error.metadata.as_ref().and_then(|meta| meta.source.as_ref().map(ToString::to_string));
        let key = error.path.join(".");
        let place = match (source, key.is_empty()) {
            (Some(source), false) => format!("{source}: {key}"),
            (Some(source), true) => source,
            (None, false) => key,
            (None, true) => "configuration".to_owned(),
        };
        let what = match &error.kind {
            Kind::UnknownField(found, known) => unknown_key(found, known),
            kind => kind.to_string(),
        };
        ConfigProblem { place, what }
    }
}

fn unknown_key(found: &str, known: &[&str]) -> String {
    let nearest = known.iter().min_by_key(|key| strsim::damerau_levenshtein(found, key));
    match nearest.filter(|key| strsim::damerau_levenshtein(found, key) <= 3) {
        Some(key) => format!("no key {found:?}; did you mean {key:?}?"),
        None => format!("no key {found:?}; the keys here are {}", known.join(", ")),
    }
}
