//! Decides which alarms exist. Pure: no clock, no I/O, no async.
//!
//! Promise: the same inputs in the same order give the same transitions, byte for byte. Bad, missing, stale or frozen
//! data never clears an alarm and never completes a delay. No tag's clock touches another tag.
//!
//! It does not know: where readings come from, who is told, how anything is stored, what time it is. Time is an argument.

mod activate;
mod alarm;
mod calculate;
mod case;
mod commands;
mod counts;
mod derive;
mod duty;
mod engine;
mod escalate;
mod faults;
mod held;
mod hold;
mod incident;
mod judge;
mod lapse;
mod level;
pub mod lifecycle;
mod load;
mod memory;
mod modes;
mod nodes;
mod oddity;
mod readings;
mod replayed;
mod rules;
mod snapshot;
mod tag;
mod timers;
mod transitions;
mod vitals;
mod words;

pub use counts::Counts;
pub use derive::{Derivation, Part, Piece, derive, parts, without};
pub use engine::{Engine, Known};
pub use faults::FAULT_RULE;
pub use held::Held;
pub use judge::{Judge, JudgeError, Outcome};
pub use load::{CHATTER_RULE, FLOOD_RULE};
pub use snapshot::{SNAPSHOT_SCHEMA, SnapshotError};
