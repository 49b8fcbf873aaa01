//! How Davy shows that it works: its name, the heartbeat, the canary.

use std::{fs, ops::RangeInclusive, time::Duration};

use jiff::SignedDuration;

use super::file::{RawCanary, RawHeartbeat};

/// How often a heartbeat goes down the alarm path when nothing else is configured.
pub(super) const HEARTBEAT_EVERY: Duration = Duration::from_secs(5);
/// A heartbeat is a commit: more often costs the disk, less often and nobody could call 15 s without one a silence.
const HEARTBEAT_EVERY_RANGE: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(5);
const CANARY_EVERY_RANGE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3600);
const CANARY_DEADLINE_MIN: Duration = Duration::from_millis(500);
/// Longest name of a Davy, bytes.
const NODE_LEN_MAX: usize = 64;

/// The canary: an alarm that goes through Davy's own door all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanaryConfig {
    /// How often it is sent.
    pub every: Duration,
    /// How long it may take to be raised and cleared again; at most as long as `every`.
    pub deadline: Duration,
}

impl Default for CanaryConfig {
    /// Every 60 s, within 10 s.
    fn default() -> CanaryConfig {
        CanaryConfig { every: Duration::from_secs(60), deadline: Duration::from_secs(10) }
    }
}

pub(super) fn heartbeat_every(raw: &RawHeartbeat) -> Result<Duration, String> {
    within(&raw.every, &HEARTBEAT_EVERY_RANGE)
}

/// The canary as configured; `None` when it is off, or when there is a problem to `add`.
pub(super) fn canary(raw: &RawCanary, mut add: impl FnMut(&str, String)) -> Option<CanaryConfig> {
    let every = within(&raw.every, &CANARY_EVERY_RANGE).map_err(|what| add("canary.every", what)).ok()?;
    let deadline = within(&raw.deadline, &(CANARY_DEADLINE_MIN..=every))
        .map_err(|what| add("canary.deadline", what))
        .ok()?;
    raw.enabled.then_some(CanaryConfig { every, deadline })
}

/// The name given, or else the machine's.
pub(super) fn node(given: Option<&str>) -> Result<String, String> {
    let Some(name) = given else { return Ok(host_name()) };
    let fine = !name.is_empty() && name.len() <= NODE_LEN_MAX && !name.chars().any(char::is_control);
    fine.then(|| name.to_owned()).ok_or_else(|| format!("1 to {NODE_LEN_MAX} bytes of text: {name:?}"))
}

/// The machine's name, as Linux has it.
pub(super) fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "davy".to_owned() } else { name.to_owned() }
}

pub(super) fn within(text: &str, range: &RangeInclusive<Duration>) -> Result<Duration, String> {
    let span: Option<SignedDuration> = text.parse().ok();
    let span = span.and_then(|span| Duration::try_from(span).ok());
    span.filter(|span| range.contains(span)).ok_or_else(|| {
        format!("expected a span such as 5s, from {:?} to {:?}: {text:?}", range.start(), range.end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canary_of(enabled: bool, every: &str, deadline: &str) -> (Option<CanaryConfig>, Vec<String>) {
        let raw = RawCanary { enabled, every: every.to_owned(), deadline: deadline.to_owned() };
        let mut problems = Vec::new();
        let canary = canary(&raw, |place, what| problems.push(format!("{place}: {what}")));
        (canary, problems)
    }

    #[test]
    fn a_canary_is_on_unless_it_is_switched_off() {
        let RawCanary { enabled, every, deadline } = RawCanary::default();
        assert_eq!(canary_of(enabled, &every, &deadline), (Some(CanaryConfig::default()), Vec::new()));
        assert_eq!(canary_of(false, &every, &deadline), (None, Vec::new()));
    }

    #[test]
    fn spans_that_prove_nothing_are_refused_with_their_key() {
        for (every, deadline, key) in [
            ("0s", "10s", "canary.every"),
            ("2h", "10s", "canary.every"),
            ("often", "10s", "canary.every"),
            ("60s", "61s", "canary.deadline"),
            ("60s", "1ms", "canary.deadline"),
        ] {
            let (canary, problems) = canary_of(true, every, deadline);
            assert_eq!(canary, None, "{every} {deadline}");
            assert!(problems.len() == 1 && problems[0].starts_with(key), "{problems:?}");
        }
        for every in ["6s", "50ms", "-1s", ""] {
            let refused = heartbeat_every(&RawHeartbeat { every: every.to_owned() });
            assert!(refused.expect_err(every).contains("from 100ms to 5s"), "{every}");
        }
        assert_eq!(heartbeat_every(&RawHeartbeat::default()), Ok(HEARTBEAT_EVERY));
    }
}
