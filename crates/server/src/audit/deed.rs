//! What somebody asked for.

use davy_journal::audit::{Entry, Outcome, What};
use serde_json::Value;
use tonic::Status;
use tonic_types::StatusExt;

use super::caller::caller;

/// What somebody asked for, before it is known what comes of it.
pub(crate) struct Deed(Entry);

impl Deed {
    /// By whoever calls, or by the name that is given where nobody proved one.
    pub(crate) fn new(what: What, claimed: &str, on: impl Into<String>) -> Deed {
        let (who, on) = (caller(claimed), on.into());
        Deed(Entry { who, what, on, before: None, after: None, outcome: Outcome::Done })
    }

    /// By Davy itself.
    pub(super) fn of_davy(what: What, on: &str) -> Deed {
        Deed(Entry::of_davy(what, on))
    }

    /// The same, on something that is known only now.
    pub(crate) fn on(mut self, on: &str) -> Deed {
        on.clone_into(&mut self.0.on);
        self
    }

    /// The same, with what was asked for.
    pub(crate) fn asking(mut self, after: Value) -> Deed {
        self.0.after = Some(after);
        self
    }

    pub(super) fn entry<T>(self, answer: &Result<T, Status>) -> Entry {
        let outcome =
            answer.as_ref().map_or_else(|status| Outcome::Refused(reason(status)), |_| Outcome::Done);
        Entry { outcome, ..self.0 }
    }
}

fn reason(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.map_or_else(|| format!("{:?}", status.code()), |info| info.reason)
}
