//! Operators' stories, room by room. The language they are told in stands in `support/mod.rs`.

mod support;

#[path = "scenarios/annunciation/mod.rs"]
mod annunciation;
#[path = "scenarios/clocks.rs"]
mod clocks;
#[path = "scenarios/delays.rs"]
mod delays;
#[path = "scenarios/faults.rs"]
mod faults;
#[path = "scenarios/files.rs"]
mod files;
#[path = "scenarios/held.rs"]
mod held;
#[path = "scenarios/kinds/mod.rs"]
mod kinds;
#[path = "scenarios/lapses.rs"]
mod lapses;
#[path = "scenarios/levels.rs"]
mod levels;
#[path = "scenarios/limits.rs"]
mod limits;
#[path = "scenarios/operators.rs"]
mod operators;
#[path = "scenarios/past.rs"]
mod past;
#[path = "scenarios/peers/mod.rs"]
mod peers;
#[path = "scenarios/restarts.rs"]
mod restarts;
#[path = "scenarios/silence.rs"]
mod silence;
#[path = "scenarios/values.rs"]
mod values;
#[path = "scenarios/vitals.rs"]
mod vitals;
