//! An issuer that vouches for people (OpenID Connect).

use std::path::{Path, PathBuf};

use davy_access::{Grant, Role, oidc::Issuer};
use davy_delivery::exits::{HttpTarget, TargetError};
use serde::{Deserialize, Serialize};

use super::exits;

/// An issuer of tokens.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// Whom to believe, and what that gives.
    pub issuer: Issuer,
    /// Where its public keys are.
    pub keys: KeysFrom,
}

/// Where an issuer's public keys, a JWK Set, come from.
#[derive(Clone, Debug)]
pub enum KeysFrom {
    /// A file; read again when it changes.
    File(PathBuf),
    /// The issuer, asked again and again; what it said last is kept in the data folder.
    Issuer(HttpTarget),
}

/// As written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOidc {
    issuer: String,
    audience: String,
    jwks_file: Option<PathBuf>,
    jwks_url: Option<String>,
    ca_file: Option<PathBuf>,
    #[serde(default = "roles")]
    roles_claim: String,
    #[serde(default = "preferred_username")]
    name_claim: String,
    #[serde(default)]
    grant: Vec<RawGrant>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawGrant {
    claim: String,
    role: String,
    scope: String,
}

fn roles() -> String {
    "roles".to_owned()
}

fn preferred_username() -> String {
    "preferred_username".to_owned()
}

/// What is wrong is told to `problem`; an issuer whose keys come from nowhere is none.
pub(super) fn resolve(
    raw: &RawOidc,
    base: &Path,
    mut problem: impl FnMut(&str, String),
) -> Option<OidcConfig> {
    for (key, value) in [("issuer", &raw.issuer), ("audience", &raw.audience)] {
        if value.is_empty() {
            problem(&format!("access.oidc.{key}"), "it is empty: then any would do".to_owned());
        }
    }
    if raw.grant.is_empty() {
        let what = "without one, nobody whom the issuer knows may do anything: [[access.oidc.grant]] claim, role, scope";
        problem("access.oidc.grant", what.to_owned());
    }
    let mut grants = Vec::new();
    for (place, raw) in raw.grant.iter().enumerate() {
        match grant(raw) {
            Ok(grant) => grants.push((raw.claim.clone(), grant)),
            Err(what) => problem(&format!("access.oidc.grant[{place}]"), what),
        }
    }
    let issuer = Issuer {
        issuer: raw.issuer.clone(),
        audience: raw.audience.clone(),
        roles_claim: raw.roles_claim.clone(),
        name_claim: raw.name_claim.clone(),
        grants,
    };
    let keys = keys(raw, base).map_err(|(key, what)| problem(&format!("access.oidc.{key}"), what)).ok()?;
    Some(OidcConfig { issuer, keys })
}

/// Where the keys come from, or the key that is wrong, and how.
fn keys(raw: &RawOidc, base: &Path) -> Result<KeysFrom, (&'static str, String)> {
    match (&raw.jwks_file, &raw.jwks_url) {
        (Some(file), None) if raw.ca_file.is_none() => Ok(KeysFrom::File(base.join(file))),
        (Some(_), None) => {
            Err(("ca_file", "a file of keys is not asked for: only jwks_url needs it".to_owned()))
        }
        (None, Some(url)) => {
            let tls = raw.ca_file.as_ref().map(|file| exits::trusting(&base.join(file)));
            let tls = tls.transpose().map_err(|what| ("ca_file", what))?;
            let target = HttpTarget::new(url, tls.as_ref(), false);
            target.map(KeysFrom::Issuer).map_err(|error| match error {
                // Whoever changes keys on the way lets anybody in: nothing makes that right.
                TargetError::Plain => ("jwks_url", "http is for this machine only: use https".to_owned()),
                error => ("jwks_url", error.to_string()),
            })
        }
        (None, None) | (Some(_), Some(_)) => {
            let what = "its public keys are either in a file (jwks_file) or asked of it (jwks_url)";
            Err(("jwks_file", what.to_owned()))
        }
    }
}

fn grant(raw: &RawGrant) -> Result<Grant, String> {
    let role = Role::parse(&raw.role).ok_or_else(|| {
        let words: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
        format!("role {:?} is none: the roles are {}", raw.role, words.join(", "))
    })?;
    if raw.claim.is_empty() {
        return Err("claim is empty".to_owned());
    }
    let scope = raw.scope.parse().map_err(|error| format!("scope {:?}: {error}", raw.scope))?;
    Ok(Grant::new(role, scope))
}
