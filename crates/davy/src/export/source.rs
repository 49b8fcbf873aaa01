//! Where an export comes from: the store of the configuration, which a running Davy may be writing.

use std::{path::Path, sync::Arc};

use anyhow::Context;
use davy_history::{Found, Store};
use davy_model::Timestamp;
use davy_rules::coverage::is_named;
use davy_server::Flags;

use super::Args;
use crate::{
    check_config,
    exit::{Misuse, Unusable},
};

/// The store, with the site in it.
pub(super) struct Source {
    pub(super) store: Arc<dyn Store>,
    site: String,
}

/// From when to when: `from..until`.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Source {
    /// The store of that configuration, of davy.toml where none is named.
    pub(super) fn open(config: Option<&Path>, site: &str) -> anyhow::Result<Source> {
        let config = check_config::load(config, &Flags::default()).map_err(Unusable)?;
        let mut names = Vec::new();
        for source in &config.sites {
            names.push(source.load().map_err(Unusable)?.plan.site.id.to_string());
        }
        if !names.iter().any(|name| name == site) {
            let told = format!("the configuration has no site {site}; it has: {}", names.join(", "));
            return Err(Unusable(vec![told]).into());
        }
        let store = config.history_store().map_err(|problem| Unusable(vec![problem.to_string()]))?;
        Ok(Source { store, site: site.to_owned() })
    }

    /// The series that are asked for, by tag and unit.
    pub(super) async fn series(&self, args: &Args) -> anyhow::Result<Vec<Found>> {
        let all = self.store.series(&self.site, &[]).await.context("reading history")?;
        let missing =
            args.tags.iter().find(|pattern| !all.iter().any(|one| is_named(pattern, &one.series.tag)));
        if let Some(pattern) = missing {
            let told =
                format!("history has no tag {pattern} of {}; davy tags list DIR shows them", self.site);
            return Err(Misuse(told).into());
        }
        Ok(all.into_iter().filter(|one| is_wanted(&args.tags, &one.series.tag)).collect())
    }

    /// From when to when; as far as there are readings where nothing was said. None where there are none.
    pub(super) async fn stretch(&self, args: &Args) -> anyhow::Result<Option<Stretch>> {
        let extent = self.store.extent(&self.site).await.context("reading history")?;
        Ok(extent.map(|extent| Stretch {
            from: args.from.unwrap_or(extent.first).max(extent.first),
            until: args.until.unwrap_or(Timestamp::MAX).min(extent.last.offset_micros(1)),
        }))
    }
}

/// Whether a tag is asked for: every one is where no pattern is given.
pub(super) fn is_wanted(patterns: &[String], tag: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| is_named(pattern, tag))
}
