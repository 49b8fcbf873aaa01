//! The clients file: who may come in by the door, for which edge nodes they speak, and which sites' alarms they hear.

use std::path::Path;

use davy_intake::rights::{Client, Clients, Grant, Pattern, parse_token_hash};
use figment::{
    Figment,
    providers::{Format, Toml},
};
use serde::Deserialize;

use super::ConfigProblem;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClients {
    #[serde(default)]
    client: Vec<RawClient>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClient {
    name: String,
    token_sha256: Option<String>,
    certificate: Option<String>,
    #[serde(default)]
    grants: Vec<RawGrant>,
    #[serde(default)]
    hears_alarms: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGrant {
    site: String,
    edge_node: String,
}

/// Reads a clients file.
pub(crate) fn read(path: &Path) -> Result<Clients, Vec<ConfigProblem>> {
    if !path.is_file() {
        return Err(vec![ConfigProblem::new(path.display().to_string(), "no such file")]);
    }
    let raw: RawClients = Figment::from(Toml::file_exact(path))
        .extract()
        .map_err(|error| error.into_iter().map(ConfigProblem::from).collect::<Vec<_>>())?;
    let mut problems = Vec::new();
    let mut clients = Vec::new();
    for one in raw.client {
        match client(&one) {
            Ok(client) => clients.push(client),
            Err(what) => {
                problems.push(ConfigProblem::new(format!("{}: client {:?}", path.display(), one.name), what));
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Clients::new(clients, None)
        .map_err(|error| vec![ConfigProblem::new(path.display().to_string(), error.to_string())])
}

fn client(raw: &RawClient) -> Result<Client, String> {
    if raw.name == crate::canary::SITE {
        return Err("the name is that of Davy's own canary: choose another".to_owned());
    }
    let token = raw
        .token_sha256
        .as_deref()
        .map(|hex| parse_token_hash(hex).ok_or_else(|| "token_sha256 is not 64 hex digits".to_owned()));
    let pattern = |text: &str| Pattern::parse(text).ok_or_else(|| format!("no name or pattern: {text:?}"));
    let grants = raw
        .grants
        .iter()
        .map(|grant| Ok(Grant { site: pattern(&grant.site)?, edge_node: pattern(&grant.edge_node)? }));
    Ok(Client {
        name: raw.name.as_str().into(),
        token: token.transpose()?,
        certificate: raw.certificate.as_deref().map(Into::into),
        grants: grants.collect::<Result<_, String>>()?,
        hears_alarms: raw.hears_alarms.iter().map(|site| pattern(site)).collect::<Result<_, String>>()?,
    })
}
