//! Where alerts are brought: `[[exit]]`, one file a kind.

mod alertmanager;
mod cap;
mod hook;
mod mqtt;
mod syslog;
mod webhook;

use std::{fs, ops::RangeInclusive, path::Path, sync::Arc, time::Duration};

use davy_delivery::exits::{
    Alertmanager, AlertmanagerConfig, Cap, CapConfig, Exit, Hook, HookConfig, HttpTarget, LentClock, Mqtt,
    MqttConfig, Opening, Syslog, SyslogConfig, Wanted, Webhook, WebhookConfig, tls_client,
};
use davy_model::{Tier, is_name};
use figment::value::{Dict, Value};
use http::HeaderValue;
use rustls::ClientConfig;
use serde::{Deserialize, de::DeserializeOwned};

use self::{
    alertmanager::RawAlertmanager, cap::RawCap, hook::RawHook, mqtt::RawMqtt, syslog::RawSyslog,
    webhook::RawWebhook,
};
use super::{ConfigProblem, liveness::within, resolve::Problems};

/// How long a receiver may take to answer.
const TIMEOUT_RANGE: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);
/// Exits of one Davy.
const EXITS_MAX: usize = 32;

/// One exit, as configured.
#[derive(Clone, Debug)]
pub struct ExitConfig {
    /// What it is called.
    pub name: Arc<str>,
    /// What it tells.
    pub wanted: Wanted,
    /// Where, and how.
    pub kind: ExitKind,
}

/// Where an exit leads.
#[derive(Clone, Debug)]
pub enum ExitKind {
    /// CloudEvents by POST.
    Webhook(WebhookConfig),
    /// What stands, to every instance.
    Alertmanager(AlertmanagerConfig),
    /// To another broker.
    Mqtt(MqttConfig),
    /// RFC 5424.
    Syslog(SyslogConfig),
    /// A program for each alert.
    Hook(HookConfig),
    /// Drafts of public warnings, as files.
    Cap(CapConfig),
}

impl ExitConfig {
    /// The way out, not yet gone. Nothing is sent.
    pub(crate) fn opening(&self, clock: &LentClock) -> Opening {
        let clock = Arc::clone(clock);
        let (kind, target, exit): (_, _, Box<dyn Exit>) = match self.kind.clone() {
            ExitKind::Webhook(to) => ("webhook", to.target.to_string(), Box::new(Webhook::new(to, clock))),
            ExitKind::Alertmanager(to) => {
                let all: Vec<String> = to.targets.iter().map(ToString::to_string).collect();
                ("alertmanager", all.join(" "), Box::new(Alertmanager::new(to, clock)))
            }
            ExitKind::Mqtt(to) => ("mqtt", to.to_string(), Box::new(Mqtt::new(to))),
            ExitKind::Syslog(to) => ("syslog", to.to_string(), Box::new(Syslog::new(to))),
            ExitKind::Hook(to) => ("hook", to.program.display().to_string(), Box::new(Hook::new(to))),
            ExitKind::Cap(to) => ("cap", to.folder.display().to_string(), Box::new(Cap::new(to))),
        };
        Opening { name: Arc::clone(&self.name), kind, target, wanted: self.wanted.clone(), exit }
    }
}

/// What every kind has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCommon {
    name: String,
    kind: Kind,
    #[serde(default)]
    sites: Vec<String>,
    tier_from: Option<String>,
}

const COMMON: [&str; 4] = ["name", "kind", "sites", "tier_from"];

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Webhook,
    Alertmanager,
    Mqtt,
    Syslog,
    Hook,
    Cap,
}

fn timeout() -> String {
    "10s".to_owned()
}

/// All exits, or problems.
pub(super) fn resolve(raw: &[Dict], base: &Path, problems: &mut Problems) -> Vec<ExitConfig> {
    if raw.len() > EXITS_MAX {
        problems.add("exit", format!("at most {EXITS_MAX} exits, not {}", raw.len()));
    }
    let mut exits: Vec<ExitConfig> = Vec::new();
    for (place, dict) in raw.iter().enumerate() {
        let name = dict.get("name").and_then(Value::as_str).filter(|name| is_name(name));
        let Some(name) = name else {
            let what = "what it is called: 1 to 64 letters, digits, dots, dashes and underscores";
            problems.add(&format!("exit[{place}].name"), what);
            continue;
        };
        let mut keys = Keys { name, base, problems };
        let Some(exit) = one(dict, &mut keys) else { continue };
        if exits.iter().any(|other| other.name == exit.name) {
            keys.add("name", "another exit is called so: its dead letters are kept by its name");
        }
        exits.push(exit);
    }
    exits
}

fn one(dict: &Dict, keys: &mut Keys<'_>) -> Option<ExitConfig> {
    let (common, own): (Dict, Dict) =
        dict.clone().into_iter().partition(|(key, _)| COMMON.contains(&key.as_str()));
    let common: Option<RawCommon> = keys.read(common);
    let kind = match common.as_ref()?.kind {
        Kind::Webhook => {
            keys.read::<RawWebhook>(own).and_then(|raw| raw.resolve(keys)).map(ExitKind::Webhook)
        }
        Kind::Alertmanager => {
            keys.read::<RawAlertmanager>(own).and_then(|raw| raw.resolve(keys)).map(ExitKind::Alertmanager)
        }
        Kind::Mqtt => keys.read::<RawMqtt>(own).and_then(|raw| raw.resolve(keys)).map(ExitKind::Mqtt),
        Kind::Syslog => keys.read::<RawSyslog>(own).and_then(|raw| raw.resolve(keys)).map(ExitKind::Syslog),
        Kind::Hook => keys.read::<RawHook>(own).and_then(|raw| raw.resolve(keys)).map(ExitKind::Hook),
        Kind::Cap => keys.read::<RawCap>(own).and_then(|raw| raw.resolve(keys)).map(ExitKind::Cap),
    };
    let common = common?;
    let tier_from = match common.tier_from.as_deref() {
        None => None,
        Some(word) => match Tier::from_word(word) {
            Some(tier) => Some(tier),
            None => return keys.none("tier_from", format!("blue, yellow, orange or red: {word:?}")),
        },
    };
    let sites = common.sites.into_iter().map(Arc::from).collect();
    Some(ExitConfig { name: common.name.into(), wanted: Wanted { sites, tier_from }, kind: kind? })
}

/// The keys of one exit, and the problems with them.
struct Keys<'a> {
    name: &'a str,
    base: &'a Path,
    problems: &'a mut Problems,
}

impl Keys<'_> {
    fn add(&mut self, key: &str, what: impl Into<String>) {
        self.problems.add(format!("exit {} {key}", self.name).trim_end(), what);
    }

    fn none<T>(&mut self, key: &str, what: impl Into<String>) -> Option<T> {
        self.add(key, what);
        None
    }

    fn take<T>(&mut self, key: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|what| self.add(key, what)).ok()
    }

    fn read<T: DeserializeOwned>(&mut self, dict: Dict) -> Option<T> {
        match Value::from(dict).deserialize() {
            Ok(raw) => Some(raw),
            Err(error) => {
                for error in error {
                    let ConfigProblem { place, what } = ConfigProblem::from(error);
                    let place = if place == "configuration" { String::new() } else { place };
                    self.add(&place, what);
                }
                None
            }
        }
    }

    fn timeout(&mut self, text: &str) -> Option<Duration> {
        self.take("timeout", within(text, &TIMEOUT_RANGE))
    }

    /// The text of a file without the end of its last line; it must have some.
    fn secret(&mut self, key: &str, path: &Path) -> Option<String> {
        let path = self.base.join(path);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()));
        let text = self.take(key, text)?;
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        if text.is_empty() { self.none(key, format!("{} is empty", path.display())) } else { Some(text) }
    }

    /// The text of a file as the value of a header.
    fn secret_header(&mut self, key: &str, path: &Path) -> Option<String> {
        let value = self.secret(key, path)?;
        self.header(key, value)
    }

    fn header(&mut self, key: &str, value: String) -> Option<String> {
        let is_plain = HeaderValue::from_str(&value).is_ok_and(|value| value.to_str().is_ok());
        if is_plain {
            Some(value)
        } else {
            self.none(key, "no value of an HTTP header: one line of plain ASCII")
        }
    }

    /// An HTTP receiver.
    fn target(&mut self, key: &str, url: &str, ca_file: Option<&Path>, plain: bool) -> Option<HttpTarget> {
        let tls = match ca_file {
            None => None,
            Some(path) => Some(self.tls(path)?),
        };
        let target = HttpTarget::new(url, tls.as_ref(), plain).map_err(|error| error.to_string());
        self.take(key, target)
    }

    /// TLS that trusts whom `ca_file` names.
    fn tls(&mut self, ca_file: &Path) -> Option<Arc<ClientConfig>> {
        let tls = trusting(&self.base.join(ca_file));
        self.take("ca_file", tls)
    }
}

/// TLS that trusts whom a file of authorities names.
pub(super) fn trusting(ca_file: &Path) -> Result<Arc<ClientConfig>, String> {
    let pem = fs::read(ca_file).map_err(|error| format!("{}: {error}", ca_file.display()))?;
    tls_client(&pem)
}

#[cfg(test)]
mod tests;
