//! What a rule would have done: tests, backtests and differences of rules, and the figures by which alarms are measured.
//!
//! Promise: whatever is told of a rule was found by the engine itself, over inputs that were recorded or written down; a
//! figure has one definition, live, in a backtest and in a report.
//!
//! It does not know: where inputs come from, who asks, what time it is.

pub mod rule_test;
