//! What Davy itself does.

use std::sync::Arc;

use davy_journal::audit::{Entry, What};
use serde_json::{Value, json};
use tonic::{Code, Status};

use super::Deed;
use crate::{Config, hub::Hub, rpc::status::status};

impl Hub {
    /// It starts, with this configuration and these rules.
    pub(crate) fn note_start(&self, config: &Config) {
        let start = json!({ "version": env!("CARGO_PKG_VERSION"), "node": self.node });
        self.audit.note(&Entry::of_davy(What::Start, "davy").with_after(start));
        let configuration = json!({
            "sha256": config.digest, "data_dir": config.data_dir.display().to_string(), "rules": self.revisions_of(),
        });
        self.audit.note(&Entry::of_davy(What::Configuration, "davy.toml").with_after(configuration));
    }

    /// The revision that is active, by site.
    fn revisions_of(&self) -> Value {
        let active = |site: &Arc<crate::site::SiteService>| {
            (site.id.to_string(), Value::from(&*site.loaded.load().bundle.revision))
        };
        Value::Object(self.own().map(active).collect())
    }

    /// It was asked to read the sites' files again.
    pub(crate) async fn note_reload(&self, changed: &Result<Vec<Arc<str>>, Vec<String>>) {
        let (answer, after): (Result<(), Status>, Value) = match changed {
            Ok(changed) if changed.is_empty() => return,
            Ok(changed) => {
                let sites: Vec<&str> = changed.iter().map(|site| &**site).collect();
                (Ok(()), json!({ "step": "reload", "sites": sites, "rules": self.revisions_of() }))
            }
            Err(errors) => {
                let first = errors.first().map_or("", String::as_str);
                let code = if first.starts_with("AUDIT_UNAVAILABLE") {
                    "AUDIT_UNAVAILABLE"
                } else {
                    "FILES_INVALID"
                };
                (Err(status(Code::InvalidArgument, code, first)), json!({ "step": "reload", "first": first }))
            }
        };
        self.audit.tell(Deed::of_davy(What::RuleChange, "folders").asking(after), &answer).await;
    }

    /// It stops, in order; so many sites could not be written to their end.
    pub(crate) fn note_stop(&self, failed: usize) {
        self.audit.note(&Entry::of_davy(What::Stop, "davy").with_after(json!({ "failed_sites": failed })));
        self.audit.stop();
    }
}
