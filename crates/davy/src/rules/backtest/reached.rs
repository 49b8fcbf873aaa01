//! How far history reaches into what was asked of it: a part of the coverage.

use std::time::Duration;

use davy_history::Hole;
use davy_model::Timestamp;
use davy_server::past::Untaken;
use davy_workbench::performance::Period;
use serde_json::{Value, json};

use crate::span;

/// Tags that are named.
const TAGS: usize = 5;
/// Holes that are named, the last ones.
const HOLES: usize = 3;

/// How far history reaches into what was asked of it.
#[derive(Clone, Debug)]
pub(super) struct Reached {
    /// When the oldest reading was measured.
    pub(super) begins: Timestamp,
    /// From when on counting was asked for, where that is before there are readings.
    pub(super) asked_from: Option<Timestamp>,
    /// From when on it was judged.
    pub(super) judged_from: Timestamp,
    /// How much before the period windows, delays and silences look back.
    pub(super) looks_back: Duration,
    /// For how long readings are kept.
    pub(super) keep: Duration,
    /// Before then they go, or are gone; where that is within the period.
    pub(super) kept_from: Option<Timestamp>,
    /// Commits that never came to it.
    pub(super) holes: Vec<Hole>,
    /// What no rule set has a tag for.
    pub(super) untaken: Untaken,
}

impl Reached {
    /// With the moment from which on counting was asked for.
    pub(super) fn asked(self, from: Option<Timestamp>) -> Reached {
        Reached { asked_from: from.filter(|from| *from < self.begins), ..self }
    }

    /// How much of what windows, delays and silences look back at before a period is not there.
    fn cold(&self, period: Period) -> Duration {
        self.looks_back.saturating_sub(period.from.since(self.judged_from))
    }

    /// For people.
    pub(super) fn lines(&self, period: Period) -> Vec<String> {
        let mut lines = Vec::new();
        let keep = span::words(self.keep);
        if let Some(asked) = self.asked_from {
            lines.push(format!(
                "history has nothing of the {} from {asked} to {}; it keeps readings for {keep}",
                span::words(self.begins.since(asked)),
                self.begins
            ));
        }
        if self.judged_from < period.from {
            lines.push(format!(
                "judged from {} on, and counted later, so that nothing begins cold",
                self.judged_from
            ));
        }
        if self.cold(period) > Duration::ZERO {
            lines.push(format!(
                "windows, delays and silences look back {}; of that, {} before the first that is counted is not there",
                span::words(self.looks_back),
                span::words(self.cold(period))
            ));
        }
        if let Some(kept_from) = self.kept_from {
            lines.push(format!(
                "history keeps readings for {keep}: what was measured before {kept_from} is going, or gone"
            ));
        }
        if !self.holes.is_empty() {
            let hole = |hole: &Hole| {
                format!("commits {} to {}, noticed {}", hole.first_commit, hole.last_commit, hole.noticed)
            };
            let named: Vec<String> = self.holes.iter().rev().take(HOLES).map(hole).collect();
            lines.push(format!(
                "warning: history has {} holes, of what the journal let go before it was there: {}",
                self.holes.len(),
                named.join("; ")
            ));
        }
        if self.untaken.readings() > 0 {
            let tags: Vec<&str> = self.untaken.tags.iter().take(TAGS).map(|(tag, _)| &**tag).collect();
            lines.push(format!(
                "{} readings of {} series are of no tag of these files, or in a unit that theirs does not convert to: {}",
                self.untaken.readings(),
                self.untaken.tags.len(),
                tags.join(", ")
            ));
        }
        lines
    }

    /// As one object.
    pub(super) fn json(&self) -> Value {
        let hole = |hole: &Hole| {
            json!({
                "first_commit": hole.first_commit, "last_commit": hole.last_commit,
                "noticed": hole.noticed.to_string(),
            })
        };
        let untaken =
            |(tag, readings): &(std::sync::Arc<str>, u64)| json!({"tag": **tag, "readings": readings});
        json!({
            "begins": self.begins.to_string(), "judged_from": self.judged_from.to_string(),
            "looks_back_s": self.looks_back.as_secs_f64(), "keeps_readings_s": self.keep.as_secs(),
            "kept_from": self.kept_from.map(|at| at.to_string()),
            "holes": self.holes.iter().map(hole).collect::<Vec<_>>(),
            "untaken": self.untaken.tags.iter().map(untaken).collect::<Vec<_>>(),
        })
    }
}
