//! A place in the administrative tree, and all that lies below it.

use std::{fmt, str::FromStr};

use davy_model::is_name;

/// Steps of a path at most: province, city, county, park, enterprise, and room to spare.
const STEPS_MAX: usize = 16;

/// A place in the administrative tree, such as `370000/370500/donggang`: GB/T 2260 codes or names, the widest first. It covers
/// itself and what lies below. `*` is the root, which covers everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope(Vec<Box<str>>);

/// A text that is no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// Nothing at all: the root is asked for by name, so that nobody gets it by forgetting.
    #[error("a scope is missing: name a place such as 370000/370500, or * for everything")]
    Empty,
    /// A step that is no name.
    #[error("{0:?} is no step of a scope: 1 to 64 letters, digits, dots, dashes and underscores")]
    Step(String),
    /// Too deep.
    #[error("more than {STEPS_MAX} steps")]
    Deep,
}

impl Scope {
    /// What covers everything.
    pub fn root() -> Scope {
        Scope(Vec::new())
    }

    /// Whether it covers everything.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `place` is this place or lies below it. Step by step: `3705` does not cover `370500`.
    pub fn covers(&self, place: &Scope) -> bool {
        place.0.starts_with(&self.0)
    }

    /// The place one step below.
    ///
    /// # Errors
    /// [`ScopeError`] when the step is no name, or too deep.
    pub fn below(&self, step: &str) -> Result<Scope, ScopeError> {
        if !is_name(step) {
            return Err(ScopeError::Step(step.to_owned()));
        }
        if self.0.len() == STEPS_MAX {
            return Err(ScopeError::Deep);
        }
        let mut steps = self.0.clone();
        steps.push(step.into());
        Ok(Scope(steps))
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Scope, ScopeError> {
        match text {
            "" => Err(ScopeError::Empty),
            "*" => Ok(Scope::root()),
            path => path.split('/').try_fold(Scope::root(), |place, step| place.below(step)),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() { f.write_str("*") } else { f.write_str(&self.0.join("/")) }
    }
}
