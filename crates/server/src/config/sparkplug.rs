//! Davy as a Sparkplug host application: its id, and its times.

use std::{ops::RangeInclusive, time::Duration};

use davy_intake::sparkplug::SparkplugConfig;
use serde::{Deserialize, Serialize};

use super::liveness::within;

const REORDER_TIMEOUT_RANGE: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);
const REBIRTH_MIN_INTERVAL_RANGE: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(3600);

/// As written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSparkplug {
    pub(super) host_id: String,
    pub(super) reorder_timeout: String,
    pub(super) rebirth_min_interval: String,
}

impl Default for RawSparkplug {
    fn default() -> RawSparkplug {
        RawSparkplug {
            host_id: "davy".to_owned(),
            reorder_timeout: "5s".to_owned(),
            rebirth_min_interval: "10s".to_owned(),
        }
    }
}

/// What is configured; where there is a problem to `add`, the default stands.
pub(super) fn resolve(raw: &RawSparkplug, mut add: impl FnMut(&str, String)) -> SparkplugConfig {
    let mut config = SparkplugConfig::default();
    // It is one level of a topic.
    if raw.host_id.is_empty() || raw.host_id.contains(['/', '+', '#', '\0']) {
        add("sparkplug.host_id", format!("one level of a topic, without / + #: {:?}", raw.host_id));
    } else {
        config.host_id = raw.host_id.as_str().into();
    }
    match within(&raw.reorder_timeout, &REORDER_TIMEOUT_RANGE) {
        Ok(timeout) => config.reorder_timeout = timeout,
        Err(what) => add("sparkplug.reorder_timeout", what),
    }
    match within(&raw.rebirth_min_interval, &REBIRTH_MIN_INTERVAL_RANGE) {
        Ok(interval) => config.rebirth_min_interval = interval,
        Err(what) => add("sparkplug.rebirth_min_interval", what),
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_no_level_and_times_out_of_range_are_told_by_their_keys() {
        let raw = RawSparkplug {
            host_id: "a/b".to_owned(),
            reorder_timeout: "2h".to_owned(),
            rebirth_min_interval: "1ms".to_owned(),
        };
        let mut told = Vec::new();
        let config = resolve(&raw, |place, _| told.push(place.to_owned()));
        assert_eq!(
            told,
            ["sparkplug.host_id", "sparkplug.reorder_timeout", "sparkplug.rebirth_min_interval"]
        );
        assert_eq!(&*config.host_id, "davy");
        let raw = RawSparkplug { host_id: "scada-1".to_owned(), reorder_timeout: "2s".to_owned(), ..raw };
        let config = resolve(&raw, |_, _| {});
        assert_eq!((&*config.host_id, config.reorder_timeout), ("scada-1", Duration::from_secs(2)));
    }
}
