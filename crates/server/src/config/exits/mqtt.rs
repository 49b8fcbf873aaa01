//! `kind = "mqtt"`.

use std::path::PathBuf;

use davy_delivery::exits::{MqttConfig, Secret, is_loopback};
use serde::Deserialize;

use super::{super::resolve::broker_url, Keys};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMqtt {
    url: String,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    plain: bool,
    client_id: Option<String>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    #[serde(default = "prefix")]
    prefix: String,
    #[serde(default = "super::timeout")]
    timeout: String,
}

fn prefix() -> String {
    "davy/v1".to_owned()
}

impl RawMqtt {
    pub(super) fn resolve(self, keys: &mut Keys<'_>) -> Option<MqttConfig> {
        let (is_tls, host, port) = keys.take("url", broker_url(&self.url))?;
        let tls = match (is_tls, &self.ca_file) {
            (true, Some(path)) => Some(keys.tls(path)?),
            (true, None) => {
                return keys
                    .none("ca_file", "mqtts needs the authority that signed the broker's certificate");
            }
            (false, _) if self.plain || is_loopback(&host) => None,
            (false, _) => {
                let what = "mqtt is for this machine only: use mqtts, or say plain = true where the network is trusted";
                return keys.none("url", what);
            }
        };
        if self.prefix.is_empty() || self.prefix.contains(['+', '#', '\0']) || self.prefix.ends_with('/') {
            return keys.none("prefix", "the first levels of a topic, without + and #: davy/v1");
        }
        let login = match (self.user, &self.password_file) {
            (Some(user), Some(path)) => Some((user, Secret(keys.secret("password_file", path)?))),
            (Some(user), None) => Some((user, Secret(String::new()))),
            (None, Some(_)) => return keys.none("user", "whose password it is"),
            (None, None) => None,
        };
        let timeout = keys.timeout(&self.timeout)?;
        let client_id = self.client_id.unwrap_or_else(|| format!("davy-exit-{}", keys.name));
        Some(MqttConfig { host, port, tls, client_id, login, prefix: self.prefix, timeout })
    }
}
