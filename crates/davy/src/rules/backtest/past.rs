//! A range of the configured history database, as a log.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use davy_history::Store;
use davy_model::{Bundle, BundleFile};
use davy_rules::Plan;
use davy_server::{
    Flags, SiteSource, backtest,
    past::{Asked, Past, PastError},
};
use davy_workbench::{
    backtest::{Side, SideReport},
    performance::Period,
};
use tokio::runtime::Handle;

use super::reached::Reached;
use crate::{
    check_config,
    exit::{Misuse, Unusable},
    span,
};

/// The store of a configuration.
pub(in crate::rules) struct HistoryDatabase {
    store: Arc<dyn Store>,
    sites: Vec<SiteSource>,
    /// For how long it keeps readings.
    keep: Duration,
}

/// What it has of one site.
pub(in crate::rules) struct HistoryRange {
    past: Past,
    /// The files that were active where it stands; where all of it was imported, those of the configuration.
    active: Option<Arc<Bundle>>,
    keep: Duration,
    latency: Duration,
}

impl HistoryDatabase {
    /// The store of that configuration, of davy.toml where none is named.
    pub(super) fn open(config: Option<&Path>) -> anyhow::Result<HistoryDatabase> {
        let config = check_config::load(config, &Flags::default()).map_err(Unusable)?;
        let store = config.history_store().map_err(|problem| Unusable(vec![problem.to_string()]))?;
        let keep = config.history.map(|history| history.retention.readings).unwrap_or_default();
        Ok(HistoryDatabase { store, keep, sites: config.sites })
    }

    /// What there is of a site. Not on a thread of the runtime.
    pub(super) fn of_site(&self, site: &str, latency: Duration) -> anyhow::Result<HistoryRange> {
        let opened = Handle::current().block_on(Past::open(Arc::clone(&self.store), site));
        let past = opened.context("reading history")?;
        let active = past.active().cloned().or_else(|| self.configured(site));
        Ok(HistoryRange { past, active, keep: self.keep, latency })
    }

    /// The files that the configuration has of a site, where they can be used.
    fn configured(&self, site: &str) -> Option<Arc<Bundle>> {
        let mut loaded = self.sites.iter().filter_map(|source| source.load().ok());
        loaded.find(|loaded| *loaded.bundle.site == *site).map(|loaded| loaded.bundle)
    }

    /// The files of the one site of the configuration: those active where history stands, else its folder's.
    pub(super) fn files(&self) -> anyhow::Result<Vec<BundleFile>> {
        let [source] = &self.sites[..] else {
            let told = "the configuration has more than one site, or none: name the folder of the site that is meant";
            return Err(Misuse(told.to_owned()).into());
        };
        let loaded = source.load().map_err(Unusable)?;
        let range = self.of_site(&loaded.bundle.site, Duration::ZERO)?;
        Ok(range.active.unwrap_or(loaded.bundle).files.clone())
    }
}

impl HistoryRange {
    /// From the oldest reading to the newest.
    pub(super) fn period(&self) -> Period {
        let measured = self.past.measured();
        Period { from: measured.from, until: measured.until.plus(self.latency) }
    }

    /// The files that a folder is compared with.
    pub(super) fn active(&self) -> Option<&Arc<Bundle>> {
        self.active.as_ref()
    }

    /// A rule set, before its readings.
    pub(super) fn side(&self, side: Side) -> Side {
        side.of_series(self.past.series())
    }

    /// Judges what decides about a period: what is measured in it, and what windows, delays and silences need around it.
    pub(super) fn judge(
        &self,
        sides: Vec<Side>,
        cores: std::num::NonZeroUsize,
        opening: Arc<Bundle>,
        plans: &[&Plan],
        period: Period,
    ) -> Result<(Vec<SideReport>, Reached), PastError> {
        let there = self.past.measured();
        let asked = Asked::around(period, self.latency, plans);
        let mut entries = self.past.entries(&asked, opening);
        let reports = backtest::run(&mut entries, sides, cores)?;
        let kept_from = span::now().minus(self.keep);
        let reached = Reached {
            begins: there.from,
            asked_from: None,
            judged_from: asked.measured.from.max(there.from),
            looks_back: Asked::reach(plans).before(),
            keep: self.keep,
            kept_from: (kept_from > period.from).then_some(kept_from),
            holes: self.past.holes_from(asked.measured.from),
            untaken: entries.untaken(),
        };
        Ok((reports, reached))
    }
}
