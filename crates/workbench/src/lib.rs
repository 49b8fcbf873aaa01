//! What a rule does: tests of rules, written down as series of values and what must come of them; and what a major hazard
//! source comes to.
//!
//! Promise: whatever is told of a rule was found by the engine itself, over the inputs that are written down.
//!
//! It does not know: where inputs come from, who asks, what time it is.

pub mod mhi;
pub mod rule_test;
