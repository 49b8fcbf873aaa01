//! What is wrong with a mapping file.

use std::fmt;

use davy_model::Text;

/// What is wrong with a mapping file, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingProblem {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The key it is about, with those around it: `readings[0].time.format`; empty for the whole file.
    pub key: String,
    /// What is wrong: what was found, and what was expected.
    pub message: Text,
    /// What to try; may be empty.
    pub help: Text,
}

/// `4:9: readings[0].time: ...`, in English.
impl fmt::Display for MappingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MappingProblem { line, column, key, message, help } = self;
        write!(f, "{line}:{column}: ")?;
        if !key.is_empty() {
            write!(f, "{key}: ")?;
        }
        f.write_str(&message.en)?;
        if help.en.is_empty() { Ok(()) } else { write!(f, "; {}", help.en) }
    }
}

impl std::error::Error for MappingProblem {}
