//! What a watchdog has to say.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

/// One alarm, or one all-clear.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    pub(super) kind: Kind,
    /// Of which site; empty for all of Davy.
    pub(super) site: String,
    /// For how long there was no heartbeat; zero where that is not the matter.
    pub(super) silent: Duration,
    /// In words.
    pub(super) message: String,
    /// When it was said.
    pub(super) at: Timestamp,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// No heartbeat for too long.
    Lost,
    /// Heartbeats again.
    Back,
    /// The canary did not come back.
    CanaryOverdue,
    /// It comes back again.
    CanaryBack,
    /// There is no canary.
    CanaryOff,
}

impl Kind {
    /// As programs read it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Kind::Lost => "lost",
            Kind::Back => "back",
            Kind::CanaryOverdue => "canary_overdue",
            Kind::CanaryBack => "canary_back",
            Kind::CanaryOff => "canary_off",
        }
    }

    /// Whether somebody has to do something.
    pub(super) const fn is_alarm(self) -> bool {
        match self {
            Kind::Lost | Kind::CanaryOverdue => true,
            Kind::Back | Kind::CanaryBack | Kind::CanaryOff => false,
        }
    }
}

impl Word {
    pub(super) fn new(kind: Kind, site: &str, silent: Duration, message: String) -> Word {
        Word { kind, site: site.to_owned(), silent, message, at: Timestamp::now() }
    }

    /// One line for a person.
    pub(super) fn text(&self) -> String {
        let mark = if self.kind.is_alarm() { "ALARM" } else { "ok   " };
        format!("{:.0}  {mark}  {}", self.at, self.message)
    }

    /// One line for a program.
    pub(super) fn json(&self) -> Value {
        json!({
            "event": self.kind.word(),
            "alarm": self.kind.is_alarm(),
            "site": self.site,
            "silent_s": self.silent.as_secs_f64(),
            "message": self.message,
            "time": self.at.to_string(),
        })
    }
}
