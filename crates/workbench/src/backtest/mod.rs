//! What a rule set would have done: a recorded log, judged by the engine itself under other files.

mod coverage;
mod difference;
mod event;
mod policy;
mod reach;
mod score;
mod series;
mod settings;
mod side;
mod sweep;
mod translate;

pub use coverage::{Coverage, Gap, TagCoverage};
pub use difference::{Difference, Moved, Occurred, difference};
pub use event::{Event, EventKind, Scope, read_events};
pub use policy::{Measured, Policy, PolicyLine, read_policy};
pub use reach::Reach;
pub use score::{Caught, Score, score};
pub use series::LoggedSeries;
pub use settings::{Setting, SettingError, apply};
pub use side::{Entry, Side, SideReport};
pub use sweep::{Axis, front, grid};
