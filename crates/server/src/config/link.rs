//! The Davys above and below: `[link]` and `[[lower]]`.

use std::{
    collections::BTreeSet,
    fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use davy_access::Tree;
use davy_delivery::exits::is_loopback;
use davy_model::{Tier, is_name};
use http::Uri;
use serde::{Deserialize, Serialize};
use tonic::{
    metadata::AsciiMetadataValue,
    transport::{Certificate, ClientTlsConfig, Endpoint, Identity},
};

use super::{liveness::within, resolve::Problems};
use crate::link::SITES_MAX;

/// How long a lower Davy may be silent. Heartbeats come every 5 s at least.
const SILENT_AFTER_RANGE: RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_secs(86_400);
/// Lower Davys of one Davy.
const LOWERS_MAX: usize = 100;
/// Longest name of a lower Davy, bytes: the fault that tells of it is called after it.
const NAME_LEN_MAX: usize = 48;
/// How long the upper one may take to answer the knock.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection this quiet is asked whether it still lives, and given up after as long again.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// The Davy above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkConfig {
    /// Where it is.
    pub url: String,
    /// What it knows this one by, where callers are not proven.
    pub name: String,
    /// Which sites are brought; all when none is named.
    pub sites: Vec<Arc<str>>,
    /// Who signed its certificate; whom the machine trusts when not named.
    pub ca_file: Option<PathBuf>,
    /// This one's certificate and key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// This one's token.
    pub token_file: Option<PathBuf>,
}

/// A Davy below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowerConfig {
    /// The account it calls as.
    pub name: Arc<str>,
    /// The sites it may bring.
    pub sites: Vec<Arc<str>>,
    /// How long nothing may be heard of it, 5 s to 24 h.
    pub silent_after: Duration,
    /// How grave that is then.
    pub tier: Tier,
    /// The own site in which that is told; the first when not named.
    pub alarm_site: Option<Arc<str>>,
}

/// As written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLink {
    url: String,
    name: Option<String>,
    #[serde(default)]
    sites: Vec<String>,
    ca_file: Option<PathBuf>,
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
}

/// As written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLower {
    name: String,
    sites: Vec<String>,
    below: Option<String>,
    #[serde(default = "silent_after")]
    silent_after: String,
    #[serde(default = "tier")]
    tier: String,
    alarm_site: Option<String>,
}

fn silent_after() -> String {
    "60s".to_owned()
}

fn tier() -> String {
    "orange".to_owned()
}

impl LinkConfig {
    /// How it is called. The files are read at every call, so that new ones count from the next.
    ///
    /// # Errors
    /// What is wrong with the address or a file.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, String> {
        let endpoint = Endpoint::from_shared(self.url.clone())
            .map_err(|_| format!("not an address such as https://city:8443: {:?}", self.url))?;
        let endpoint = endpoint
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .keep_alive_while_idle(true);
        if !self.url.starts_with("https://") {
            return Ok(endpoint);
        }
        let tls = ClientTlsConfig::new();
        let tls = match &self.ca_file {
            Some(path) => tls.ca_certificate(Certificate::from_pem(read(path)?)),
            None => tls.with_native_roots(),
        };
        let tls = match &self.identity {
            Some((certificate, key)) => tls.identity(Identity::from_pem(read(certificate)?, read(key)?)),
            None => tls,
        };
        endpoint.tls_config(tls).map_err(|error| format!("the certificates cannot be used: {error}"))
    }

    /// What is shown beside a call.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(crate) fn token(&self) -> Result<Option<AsciiMetadataValue>, String> {
        let Some(path) = &self.token_file else { return Ok(None) };
        let text = String::from_utf8(read(path)?).unwrap_or_default();
        let token = format!("Bearer {}", text.trim()).parse::<AsciiMetadataValue>();
        let mut token = token
            .ok()
            .filter(|_| !text.trim().is_empty())
            .ok_or_else(|| format!("{}: it holds no token", path.display()))?;
        token.set_sensitive(true);
        Ok(Some(token))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The Davy above; `node` is what this one is called.
pub(super) fn link(raw: &RawLink, node: &str, base: &Path, problems: &mut Problems) -> Option<LinkConfig> {
    let before = problems.0.len();
    let name = raw.name.as_deref().unwrap_or(node);
    if !is_name(name) {
        problems.add("link.name", format!("1 to 64 letters, digits, dots, dashes and underscores: {name:?}"));
    }
    let identity = match (&raw.certificate_file, &raw.key_file) {
        (Some(certificate), Some(key)) => Some((base.join(certificate), base.join(key))),
        (None, None) => None,
        (Some(_), None) => {
            problems.add("link.key_file", "a certificate needs its key");
            None
        }
        (None, Some(_)) => {
            problems.add("link.certificate_file", "a key needs its certificate");
            None
        }
    };
    let config = LinkConfig {
        url: raw.url.clone(),
        name: name.to_owned(),
        sites: raw.sites.iter().map(|site| site.as_str().into()).collect(),
        ca_file: raw.ca_file.as_ref().map(|path| base.join(path)),
        identity,
        token_file: raw.token_file.as_ref().map(|path| base.join(path)),
    };
    problems.take("link.url", scheme(&raw.url));
    problems.take("link", config.endpoint().map(drop));
    problems.take("link.token_file", config.token().map(drop));
    (problems.0.len() == before).then_some(config)
}

/// What is brought, and what is shown with it, goes to this machine or over TLS alone.
fn scheme(url: &str) -> Result<(), String> {
    if url.starts_with("https://") {
        return Ok(());
    }
    let uri = url.parse::<Uri>().ok().filter(|uri| uri.scheme_str() == Some("http"));
    let Some(host) = uri.as_ref().and_then(Uri::host) else {
        return Err(format!("not an address such as https://city:8443: {url:?}"));
    };
    if is_loopback(host.trim_matches(['[', ']'])) {
        Ok(())
    } else {
        Err(format!("http is for this machine alone, others are called with https: {url:?}"))
    }
}

/// The Davys below. Their sites get their places in the tree.
pub(super) fn lowers(raw: &[RawLower], tree: &mut Tree, problems: &mut Problems) -> Vec<LowerConfig> {
    if raw.len() > LOWERS_MAX {
        problems.add("lower", format!("at most {LOWERS_MAX} lower Davys, not {}", raw.len()));
    }
    if raw.iter().map(|lower| lower.sites.len()).sum::<usize>() > SITES_MAX {
        problems.add("lower.sites", format!("at most {SITES_MAX} sites of all lower Davys together"));
    }
    let (mut names, mut sites) = (BTreeSet::new(), BTreeSet::new());
    raw.iter()
        .map(|raw| {
            if !names.insert(raw.name.as_str()) {
                problems.add(&format!("lower {}", raw.name), "two are called so");
            }
            for site in raw.sites.iter().filter(|site| !sites.insert(site.as_str())) {
                problems.add(
                    &format!("lower {} sites", raw.name),
                    format!("{site:?} is named twice: one Davy brings a site"),
                );
            }
            lower(raw, tree, problems)
        })
        .collect()
}

fn lower(raw: &RawLower, tree: &mut Tree, problems: &mut Problems) -> LowerConfig {
    let place = |key: &str| format!("lower {} {key}", raw.name);
    if !is_name(&raw.name) || raw.name.len() > NAME_LEN_MAX {
        let what =
            format!("1 to {NAME_LEN_MAX} letters, digits, dots, dashes and underscores: {:?}", raw.name);
        problems.add("lower.name", what);
    }
    if raw.sites.is_empty() {
        problems.add(&place("sites"), "name the sites that it may bring: no other is taken");
    }
    for site in &raw.sites {
        if !is_name(site) || site.len() > NAME_LEN_MAX {
            problems.add(&place("sites"), format!("no id of a site, at most {NAME_LEN_MAX} bytes: {site:?}"));
        } else if let Some(below) = &raw.below
            && let Err(error) = tree.put(site, below)
        {
            problems.add(&place("below"), error.to_string());
        }
    }
    let tier =
        Tier::from_word(&raw.tier).ok_or_else(|| format!("blue, yellow, orange or red: {:?}", raw.tier));
    LowerConfig {
        name: raw.name.as_str().into(),
        sites: raw.sites.iter().map(|site| site.as_str().into()).collect(),
        silent_after: problems
            .take(&place("silent_after"), within(&raw.silent_after, &SILENT_AFTER_RANGE))
            .unwrap_or_default(),
        tier: problems.take(&place("tier"), tier).unwrap_or(Tier::Orange),
        alarm_site: raw.alarm_site.as_deref().map(Into::into),
    }
}

#[cfg(test)]
mod tests;
