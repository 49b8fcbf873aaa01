//! All sites of a configuration, read at once.

use std::sync::Arc;

use crate::{Config, StartError, canary, source::Loaded};

/// Reads every site; all findings of all of them at once.
pub(crate) fn load_all(config: &Config) -> Result<Vec<Loaded>, StartError> {
    let mut findings = Vec::new();
    let mut loaded: Vec<Loaded> = Vec::new();
    for source in &config.sites {
        match source.load() {
            Ok(site) => loaded.push(site),
            Err(found) => findings.extend(found),
        }
    }
    if !findings.is_empty() {
        return Err(StartError::Files(findings));
    }
    if loaded.iter().any(|site| site.bundle.site.as_ref() == canary::SITE) {
        return Err(StartError::ReservedSite);
    }
    for (place, site) in loaded.iter().enumerate() {
        if loaded[..place].iter().any(|other| other.bundle.site == site.bundle.site) {
            return Err(StartError::SameSite(Arc::clone(&site.bundle.site)));
        }
    }
    for exit in &config.exits {
        let is_strange = |id: &&Arc<str>| !loaded.iter().any(|site| site.bundle.site == **id);
        findings.extend(
            exit.wanted
                .sites
                .iter()
                .filter(is_strange)
                .map(|id| format!("davy.toml: exit {} sites: no site is called {id}", exit.name)),
        );
    }
    if findings.is_empty() { Ok(loaded) } else { Err(StartError::Files(findings)) }
}
