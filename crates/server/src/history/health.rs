//! How history does, for whoever watches it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use davy_history::{Tended, Written};
use davy_model::Timestamp;
use parking_lot::Mutex;

use super::source::Landed;

/// A store that takes longer than this for one call is in trouble, whatever it says in the end.
const SLOW: Duration = Duration::from_secs(15);

/// How history does.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Since when the store takes nothing, and why.
    trouble: Option<(Timestamp, String)>,
    /// Since when it has been asked something and has not answered.
    asked: Option<Timestamp>,
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
    /// Since when nothing of it is taken in, and why, where that is not so for every site.
    pub(crate) trouble: Option<(Timestamp, String)>,
}

impl SiteHealth {
    /// The site is well; and what landed, if anything.
    pub(super) fn landed(&mut self, landed: Option<&Landed>) {
        self.trouble = None;
        let Some(landed) = landed else { return };
        self.number = landed.number;
        self.at = Some(landed.at);
        self.written.new += landed.written.new;
        self.written.known += landed.written.known;
        self.written.too_old += landed.written.too_old;
        self.lost_commits += landed.lost_commits;
    }

    /// Nothing of it is taken in.
    pub(super) fn fails(&mut self, now: Timestamp, why: String) {
        let since = self.trouble.as_ref().map_or(now, |(since, _)| *since);
        self.trouble = Some((since, why));
    }
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

    /// The store is asked something, or has answered.
    pub(super) fn asked(&self, since: Option<Timestamp>) {
        self.0.lock().asked = since;
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
    pub(crate) fn trouble(&self, now: Timestamp) -> Option<(Timestamp, String)> {
        let inner = self.0.lock();
        let overdue = || {
            let asked = inner.asked.filter(|asked| now.since(*asked) >= SLOW)?;
            Some((asked, "the database does not answer".to_owned()))
        };
        inner.trouble.clone().or_else(overdue)
    }

    /// Since when nothing of a site is taken in, and why.
    pub(crate) fn trouble_of(&self, site: &str, now: Timestamp) -> Option<(Timestamp, String)> {
        self.trouble(now).or_else(|| self.site(site)?.trouble)
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
