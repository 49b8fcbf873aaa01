//! History as a log to be judged: a site's readings as they came in, as far as a database still has them.
//!
//! Promise: what is held of it does not grow with the time that is read. Buckets are never judged.
//!
//! It does not know: commands of operators, comings and goings of edge nodes, restarts. History does not give them to be judged.

mod arrivals;
mod entries;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use davy_engine::JudgeError;
use davy_history::{Extent, Found, HistoryError, Hole, Store};
use davy_model::{Bundle, Timestamp, Unit};
use davy_rules::Plan;
use davy_workbench::{
    backtest::{LoggedSeries, Reach},
    performance::Period,
};

pub use entries::{Entries, Untaken};

/// Readings that are fetched at once: some 20 MiB on their way from a database.
const FETCHED_MAX: usize = 200_000;
/// Readings that are held because others come before them: some 150 MiB. A day's backlog of a site of 20 readings a second.
const HELD_MAX: usize = 2_000_000;

/// What a database has of a site.
#[derive(Debug)]
pub struct Past {
    store: Arc<dyn Store>,
    runtime: tokio::runtime::Handle,
    site: Arc<str>,
    extent: Extent,
    found: Vec<Found>,
    holes: Vec<Hole>,
    fetched_max: usize,
    held_max: usize,
}

/// What is read of it, and how.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Measured in that time.
    pub measured: Period,
    /// How long a reading took to arrive of which that is not known.
    pub latency: Duration,
    /// The rule sets that it is for: what none of them has a tag for is left out.
    pub plans: &'a [&'a Plan],
}

impl<'a> Asked<'a> {
    /// What decides about a period under rule sets: what was measured in it, and what their windows, delays and silences need
    /// around it.
    pub fn around(period: Period, latency: Duration, plans: &'a [&'a Plan]) -> Asked<'a> {
        let reach = Asked::reach(plans);
        let measured =
            Period { from: period.from.minus(reach.before()), until: period.until.plus(reach.after()) };
        Asked { measured, latency, plans }
    }

    /// How far the rule sets look.
    pub fn reach(plans: &[&Plan]) -> Reach {
        plans.iter().map(|plan| Reach::of(plan)).reduce(Reach::or).unwrap_or_default()
    }
}

/// Why history cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] HistoryError),
    /// What it gave cannot be judged.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// There is nothing.
    #[error(
        "history has no reading of site {site}: davy import brings what another system recorded; what a running Davy takes in \
         is there within seconds"
    )]
    Empty {
        /// Which site.
        site: Arc<str>,
    },
    /// There are too many of one moment.
    #[error(
        "more than {max} readings of site {site} have the one time {at}: no clock runs so; name a time that leaves it out, with \
         --from and --until, and mend it where it was imported from"
    )]
    Dense {
        /// Which site.
        site: Arc<str>,
        /// Which moment.
        at: Timestamp,
        /// How many are fetched at once.
        max: usize,
    },
    /// There are too many that came late, all of which have to be held until their turn.
    #[error(
        "more than {max} readings of site {site} that were measured before {at} came later than that: name a time that ends \
         before, or begins after, with --from and --until, or a shorter --latency"
    )]
    Late {
        /// Which site.
        site: Arc<str>,
        /// Up to where they were read.
        at: Timestamp,
        /// How many are held at most.
        max: usize,
    },
}

impl Past {
    /// Looks at what a database has of a site. Nothing is written; a running Davy may be writing meanwhile.
    ///
    /// # Errors
    /// [`PastError::Empty`] when that is nothing, else as the store.
    pub async fn open(store: Arc<dyn Store>, site: &str) -> Result<Past, PastError> {
        let extent = store.extent(site).await?.ok_or_else(|| PastError::Empty { site: site.into() })?;
        let found = store.series(site, &[]).await?;
        let mut holes = store.state().await?.holes;
        holes.retain(|hole| *hole.site == *site);
        Ok(Past {
            store,
            runtime: tokio::runtime::Handle::current(),
            site: site.into(),
            extent,
            found,
            holes,
            fetched_max: FETCHED_MAX,
            held_max: HELD_MAX,
        })
    }

    /// When the oldest reading was measured, and just behind the newest.
    pub fn measured(&self) -> Period {
        Period { from: self.extent.first, until: self.extent.last.offset_micros(1) }
    }

    /// The files that were active where the site's journal has been taken in; none where all of it was imported.
    pub fn active(&self) -> Option<&Arc<Bundle>> {
        self.extent.active.as_ref()
    }

    /// Commits that history never had, which may be missing from a time on: those noticed before are of another time.
    pub fn holes_from(&self, from: Timestamp) -> Vec<Hole> {
        self.holes.iter().filter(|hole| hole.noticed >= from).cloned().collect()
    }

    /// What its readings are of, by the places that its entries speak of.
    pub fn series(&self) -> Arc<[LoggedSeries]> {
        let logged = |one: &Found| LoggedSeries {
            tag: Arc::clone(&one.series.tag),
            unit: Unit::parse(&one.series.unit),
        };
        self.found.iter().map(logged).collect()
    }

    /// Its readings in the order in which they arrived, the files `opening` before them. To be gone through where waiting is
    /// allowed, and not on a thread of the runtime that it was opened on.
    pub fn entries(&self, asked: &Asked<'_>, opening: Arc<Bundle>) -> Entries<'_> {
        let series = self.series();
        let is_taken = |one: &LoggedSeries| asked.plans.iter().any(|plan| one.is_taken_by(plan));
        let places: BTreeMap<i32, (u32, bool)> = (0..)
            .zip(&self.found)
            .zip(series.iter())
            .map(|((place, found), one)| (found.id, (place, is_taken(one))))
            .collect();
        Entries::new(self, asked, places, opening)
    }
}
