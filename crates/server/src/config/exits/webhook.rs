//! `kind = "webhook"`.

use std::path::PathBuf;

use davy_delivery::exits::WebhookConfig;
use serde::Deserialize;

use super::Keys;

/// A secret that is shorter is guessed, bytes.
const SECRET_LEN_MIN: usize = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWebhook {
    url: String,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    plain: bool,
    #[serde(default = "super::timeout")]
    timeout: String,
    #[serde(default = "type_prefix")]
    type_prefix: String,
    #[serde(default)]
    secret_files: Vec<PathBuf>,
    authorization_file: Option<PathBuf>,
    handshake_origin: Option<String>,
}

fn type_prefix() -> String {
    "davy".to_owned()
}

impl RawWebhook {
    pub(super) fn resolve(self, keys: &mut Keys<'_>) -> Option<WebhookConfig> {
        let target = keys.target("url", &self.url, self.ca_file.as_deref(), self.plain);
        let timeout = keys.timeout(&self.timeout);
        let is_dns =
            |text: &str| text.split('.').all(|part| !part.is_empty() && part.chars().all(is_dns_character));
        if !is_dns(&self.type_prefix) {
            return keys.none("type_prefix", "words with dots between them, com.example.park");
        }
        if self.secret_files.len() > 2 {
            keys.add("secret_files", "one secret, or two while the old one is replaced");
        }
        let mut secrets = Vec::new();
        for path in &self.secret_files {
            let secret = keys.secret("secret_files", path)?;
            if secret.len() < SECRET_LEN_MIN {
                return keys
                    .none("secret_files", format!("{}: at least {SECRET_LEN_MIN} bytes", path.display()));
            }
            secrets.push(secret.into_bytes());
        }
        let authorization = match &self.authorization_file {
            Some(path) => Some(keys.secret_header("authorization_file", path)?),
            None => None,
        };
        let handshake = match self.handshake_origin {
            Some(origin) => Some(keys.header("handshake_origin", origin)?),
            None => None,
        };
        Some(WebhookConfig {
            target: target?,
            timeout: timeout?,
            type_prefix: self.type_prefix,
            secrets,
            authorization,
            handshake,
        })
    }
}

fn is_dns_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '-' || character == '_'
}
