//! How history does, for whoever watches it.

use std::{collections::BTreeMap, sync::Arc};

use davy_history::{Tended, Written};
use davy_model::Timestamp;
use parking_lot::Mutex;

/// How history does.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Since when the store takes nothing, and why.
    trouble: Option<(Timestamp, String)>,
    sites: BTreeMap<Arc<str>, SiteHealth>,
    tended: Tended,
    failures: u64,
}

/// How far the history of a site is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SiteHealth {
    /// The last commit that history has.
    pub(crate) number: u64,
    /// When that was.
    pub(crate) at: Option<Timestamp>,
    /// What became of the readings since the start.
    pub(crate) written: Written,
    /// Commits that were let go before history had them, since the start.
    pub(crate) lost_commits: u64,
    /// Since when its log cannot be taken in, and why, where that is not the store.
    pub(crate) trouble: Option<(Timestamp, String)>,
}

impl Health {
    /// The store takes nothing.
    pub(super) fn fails(&self, now: Timestamp, why: String) {
        let mut inner = self.0.lock();
        inner.failures += 1;
        let since = inner.trouble.as_ref().map_or(now, |(since, _)| *since);
        inner.trouble = Some((since, why));
    }

    /// The store did what it was asked.
    pub(super) fn works(&self) {
        self.0.lock().trouble = None;
    }

    pub(super) fn note(&self, site: &Arc<str>, change: impl FnOnce(&mut SiteHealth)) {
        change(self.0.lock().sites.entry(Arc::clone(site)).or_default());
    }

    pub(super) fn tended(&self, tended: Tended) {
        let mut inner = self.0.lock();
        let dropped = inner.tended.dropped + tended.dropped;
        inner.tended = Tended { dropped, ..tended };
    }

    /// Since when the store takes nothing, and why.
    pub(crate) fn trouble(&self) -> Option<(Timestamp, String)> {
        self.0.lock().trouble.clone()
    }

    /// Since when nothing of a site is taken in, and why.
    pub(crate) fn trouble_of(&self, site: &str) -> Option<(Timestamp, String)> {
        self.trouble().or_else(|| self.site(site)?.trouble)
    }

    /// How often the store took nothing.
    pub(crate) fn failures(&self) -> u64 {
        self.0.lock().failures
    }

    /// How far each site is.
    pub(crate) fn sites(&self) -> BTreeMap<Arc<str>, SiteHealth> {
        self.0.lock().sites.clone()
    }

    /// How far one site is; nothing before its first look.
    pub(crate) fn site(&self, site: &str) -> Option<SiteHealth> {
        self.0.lock().sites.get(site).cloned()
    }

    /// What the last round of tending came to, and all that was dropped since the start.
    pub(crate) fn last_tended(&self) -> Tended {
        self.0.lock().tended
    }
}
