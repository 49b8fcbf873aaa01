//! Who may come in by the HTTP port.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use davy_access::Tree;
use serde::{Deserialize, Serialize};

use super::oidc::{self, OidcConfig, RawOidc};

/// Who may come in by the HTTP port.
#[derive(Clone, Debug)]
pub struct AccessConfig {
    /// The accounts; read again when it changes.
    pub accounts_file: PathBuf,
    /// An issuer of tokens for people.
    pub oidc: Option<OidcConfig>,
}

/// As written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAccess {
    accounts_file: PathBuf,
    oidc: Option<RawOidc>,
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

/// What is wrong is told to `problem`; an issuer whose keys come from nowhere is none.
pub(super) fn resolve(raw: &RawAccess, base: &Path, problem: impl FnMut(&str, String)) -> AccessConfig {
    let oidc = raw.oidc.as_ref().and_then(|raw| oidc::resolve(raw, base, problem));
    AccessConfig { accounts_file: base.join(&raw.accounts_file), oidc }
}
