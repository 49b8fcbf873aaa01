//! A configuration looked at without starting anything.

use std::sync::Arc;

use davy_model::Timestamp;

use crate::{
    Config,
    certificates::{Ending, ending, told_ending},
    load::load_all,
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

/// Reads and compiles every site of the configuration, and looks at `now` whether its certificates end soon.
///
/// # Errors
/// Every finding, one a line.
pub fn check(config: &Config, now: Timestamp) -> Result<CheckReport, Vec<String>> {
    let loaded =
        load_all(config).map_err(|error| error.to_string().lines().map(str::to_owned).collect::<Vec<_>>())?;
    let certificates = config.certificates();
    let certificates = certificates.iter().filter_map(|served| {
        let ending = ending(served.ends(), now);
        (ending != Ending::Far).then(|| told_ending(served.place(), ending).1.en)
    });
    let warnings = loaded
        .iter()
        .flat_map(|site| site.warnings.iter().map(move |warning| format!("{}: {warning}", site.bundle.site)));
    Ok(CheckReport {
        warnings: warnings.chain(certificates).collect(),
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
