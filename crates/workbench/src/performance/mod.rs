//! What alarms cost those who must answer them, desk by desk: the figures of ISA-18.2-2016, clause 16, and EEMUA 191, with
//! their targets.

mod desk;
mod figure;
mod flood;

use std::time::Duration;

use davy_model::Timestamp;

pub use desk::{BadActor, DeskPerformance, desks};
pub use figure::{Figure, Verdict};
pub use flood::{Flood, floods};

/// From when on, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first moment.
    pub from: Timestamp,
    /// The moment after the last.
    pub until: Timestamp,
}

impl Period {
    /// How long it is.
    pub fn span(&self) -> Duration {
        self.until.since(self.from)
    }

    /// Whether a moment is in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// How many days it is long.
    pub fn days(&self) -> f64 {
        self.span().as_secs_f64() / 86_400.0
    }
}
