//! What was refused, and why.

use std::collections::BTreeMap;

/// Findings that are shown; the rest are counted.
const SHOWN_MAX: usize = 20;

/// What was refused so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    by_reason: BTreeMap<&'static str, u64>,
    shown: Vec<String>,
}

impl Findings {
    /// Counts one, and keeps its text when it is one of the first.
    pub(super) fn add(&mut self, reason: &'static str, text: impl FnOnce() -> String) {
        *self.by_reason.entry(reason).or_default() += 1;
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(text());
        }
    }

    /// How many.
    pub(super) fn total(&self) -> u64 {
        self.by_reason.values().sum()
    }

    /// How many for each reason.
    pub(super) fn by_reason(&self) -> &BTreeMap<&'static str, u64> {
        &self.by_reason
    }

    /// The first of them, each with its file and line.
    pub(super) fn shown(&self) -> &[String] {
        &self.shown
    }
}
