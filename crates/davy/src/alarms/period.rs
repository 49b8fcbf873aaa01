//! Over which time, as people say it.

use std::time::Duration;

use davy_model::Timestamp;

use crate::span;

/// Over which time.
#[derive(Debug, clap::Args)]
pub(crate) struct PeriodArgs {
    /// Recorded from then on, RFC 3339
    #[arg(long, value_name = "TIME", conflicts_with = "last")]
    from: Option<Timestamp>,
    /// Recorded before then; now, without
    #[arg(long, value_name = "TIME", alias = "until")]
    to: Option<Timestamp>,
    /// Recorded in the last so much
    #[arg(long, value_name = "SPAN", value_parser = span::parse)]
    last: Option<Duration>,
}

impl PeriodArgs {
    /// Whether nothing of it was said.
    pub(super) fn is_empty(&self) -> bool {
        self.from.or(self.to).is_none() && self.last.is_none()
    }

    /// From when on, if that was said.
    pub(super) fn from(&self) -> Option<Timestamp> {
        self.from.or_else(|| self.last.map(|last| self.to.unwrap_or_else(span::now).minus(last)))
    }

    /// Until when, if that was said.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.to
    }
}
