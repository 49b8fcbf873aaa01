//! What the services and the pages look at: the sites being served.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use davy_delivery::Feed;
use davy_intake::{Intake, LetterStore};
use davy_model::Timestamp;

use crate::{
    activation::BrokerLinks,
    canary::{self, Canary},
    clock::Clock,
    history::History,
    latest::Latest,
    pulse::Pulse,
    revisions::Revisions,
    site::SiteService,
};

/// The sites being served, and what is shared between them.
pub(crate) struct Hub {
    pub(crate) sites: BTreeMap<Arc<str>, Arc<SiteService>>,
    pub(crate) feed: Feed,
    /// The last reading of every tag.
    pub(crate) latest: Arc<Latest>,
    pub(crate) intake: Arc<Intake>,
    /// The file that the dead letters of all sites outlive the process in.
    pub(crate) letters: LetterStore,
    pub(crate) clock: Clock,
    pub(crate) started: Timestamp,
    /// What heartbeats call this Davy.
    pub(crate) node: String,
    pub(crate) canary: Arc<Canary>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) revisions: Revisions,
    /// History, where any is kept.
    pub(crate) history: Option<Arc<History>>,
    pub(crate) links: BrokerLinks,
}

impl Hub {
    /// The sites of plants: all but the canary's.
    pub(crate) fn plants(&self) -> impl Iterator<Item = &Arc<SiteService>> {
        self.sites.values().filter(|site| site.id.as_ref() != canary::SITE)
    }

    /// The ids of `asked`, or of all plants when none is asked for: the canary's site is for who asks for it by name. An
    /// unknown one is returned as the error.
    pub(crate) fn sites_of(&self, asked: &[String]) -> Result<Vec<Arc<str>>, String> {
        if asked.is_empty() {
            return Ok(self.plants().map(|site| Arc::clone(&site.id)).collect());
        }
        let known = |id: &String| {
            self.sites.get_key_value(id.as_str()).map(|(id, _)| Arc::clone(id)).ok_or_else(|| id.clone())
        };
        asked.iter().map(known).collect()
    }

    /// The sites whose journal cannot be written now.
    pub(crate) fn failing_sites(&self) -> Vec<String> {
        let failing = self.sites.values().filter(|site| site.state.failing.load(Ordering::Acquire));
        failing.map(|site| site.id.to_string()).collect()
    }
}
