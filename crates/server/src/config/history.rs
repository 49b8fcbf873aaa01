//! Where history is kept, and for how long.

use std::{
    fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use davy_history::{
    HistoryError, PostgresConfig, PostgresStore, Retention, SqliteConfig, SqliteStore, Store, Tls,
};
use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Serialize};

use super::{Config, ConfigProblem};

const DAY: Duration = Duration::from_secs(86_400);
const KEEP_RANGE: RangeInclusive<Duration> = DAY..=Duration::from_secs(86_400 * 36_525);
/// Ten years: every day is a partition.
const READINGS_RANGE: RangeInclusive<Duration> = DAY..=Duration::from_secs(86_400 * 3_653);

/// Where history is kept, and for how long.
#[derive(Clone, Debug)]
pub struct HistoryConfig {
    /// Where.
    pub store: HistoryStore,
    /// For how long.
    pub retention: Retention,
}

/// Where history is kept.
#[derive(Clone, Debug)]
pub enum HistoryStore {
    /// In a file beside the journals.
    Sqlite {
        /// How large the file may become, bytes.
        bytes_max: u64,
    },
    /// In PostgreSQL, with TimescaleDB where that is there.
    Postgres(PostgresConfig),
}

impl HistoryConfig {
    /// The store. Whether a database or a file can be used is found by whoever first asks it something.
    ///
    /// # Errors
    /// [`HistoryError::Configuration`].
    pub fn store(&self, data_dir: &Path) -> Result<Arc<dyn Store>, HistoryError> {
        Ok(match &self.store {
            HistoryStore::Sqlite { bytes_max } => {
                let config = SqliteConfig { path: data_dir.join("history.db"), bytes_max: *bytes_max };
                Arc::new(SqliteStore::new(&config, self.retention))
            }
            HistoryStore::Postgres(postgres) => Arc::new(PostgresStore::new(postgres, self.retention)?),
        })
    }
}

impl Config {
    /// The store of this configuration, for whoever reads or writes it beside a running Davy.
    ///
    /// # Errors
    /// A problem at `history.store` where none is kept, or where it cannot be used as configured.
    pub fn history_store(&self) -> Result<Arc<dyn Store>, ConfigProblem> {
        let Some(history) = &self.history else {
            return Err(ConfigProblem::new("history.store", "it is none: choose sqlite or postgres"));
        };
        history.store(&self.data_dir).map_err(|error| ConfigProblem::new("history", error.to_string()))
    }
}

impl Default for HistoryConfig {
    fn default() -> HistoryConfig {
        HistoryConfig { store: HistoryStore::Sqlite { bytes_max: 20 << 30 }, retention: Retention::default() }
    }
}

/// As written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawHistory {
    store: Kind,
    max_gib: u64,
    url: Option<String>,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    readings: String,
    minutes: String,
    five_minutes: String,
    hours: String,
    alarms: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Sqlite,
    Postgres,
    None,
}

impl Default for RawHistory {
    fn default() -> RawHistory {
        let keep = Retention::default();
        let days = |keep: Duration| format!("{}d", keep.as_secs() / DAY.as_secs());
        RawHistory {
            store: Kind::Sqlite,
            max_gib: 20,
            url: None,
            password_file: None,
            ca_file: None,
            readings: days(keep.readings),
            minutes: days(keep.minutes),
            five_minutes: days(keep.five_minutes),
            hours: days(keep.hours),
            alarms: days(keep.alarms),
        }
    }
}

/// As configured; nothing when no history is to be kept, or when there is a problem to `add`.
pub(super) fn resolve(
    raw: &RawHistory,
    base: &Path,
    mut add: impl FnMut(&str, String),
) -> Option<HistoryConfig> {
    let mut keep = |key: &str, text: &str, range| {
        span(text, range).map_err(|what| add(&format!("history.{key}"), what)).unwrap_or_default()
    };
    let retention = Retention {
        readings: keep("readings", &raw.readings, &READINGS_RANGE),
        minutes: keep("minutes", &raw.minutes, &KEEP_RANGE),
        five_minutes: keep("five_minutes", &raw.five_minutes, &KEEP_RANGE),
        hours: keep("hours", &raw.hours, &KEEP_RANGE),
        alarms: keep("alarms", &raw.alarms, &KEEP_RANGE),
    };
    let store = match raw.store {
        Kind::None => return None,
        Kind::Sqlite if raw.url.is_some() => {
            add("history.url", "it is of store = \"postgres\"".to_owned());
            return None;
        }
        Kind::Sqlite if raw.max_gib == 0 => {
            add("history.max_gib", "at least 1; store = \"none\" keeps no history".to_owned());
            return None;
        }
        Kind::Sqlite => HistoryStore::Sqlite { bytes_max: raw.max_gib << 30 },
        Kind::Postgres => HistoryStore::Postgres(postgres(raw, base, &mut add)?),
    };
    Some(HistoryConfig { store, retention })
}

fn postgres(raw: &RawHistory, base: &Path, add: &mut impl FnMut(&str, String)) -> Option<PostgresConfig> {
    let Some(url) = raw.url.clone() else {
        add("history.url", "where the database is: postgres://davy@db.example/davy".to_owned());
        return None;
    };
    let mut read = |key: &str, path: &Option<PathBuf>| -> Option<Option<Vec<u8>>> {
        let Some(path) = path else { return Some(None) };
        let path = base.join(path);
        fs::read(&path).map(Some).map_err(|error| add(key, format!("{}: {error}", path.display()))).ok()
    };
    let password = read("history.password_file", &raw.password_file)?;
    let ca = read("history.ca_file", &raw.ca_file)?;
    let password = match password.map(String::from_utf8).transpose() {
        Ok(password) => password.map(|password| password.trim_end_matches(['\r', '\n']).to_owned()),
        Err(_) => {
            add("history.password_file", "it is no text".to_owned());
            return None;
        }
    };
    let config = PostgresConfig { url, password, tls: ca.map_or(Tls::None, Tls::With) };
    match config.check() {
        Ok(()) => Some(config),
        Err(error) => {
            add("history.url", error.to_string());
            None
        }
    }
}

/// A span of days: `90d`.
pub(super) fn span(text: &str, range: &RangeInclusive<Duration>) -> Result<Duration, String> {
    let parsed = text.parse::<Span>().ok();
    let parsed = parsed.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let parsed = parsed.and_then(|span| Duration::try_from(span).ok());
    parsed.filter(|span| range.contains(span)).ok_or_else(|| {
        let days = |span: &Duration| span.as_secs() / DAY.as_secs();
        format!(
            "expected a span of {} to {} days such as 90d: {text:?}",
            days(range.start()),
            days(range.end())
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(change: impl FnOnce(&mut RawHistory)) -> (Option<HistoryConfig>, Vec<String>) {
        let mut raw = RawHistory::default();
        change(&mut raw);
        let mut problems = Vec::new();
        let config =
            resolve(&raw, Path::new("/nowhere"), |place, what| problems.push(format!("{place}: {what}")));
        (config, problems)
    }

    #[test]
    fn history_is_kept_in_a_file_unless_something_else_is_said() {
        let (config, told) = problems(|_| {});
        let config = config.expect("history");
        assert!(matches!(config.store, HistoryStore::Sqlite { bytes_max } if bytes_max == 20 << 30));
        assert_eq!((config.retention, told), (Retention::default(), Vec::new()));
        assert!(problems(|raw| raw.store = Kind::None).0.is_none());
    }

    #[test]
    fn what_is_wrong_is_told_by_its_key() {
        let far = "postgres://davy@db.example/davy".to_owned();
        type Change = fn(&mut RawHistory);
        let cases: [(&str, Change); 7] = [
            ("history.readings", |raw| raw.readings = "5 minutes".to_owned()),
            ("history.readings", |raw| raw.readings = "9999d".to_owned()),
            ("history.hours", |raw| raw.hours = "long".to_owned()),
            ("history.max_gib", |raw| raw.max_gib = 0),
            ("history.url", |raw| raw.store = Kind::Postgres),
            ("history.url", |raw| raw.url = Some("postgres:///davy".to_owned())),
            ("history.password_file", |raw| {
                raw.store = Kind::Postgres;
                raw.url = Some("postgres:///davy?host=/tmp".to_owned());
                raw.password_file = Some("no-such-file".into());
            }),
        ];
        for (key, change) in cases {
            let (_, told) = problems(change);
            assert!(told.len() == 1 && told[0].starts_with(key), "{key}: {told:?}");
        }
        let (_, told) = problems(|raw| {
            raw.store = Kind::Postgres;
            raw.url = Some(far);
        });
        assert!(told.len() == 1 && told[0].contains("TLS"), "{told:?}");
    }
}
