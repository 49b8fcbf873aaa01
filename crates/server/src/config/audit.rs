//! How the audit log is kept.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::history::span;

const DAY: Duration = Duration::from_secs(86_400);
/// Half a year at least: GB/T 22239-2019, 8.1.5.
const KEEP_RANGE: RangeInclusive<Duration> =
    Duration::from_secs(180 * 86_400)..=Duration::from_secs(36_525 * 86_400);

/// How the audit log is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditConfig {
    /// For how long.
    pub keep: Duration,
    /// Where checkpoints are written besides.
    pub checkpoints: Option<PathBuf>,
}

impl Default for AuditConfig {
    fn default() -> AuditConfig {
        AuditConfig { keep: 1095 * DAY, checkpoints: None }
    }
}

/// As written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAudit {
    keep: String,
    checkpoints: Option<PathBuf>,
}

impl Default for RawAudit {
    fn default() -> RawAudit {
        RawAudit { keep: "1095d".to_owned(), checkpoints: None }
    }
}

/// What is configured; where there is a problem to `add`, the default stands.
pub(super) fn resolve(raw: &RawAudit, base: &Path, mut add: impl FnMut(&str, String)) -> AuditConfig {
    let default = AuditConfig::default();
    let keep = span(&raw.keep, &KEEP_RANGE).unwrap_or_else(|what| {
        add("audit.keep", what);
        default.keep
    });
    let checkpoints = raw.checkpoints.as_ref().map(|folder| base.join(folder));
    if let Some(folder) = checkpoints.as_ref().filter(|folder| !folder.is_dir()) {
        add(
            "audit.checkpoints",
            format!("{}: no such folder; make it where nobody here can take from it", folder.display()),
        );
    }
    AuditConfig { keep, checkpoints }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_than_half_a_year_and_a_folder_that_is_not_there_are_told_by_their_keys() {
        let resolved = |keep: &str, folder: Option<&str>| {
            let mut told = Vec::new();
            let raw = RawAudit { keep: keep.to_owned(), checkpoints: folder.map(PathBuf::from) };
            let config = resolve(&raw, Path::new("/"), |key, what| told.push(format!("{key}: {what}")));
            (config, told)
        };
        assert_eq!(resolved(&RawAudit::default().keep, None), (AuditConfig::default(), Vec::new()));
        assert_eq!(resolved("180d", Some("tmp")).1, Vec::<String>::new());
        for (keep, folder, key) in [
            ("179d", None, "audit.keep"),
            ("long", None, "audit.keep"),
            ("400d", Some("no-such"), "audit.checkpoints"),
        ] {
            let (_, told) = resolved(keep, folder);
            assert!(told.len() == 1 && told[0].starts_with(key), "{keep}: {told:?}");
        }
    }
}
