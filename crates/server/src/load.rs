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
    let is_own = |id: &Arc<str>| loaded.iter().any(|site| site.bundle.site == *id);
    for lower in &config.lowers {
        let of = |what: &str| format!("davy.toml: lower {} {what}", lower.name);
        let taken = lower.sites.iter().filter(|id| is_own(id) || ***id == *canary::SITE);
        findings.extend(taken.map(|id| {
            of(&format!("sites: {id} is a site of this Davy's own: one of the two needs another id"))
        }));
        let strange = lower.alarm_site.as_ref().filter(|id| !is_own(id));
        findings.extend(strange.map(|id| of(&format!("alarm_site: {id} is no site of this Davy's own"))));
    }
    let is_brought = |id: &Arc<str>| config.lowers.iter().any(|lower| lower.sites.contains(id));
    let linked = config.link.iter().flat_map(|link| &link.sites);
    findings.extend(
        linked
            .filter(|id| !is_own(id) && !is_brought(id))
            .map(|id| format!("davy.toml: link sites: no site is called {id}")),
    );
    let exits = config.exits.iter().map(|exit| (format!("exit {}", exit.name), &exit.wanted.sites));
    let consumers = config.consumers.iter().map(|one| (format!("consumer {}", one.who.name), &one.sites));
    for (what, sites) in exits.chain(consumers) {
        let strange = sites.iter().filter(|id| !is_own(id) && !is_brought(id));
        findings.extend(strange.map(|id| format!("davy.toml: {what} sites: no site is called {id}")));
    }
    if findings.is_empty() { Ok(loaded) } else { Err(StartError::Files(findings)) }
}
