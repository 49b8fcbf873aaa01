//! What a rule does, and what another would have done: tests of rules, written down as series of values and what must come
//! of them; recorded logs, judged under other files; what alarms cost those who must answer them; what a major hazard
//! source comes to; what other systems make of the same deadbands; and the life of a revision.
//!
//! Promise: whatever is told of a rule was found by the engine itself, over the inputs that are written down.
//!
//! It does not know: where inputs come from, who asks, what time it is.

pub mod backtest;
pub mod change;
pub mod deadband;
pub mod ledger;
pub mod mhi;
pub mod performance;
pub mod revision;
pub mod rule_test;
pub mod statistics;
