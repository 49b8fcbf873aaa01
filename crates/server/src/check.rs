//! A configuration looked at without starting anything.

use std::{collections::BTreeSet, sync::Arc};

use davy_model::Timestamp;

use crate::{
    Config, StartError,
    certificates::{Ending, ending, told_ending},
    guard::Access,
    load::load_all,
    source::Loaded,
};

/// What a configuration amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// Site by site.
    pub sites: Vec<CheckedSite>,
    /// What somebody should look at, one a line.
    pub warnings: Vec<String>,
}

/// What a site's files amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedSite {
    /// Its id.
    pub site: Arc<str>,
    /// Revision of its files.
    pub revision: Arc<str>,
    /// How many tags it has.
    pub tags: usize,
    /// How many rules it has.
    pub rules: usize,
    /// How many (rule, tag) pairs are watched.
    pub watches: usize,
}

/// Reads and compiles every site of the configuration, reads its accounts, and looks at `now` whether its certificates end soon.
///
/// # Errors
/// Every finding, one a line.
pub fn check(config: &Config, now: Timestamp) -> Result<CheckReport, Vec<String>> {
    let access =
        Access::open(config.access.as_ref(), &config.tree, &config.data_dir).map_err(StartError::from);
    let (access, loaded) = match (access, load_all(config)) {
        (Ok(access), Ok(loaded)) => (access, loaded),
        (access, loaded) => {
            return Err(access
                .err()
                .into_iter()
                .chain(loaded.err())
                .flat_map(|error| lines_of(&error))
                .collect());
        }
    };
    let certificates = config.certificates();
    let certificates = certificates.iter().filter_map(|served| {
        let ending = ending(served.ends(), now);
        (ending != Ending::Far).then(|| told_ending(served.place(), ending).1.en)
    });
    let warnings = loaded
        .iter()
        .flat_map(|site| site.warnings.iter().map(move |warning| format!("{}: {warning}", site.bundle.site)));
    Ok(CheckReport {
        warnings: warnings
            .chain(certificates)
            .chain(strange_places(config, &loaded))
            .chain(strange_callers(config, &access))
            .collect(),
        sites: loaded
            .iter()
            .map(|site| CheckedSite {
                site: Arc::clone(&site.bundle.site),
                revision: Arc::clone(&site.bundle.revision),
                tags: site.plan.site.tags.len(),
                rules: site.plan.rules.len(),
                watches: site.plan.watches.len(),
            })
            .collect(),
    })
}

fn lines_of(error: &StartError) -> Vec<String> {
    error.to_string().lines().map(str::to_owned).collect()
}

/// Places of the administrative tree for sites that there are not: more often a slip than another Davy's.
fn strange_places(config: &Config, loaded: &[Loaded]) -> Vec<String> {
    let own = loaded.iter().map(|site| &site.bundle.site);
    let brought = config.lowers.iter().flat_map(|lower| &lower.sites);
    let known: BTreeSet<&str> = own.chain(brought).map(|id| &**id).collect();
    let strange = config.tree.sites().filter(|site| !known.contains(site));
    strange.map(|site| format!("davy.toml: tree.{site}: no site is called {site}")).collect()
}

/// Consumers that must listen, of accounts that there are not. An issuer's accounts are not known.
fn strange_callers(config: &Config, access: &Access) -> Vec<String> {
    let is_known = |caller: &str| {
        access.knows(caller) || config.access.as_ref().is_some_and(|access| access.oidc.is_some())
    };
    let callers = config.consumers.iter().filter_map(|one| Some((&one.who.name, one.who.caller.as_ref()?)));
    let strange = callers.filter(|(_, caller)| !is_known(caller));
    strange
        .map(|(name, caller)| format!("davy.toml: consumer {name} caller: no account is called {caller}"))
        .collect()
}
