//! Who may come in by the HTTP port.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use davy_access::{Grant, Role, Tree, oidc::Issuer};
use serde::{Deserialize, Serialize};

/// Who may come in by the HTTP port.
#[derive(Clone, Debug)]
pub struct AccessConfig {
    /// The accounts; read again when it changes.
    pub accounts_file: PathBuf,
    /// An issuer of tokens for people.
    pub oidc: Option<OidcConfig>,
}

/// An issuer of tokens.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// Whom to believe, and what that gives.
    pub issuer: Issuer,
    /// Its public keys, a JWK Set; read again when it changes.
    pub jwks_file: PathBuf,
}

/// As written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAccess {
    accounts_file: PathBuf,
    oidc: Option<RawOidc>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawOidc {
    issuer: String,
    audience: String,
    jwks_file: PathBuf,
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

/// Where sites lie; what is wrong is told to `problem`.
pub(super) fn tree(raw: &BTreeMap<String, String>, mut problem: impl FnMut(&str, String)) -> Tree {
    let mut tree = Tree::default();
    for (site, below) in raw {
        if let Err(error) = tree.put(site, below) {
            problem(&format!("tree.{site}"), error.to_string());
        }
    }
    tree
}

pub(super) fn resolve(raw: &RawAccess, base: &Path, mut problem: impl FnMut(&str, String)) -> AccessConfig {
    let oidc = raw.oidc.as_ref().map(|oidc| {
        for (key, value) in [("issuer", &oidc.issuer), ("audience", &oidc.audience)] {
            if value.is_empty() {
                problem(&format!("access.oidc.{key}"), "it is empty: then any would do".to_owned());
            }
        }
        if oidc.grant.is_empty() {
            let what = "without one, nobody whom the issuer knows may do anything: [[access.oidc.grant]] claim, role, scope";
            problem("access.oidc.grant", what.to_owned());
        }
        let mut grants = Vec::new();
        for (place, raw) in oidc.grant.iter().enumerate() {
            match grant(raw) {
                Ok(grant) => grants.push((raw.claim.clone(), grant)),
                Err(what) => problem(&format!("access.oidc.grant[{place}]"), what),
            }
        }
        let issuer = Issuer {
            issuer: oidc.issuer.clone(),
            audience: oidc.audience.clone(),
            roles_claim: oidc.roles_claim.clone(),
            name_claim: oidc.name_claim.clone(),
            grants,
        };
        OidcConfig { issuer, jwks_file: base.join(&oidc.jwks_file) }
    });
    AccessConfig { accounts_file: base.join(&raw.accounts_file), oidc }
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
