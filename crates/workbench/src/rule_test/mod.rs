//! Rule tests: readings and commands as somebody wrote them down, and what must come of them.
//!
//! Promise: a test is judged by the engine itself, over messages as intake would hand them on, and the same file gives the
//! same report. Every mistake in a file is told at once, with its place, and costs no test but the one it stands in.

mod case;
mod compare;
mod diagram;
mod event;
mod expectation;
mod feed;
mod notation;
mod offset;
mod reader;
mod refer;
mod report;
mod run;
mod schema;
mod series;
mod want;

pub use case::Test;
pub use diagram::diagram;
pub use offset::Offset;
pub use reader::read;
pub use report::{Difference, DifferenceKind, Happened, TestReport};
pub use run::run;
pub use schema::schema;
