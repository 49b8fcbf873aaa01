//! The account at the end: received = judged + rejected + dropped, by site.

use std::sync::Arc;

use davy_intake::Totals;

/// What became of everything since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Site by site.
    pub sites: Vec<SiteSummary>,
    /// What came for no site Davy knows, readings.
    pub strays: u64,
    /// Whether a journal could not be written to the end.
    pub failed: bool,
}

/// What became of one site's readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteSummary {
    /// The site.
    pub site: Arc<str>,
    /// Readings that came in.
    pub received: u64,
    /// Judged by the rules.
    pub judged: u64,
    /// Refused, for any reason, or too old to be judged.
    pub rejected: u64,
    /// Not judged through no fault of their own: said twice, out of order, no room, or their tag went.
    pub dropped: u64,
    /// Transitions in the journal, ever.
    pub transitions: u64,
}

impl SiteSummary {
    pub(crate) fn new(site: Arc<str>, totals: &Totals, transitions: u64) -> SiteSummary {
        SiteSummary {
            site,
            received: totals.received,
            judged: totals.judged,
            rejected: totals.rejected_sum() + totals.too_old,
            dropped: totals.dropped_sum() + totals.duplicate + totals.out_of_order + totals.unbound,
            transitions,
        }
    }

    /// Whether every reading is accounted for.
    pub fn balances(&self) -> bool {
        self.received == self.judged + self.rejected + self.dropped
    }
}

impl Summary {
    /// Whether every reading of every site is accounted for.
    pub fn balances(&self) -> bool {
        self.sites.iter().all(SiteSummary::balances)
    }
}
