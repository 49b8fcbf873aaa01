//! Deadband profiles: when a level raises and clears, and how an alarm moves between its levels, here and in systems that
//! read a set point and a deadband otherwise.
//!
//! Promise: the profile of Davy is what the engine does, and the vectors of `docs/reference/deadbands.md` are run through both.
//! What is sourced of the others, and what is our reading of it, that page says. Delays are not compared.

mod aveva;
mod davy;
mod difference;
mod edge;
mod opc_ua;
mod path;
mod profile;

pub use difference::{Comparison, LevelDifference, Worked, compare};
pub use edge::{Edge, Turn, figure};
pub use path::path;
pub use profile::{Moves, Profile};
