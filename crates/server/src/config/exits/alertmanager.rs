//! `kind = "alertmanager"`.

use std::path::PathBuf;

use davy_delivery::exits::{AlertmanagerConfig, Secret};
use serde::Deserialize;

use super::Keys;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAlertmanager {
    urls: Vec<String>,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    plain: bool,
    #[serde(default = "super::timeout")]
    timeout: String,
    authorization_file: Option<PathBuf>,
}

impl RawAlertmanager {
    pub(super) fn resolve(self, keys: &mut Keys<'_>) -> Option<AlertmanagerConfig> {
        if self.urls.is_empty() {
            return keys.none("urls", "every instance: [\"http://127.0.0.1:9093\"]");
        }
        let ca = self.ca_file.as_deref();
        let targets: Vec<_> =
            self.urls.iter().filter_map(|url| keys.target("urls", url, ca, self.plain)).collect();
        let timeout = keys.timeout(&self.timeout)?;
        let authorization = match &self.authorization_file {
            Some(path) => Some(Secret(keys.secret_header("authorization_file", path)?)),
            None => None,
        };
        (targets.len() == self.urls.len()).then_some(AlertmanagerConfig { targets, timeout, authorization })
    }
}
