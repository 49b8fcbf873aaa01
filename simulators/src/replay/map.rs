//! How the columns of a recording become readings.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::Offset;
use serde::Deserialize;

/// Which columns are what. Read from YAML; an unknown key is an error.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayMap {
    /// The site to publish for.
    pub site: String,
    /// The edge node to publish as.
    pub edge_node: String,
    /// The column of the source time.
    pub time: TimeColumn,
    /// The columns of values; at least one.
    pub tags: Vec<TagColumn>,
    /// Rows in one message, 1..=10,000; default 1.
    #[serde(default = "one")]
    pub batch: usize,
}

fn one() -> usize {
    1
}

/// The most rows in a message.
const BATCH_MAX: usize = 10_000;

/// Where the source time stands, and how it is written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeColumn {
    /// The column's name.
    pub column: String,
    /// `rfc3339`, `unix_s`, `unix_ms`, or a `strftime` pattern such as `%Y-%m-%d %H:%M:%S`.
    pub format: String,
    /// What is added to UTC in times that do not say so themselves: `+08:00`, or `UTC`.
    pub zone: Option<String>,
}

/// One column of values.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagColumn {
    /// The column's name.
    pub column: String,
    /// The tag it is published as.
    pub tag: String,
    /// The unit of its values; the tag's own when not given.
    #[serde(default)]
    pub unit: String,
}

/// Reads source times of one format.
#[derive(Clone, Debug)]
pub(super) enum Clock {
    Rfc3339,
    UnixSeconds,
    UnixMillis,
    Pattern { pattern: String, zone: Option<Offset> },
}

impl ReplayMap {
    /// Reads a map from YAML.
    ///
    /// # Errors
    /// What is wrong and where, for people.
    pub fn from_yaml(text: &str) -> Result<ReplayMap, String> {
        let map: ReplayMap = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        if map.tags.is_empty() {
            return Err("tags: expected at least one {column, tag, unit}".to_owned());
        }
        if !(1..=BATCH_MAX).contains(&map.batch) {
            return Err(format!("batch: found {}, expected 1 to {BATCH_MAX} rows", map.batch));
        }
        map.time.clock()?;
        Ok(map)
    }
}

impl TimeColumn {
    /// The reader of this format.
    pub(super) fn clock(&self) -> Result<Clock, String> {
        let zone = self.zone.as_deref().map(parse_zone).transpose()?;
        match self.format.as_str() {
            "rfc3339" => Ok(Clock::Rfc3339),
            "unix_s" => Ok(Clock::UnixSeconds),
            "unix_ms" => Ok(Clock::UnixMillis),
            pattern if pattern.contains('%') => {
                let says_zone = ["%z", "%:z", "%s"].iter().any(|part| pattern.contains(part));
                if zone.is_none() && !says_zone {
                    return Err(format!(
                        "time: {pattern:?} has no zone; add zone: \"+08:00\" (or whatever it is) or zone: UTC"
                    ));
                }
                Ok(Clock::Pattern { pattern: pattern.to_owned(), zone })
            }
            found => Err(format!(
                "time: format: found {found:?}, expected rfc3339, unix_s, unix_ms or a pattern like \"%Y-%m-%d %H:%M:%S\""
            )),
        }
    }
}

fn parse_zone(text: &str) -> Result<Offset, String> {
    if matches!(text, "UTC" | "Z") {
        return Ok(Offset::UTC);
    }
    let offset = BrokenDownTime::parse("%:z", text).ok().and_then(|time| time.offset());
    offset.ok_or_else(|| format!("time: zone: found {text:?}, expected an offset like \"+08:00\", or UTC"))
}

impl Clock {
    /// The time that `text` tells, or nothing.
    pub(super) fn read(&self, text: &str) -> Option<Timestamp> {
        match self {
            Clock::Rfc3339 => text.parse().ok(),
            Clock::UnixSeconds => {
                let seconds: f64 = text.parse().ok()?;
                // Rounded to microseconds: more is noise of the decimal fraction.
                seconds
                    .is_finite()
                    .then(|| Timestamp::from_microsecond((seconds * 1e6).round() as i64).ok())?
            }
            Clock::UnixMillis => Timestamp::from_millisecond(text.parse().ok()?).ok(),
            Clock::Pattern { pattern, zone } => {
                let time = BrokenDownTime::parse(pattern, text).ok()?;
                match zone {
                    Some(zone) if time.offset().is_none() && time.timestamp().is_none() => {
                        let civil: DateTime = time.to_datetime().ok()?;
                        zone.to_timestamp(civil).ok()
                    }
                    Some(_) | None => time.to_timestamp().ok(),
                }
            }
        }
    }
}
