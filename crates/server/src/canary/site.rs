//! The canary's site, and the gateway that speaks for it.

use std::{net::SocketAddr, sync::Arc};

use davy_intake::{
    broker::BrokerConfig,
    rights::{Client, Grant, Pattern, token_hash},
};
use davy_model::{AlarmKey, BundleFile};

use crate::source::{Loaded, SiteSource};

/// The id of the canary's site. No other may have it.
pub(crate) const SITE: &str = "davy-canary";
const EDGE_NODE: &str = "davy";
const TAG: &str = "canary";
const RULE: &str = "canary";

const SITE_YAML: &str = "\
# Made by Davy itself: what proves, all the time, that a reading becomes an alarm.
site: davy-canary
title: {en: Canary of Davy itself, zh: Davy 自检金丝雀}
edge_nodes:
  - {id: davy, title: {en: Davy itself, zh: Davy 自身}}
";
const TAGS_CSV: &str = "\
tag,title,title_zh,quantity,unit,edge_node,reporting
canary,Canary,金丝雀,number,1,davy,by_exception
";
const RULES_YAML: &str = "\
rules:
  - id: canary
    title: {en: Canary, zh: 金丝雀}
    applies_to: {tag: canary}
    limit:
      - {name: H, tier: blue, at_or_above: 1, clear_below: 1}
    response:
      action: {en: None. Davy raises and clears it to see that alarms come through, zh: 无需处置。Davy 以此自检报警通路}
      time_to_respond: 1m
";

/// The canary's files, compiled.
pub(crate) fn loaded() -> Loaded {
    let files = [("site.yaml", SITE_YAML), ("tags.csv", TAGS_CSV), ("rules/canary.yaml", RULES_YAML)];
    let files = files.map(|(path, text)| BundleFile { path: path.to_owned(), text: text.to_owned() });
    SiteSource::Files(files.into()).load().expect("the canary's files are ours, and a test compiles them")
}

/// The canary's one alarm.
pub(super) fn alarm() -> AlarmKey {
    AlarmKey { site: SITE.into(), rule: RULE.into(), subject: TAG.into() }
}

/// Where its gateway publishes.
pub(super) fn topic() -> String {
    format!("davy/v1/{SITE}/{EDGE_NODE}/readings")
}

/// A message with one reading of the tag.
pub(super) fn message(value: i64) -> String {
    format!(r#"{{"readings": [{{"tag": "{TAG}", "value": {value}}}]}}"#)
}

/// Who the canary's gateway is: made anew at every start, and written down nowhere.
#[derive(Clone)]
pub(crate) struct Gateway {
    client_id: String,
    token: String,
}

impl Gateway {
    /// A gateway with a token nobody can guess.
    ///
    /// # Panics
    /// When the system has no randomness to give: then nothing about it is safe.
    pub(crate) fn new() -> Gateway {
        let mut random = [0; 24];
        let system = rustls::crypto::ring::default_provider().secure_random;
        system.fill(&mut random).expect("the system gives random bytes");
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Gateway { client_id: format!("{SITE}-{}", hex(&random[..4])), token: hex(&random[4..]) }
    }

    /// What the door has to know of it.
    pub(crate) fn client(&self) -> Client {
        Client {
            name: SITE.into(),
            token: Some(token_hash(self.token.as_bytes())),
            certificate: None,
            grants: vec![Grant {
                site: Pattern::Exactly(SITE.into()),
                edge_node: Pattern::Exactly(EDGE_NODE.into()),
            }],
            hears_alarms: Vec::new(),
        }
    }

    /// How it gets in by the door.
    pub(crate) fn by_door(&self, door: SocketAddr) -> BrokerConfig {
        let login = Some((SITE.to_owned(), self.token.clone()));
        self.passing(BrokerConfig { login, ..BrokerConfig::new(door.ip().to_string(), door.port(), "") })
    }

    /// How it gets in by the broker that Davy is a client of: with Davy's own login.
    pub(crate) fn by_broker(&self, broker: &BrokerConfig) -> BrokerConfig {
        self.passing(broker.clone())
    }

    /// A session that ends with its connection.
    fn passing(&self, config: BrokerConfig) -> BrokerConfig {
        BrokerConfig { client_id: self.client_id.clone(), session_expiry_s: 0, ..config }
    }
}

impl std::fmt::Debug for Gateway {
    /// Everything but the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// The canary's site, for whoever keeps ids.
pub(super) fn id() -> Arc<str> {
    SITE.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_files_compile_to_one_alarm_of_one_tag() {
        let loaded = loaded();
        assert_eq!(loaded.bundle.site.as_ref(), SITE);
        assert_eq!((loaded.plan.rules.len(), loaded.plan.watches.len()), (1, 1));
        assert!(loaded.plan.site.node_index(EDGE_NODE).is_some());
        assert!(topic().contains(SITE) && alarm().to_string() == "davy-canary:canary:canary");
    }

    #[test]
    fn its_token_is_another_at_every_start_and_is_not_printed() {
        let (one, other) = (Gateway::new(), Gateway::new());
        assert_ne!(one.token, other.token);
        assert_ne!(one.client_id, other.client_id);
        assert!(!format!("{one:?}").contains(&one.token));
    }
}
