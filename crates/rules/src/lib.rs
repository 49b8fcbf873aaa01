//! Site and rule files → a checked, compiled plan.
//!
//! Promise: whatever a plant engineer writes is either refused with every error at once, each with its file, line,
//! column, what was found and what was expected, or compiled to a [`Plan`] in which nothing can fail any more: units are
//! converted, limits are ordered, selectors have become lists of tags.
//!
//! It does not know: where files come from, what a reading is, what time it is.

mod plan;
mod rule;

pub use plan::{Level, LimitProgram, Plan, SilenceProgram, Watch, WatchKind};
pub use rule::{Basis, Confidence, Response, Rule, RuleKind, SuppressedWhile};
