//! How much of each site's record is kept.

use std::{ops::RangeInclusive, time::Duration};

use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Serialize};

use crate::retention::Retention;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const KEEP_RANGE: RangeInclusive<Duration> = HOUR..=Duration::from_secs(3650 * 86_400);
/// Below it snapshots alone could fill the journal; above it no disk is.
const MAX_GIB_RANGE: RangeInclusive<f64> = 0.0625..=65_536.0;

/// As written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawJournal {
    pub(super) keep: String,
    pub(super) max_gib: f64,
}

impl Default for RawJournal {
    fn default() -> RawJournal {
        let Retention { keep, bytes_max } = Retention::default();
        RawJournal {
            keep: format!("{}d", keep.as_secs() / DAY.as_secs()),
            max_gib: bytes_max as f64 / f64::from(1 << 30),
        }
    }
}

/// What is configured; where there is a problem to `add`, the default stands.
pub(super) fn resolve(raw: &RawJournal, mut add: impl FnMut(&str, String)) -> Retention {
    let mut retention = Retention::default();
    match keep(&raw.keep) {
        Some(keep) => retention.keep = keep,
        None => {
            add("journal.keep", format!("expected a span such as 400d, from 1h to 3650d: {:?}", raw.keep));
        }
    }
    if MAX_GIB_RANGE.contains(&raw.max_gib) {
        retention.bytes_max = (raw.max_gib * f64::from(1 << 30)) as u64;
    } else {
        let (least, most) = (MAX_GIB_RANGE.start(), MAX_GIB_RANGE.end());
        add("journal.max_gib", format!("expected GiB from {least} to {most}, for one site: {}", raw.max_gib));
    }
    retention
}

fn keep(text: &str) -> Option<Duration> {
    let span: Span = text.parse().ok()?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(span).ok().filter(|keep| KEEP_RANGE.contains(keep))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(keep: &str, max_gib: f64) -> (Retention, Vec<String>) {
        let mut problems = Vec::new();
        let raw = RawJournal { keep: keep.to_owned(), max_gib };
        let retention = resolve(&raw, |place, what| problems.push(format!("{place}: {what}")));
        (retention, problems)
    }

    #[test]
    fn what_is_written_is_kept() {
        let RawJournal { keep, max_gib } = RawJournal::default();
        assert_eq!(resolved(&keep, max_gib), (Retention::default(), Vec::new()));
        for (keep, max_gib, due, bytes_max) in [
            ("1h", 0.0625, HOUR, 64 << 20),
            ("36h", 1.5, 36 * HOUR, 3 << 29),
            ("30d", 20.0, 30 * DAY, 20 << 30),
            ("3650d", 65_536.0, 3650 * DAY, 64 << 40),
        ] {
            let due = Retention { keep: due, bytes_max };
            assert_eq!(resolved(keep, max_gib), (due, Vec::new()), "{keep} {max_gib}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_its_key_and_what_is_allowed() {
        for keep in ["59m", "3651d", "-30d", "", "for ever", "1y", "30"] {
            let (retention, problems) = resolved(keep, 20.0);
            assert_eq!(retention, Retention::default(), "{keep}");
            assert!(problems.len() == 1 && problems[0].starts_with("journal.keep: "), "{keep}: {problems:?}");
            assert!(problems[0].contains("from 1h to 3650d"), "{problems:?}");
        }
        for max_gib in [0.0, -1.0, 0.06, 65_537.0, f64::NAN, f64::INFINITY] {
            let (_, problems) = resolved("30d", max_gib);
            let told = problems.len() == 1 && problems[0].starts_with("journal.max_gib: ");
            assert!(told && problems[0].contains("from 0.0625 to 65536"), "{max_gib}: {problems:?}");
        }
    }
}
