//! What the services and the pages look at: the sites being served.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock, atomic::Ordering},
    time::Duration,
};

use davy_access::{Caller, Permission, Scope, Tree};
use davy_delivery::{Feed, consumers::Consumers, exits::Exits};
use davy_door::DoorPublisher;
use davy_intake::{CallIntake, Intake, LetterStore};
use davy_model::Timestamp;

use crate::{
    activation::BrokerLinks,
    audit::Audit,
    canary::{self, Canary},
    certificates::Certificates,
    clock::Clock,
    config::ConsumerConfig,
    guard::Access,
    history::History,
    latest::Latest,
    link::{Lowers, Upward},
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
    /// Where readings come in over gRPC.
    pub(crate) calls: Arc<CallIntake>,
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
    /// The way to whoever came in at the MQTT door, where there is one, and its counters.
    pub(crate) door: OnceLock<DoorPublisher>,
    /// Where callers become known.
    pub(crate) access: Arc<Access>,
    /// What is served with TLS.
    pub(crate) certificates: Certificates,
    /// Who did what.
    pub(crate) audit: Arc<Audit>,
    /// Ways out to receivers, where any are configured.
    pub(crate) exits: Option<Arc<Exits>>,
    /// Who takes alerts under a name.
    pub(crate) consumers: Arc<Consumers>,
    /// Those that must listen.
    pub(crate) must_listen: Vec<ConsumerConfig>,
    /// Where sites lie in the administrative tree.
    pub(crate) tree: Arc<Tree>,
    /// How often a heartbeat goes down each site's alarm path.
    pub(crate) heartbeat_every: Duration,
    /// The Davys below.
    pub(crate) lowers: Lowers,
    /// The link to the Davy above, where one is configured.
    pub(crate) upward: Option<Arc<Upward>>,
}

impl Hub {
    /// The sites of plants: all but the canary's.
    pub(crate) fn plants(&self) -> impl Iterator<Item = &Arc<SiteService>> {
        self.sites.values().filter(|site| site.id.as_ref() != canary::SITE)
    }

    /// The plants that this Davy judges itself.
    pub(crate) fn own(&self) -> impl Iterator<Item = &Arc<SiteService>> {
        self.plants().filter(|site| site.forwarded.is_none())
    }

    /// The plants where the caller has the permission.
    pub(crate) fn plants_of(
        &self,
        caller: &Caller,
        permission: Permission,
    ) -> impl Iterator<Item = &Arc<SiteService>> {
        self.plants().filter(move |site| caller.may(permission, &site.id))
    }

    /// The ids of `asked`, or of all plants of the caller's when none is asked for: the canary's site is for who asks for it by
    /// name. One that is named twice is there once. An unknown one is returned as the error; one where the caller has not the
    /// permission is as unknown as that.
    pub(crate) fn sites_of(
        &self,
        caller: &Caller,
        permission: Permission,
        asked: &[String],
    ) -> Result<Vec<Arc<str>>, String> {
        if asked.is_empty() {
            return Ok(self.plants_of(caller, permission).map(|site| Arc::clone(&site.id)).collect());
        }
        let known = |id: &String| {
            self.site_of(caller, permission, id).map(|site| Arc::clone(&site.id)).ok_or_else(|| id.clone())
        };
        let mut named = BTreeSet::new();
        asked.iter().filter(|id| named.insert(*id)).map(known).collect()
    }

    /// Those of `sites` that lie at one of these places or below; all of them, when none is named. A place without any is
    /// returned as the error.
    pub(crate) fn within(&self, sites: Vec<Arc<str>>, scopes: &[Scope]) -> Result<Vec<Arc<str>>, Scope> {
        let lies = |scope: &Scope, site: &str| self.tree.place(site).is_some_and(|at| scope.covers(&at));
        if let Some(empty) = scopes.iter().find(|scope| !sites.iter().any(|site| lies(scope, site))) {
            return Err(empty.clone());
        }
        let is_within = |site: &Arc<str>| scopes.is_empty() || scopes.iter().any(|scope| lies(scope, site));
        Ok(sites.into_iter().filter(is_within).collect())
    }

    /// A site, if there is one and the caller has the permission there.
    pub(crate) fn site_of(
        &self,
        caller: &Caller,
        permission: Permission,
        id: &str,
    ) -> Option<&Arc<SiteService>> {
        self.sites.get(id).filter(|_| caller.may(permission, id))
    }

    /// The sites whose journal cannot be written now.
    pub(crate) fn failing_sites(&self) -> Vec<String> {
        let failing = self.sites.values().filter(|site| site.state.failing.load(Ordering::Acquire));
        failing.map(|site| site.id.to_string()).collect()
    }
}
