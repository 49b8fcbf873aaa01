//! What is wrong with an expression, where in its text, and what to write instead.

use std::fmt;

use super::STEPS_MAX;
use crate::{Code, report::quoted};

/// One mistake in an expression.
///
/// Prints as `character 7: found level in m, pressure in kPa, expected two values in one unit; ...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Which character of the text it stands at, from 1; one past the last when the end is too early.
    pub character: u32,
    /// What kind of finding.
    pub code: Code,
    /// What stands there.
    pub found: String,
    /// What may stand there.
    pub expected: String,
    /// What to try; may be empty.
    pub help: String,
}

impl Mistake {
    pub(super) fn new(character: u32, code: Code) -> Mistake {
        let nothing = || "nothing".to_owned();
        Mistake { character, code, found: nothing(), expected: nothing(), help: String::new() }
    }

    pub(super) fn found(mut self, words: impl Into<String>) -> Mistake {
        self.found = words.into();
        self
    }

    pub(super) fn found_text(self, text: &str) -> Mistake {
        self.found(quoted(text))
    }

    pub(super) fn expected(mut self, words: impl Into<String>) -> Mistake {
        self.expected = words.into();
        self
    }

    pub(super) fn help(mut self, words: impl Into<String>) -> Mistake {
        self.help = words.into();
        self
    }

    pub(super) fn too_many_steps(steps: u32) -> Mistake {
        Mistake::new(1, Code::ExpressionTooLarge)
            .found(format!("{steps} steps"))
            .expected(format!("at most {STEPS_MAX}"))
            .help("divide it over several rules")
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake { character, code, found, expected, help } = self;
        write!(f, "character {character}: found {found}, expected {expected}")?;
        if !help.is_empty() {
            write!(f, "; {help}")?;
        }
        write!(f, " [{code}]")
    }
}

impl std::error::Error for Mistake {}
