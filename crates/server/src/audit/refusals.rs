//! Callers that were turned away: each is noted, but not so many that they fill the disk.

use std::time::Duration;

use davy_journal::audit::{Entry, Outcome, What, Who};
use davy_model::Timestamp;
use parking_lot::Mutex;
use serde_json::json;

/// Entries of a minute at the most; what is more is counted in the next one.
const A_MINUTE_MAX: u32 = 120;
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    since: Option<Timestamp>,
    noted: u32,
    left_out: u64,
}

impl Refusals {
    /// The entry of one, unless there were too many this minute.
    pub(super) fn entry(&self, now: Timestamp, who: Who, path: &str, code: &str, why: &str) -> Option<Entry> {
        let mut inner = self.0.lock();
        if inner.since.is_none_or(|since| now.since(since) >= MINUTE) {
            (inner.since, inner.noted) = (Some(now), 0);
        }
        if inner.noted >= A_MINUTE_MAX {
            inner.left_out += 1;
            return None;
        }
        inner.noted += 1;
        let left_out = std::mem::take(&mut inner.left_out);
        let after = Some(json!({ "why": why, "left_out_before": left_out }));
        let outcome = Outcome::Refused(code.to_owned());
        Some(Entry { who, what: What::Refused, on: path.to_owned(), before: None, after, outcome })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_them_is_counted_and_told_with_the_next() {
        let refusals = Refusals::default();
        let at = |second: u64| Timestamp::from_micros(0).plus(Duration::from_secs(second));
        let entry = |second| refusals.entry(at(second), Who::default(), "/p", "AUTH_FAILED", "unknown");
        let noted = (0..1000).filter_map(|_| entry(5)).count();
        assert_eq!(noted, A_MINUTE_MAX as usize);
        assert_eq!(entry(64), None);
        let next = entry(65).expect("another minute");
        assert_eq!(next.after, Some(json!({ "why": "unknown", "left_out_before": 881 })));
    }
}
