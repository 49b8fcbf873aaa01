//! How the link to the upper Davy stands.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use davy_model::Timestamp;
use davy_proto::v1 as wire;
use parking_lot::Mutex;

/// How the link to the upper Davy stands, told by whoever drives it.
#[derive(Debug)]
pub(crate) struct Standing {
    told: Mutex<Told>,
}

#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) node: String,
    pub(super) since: Timestamp,
    /// Why it is down; `None` while it is up.
    pub(super) why: Option<String>,
    /// By site: the last transition that is on the upper one's disk.
    pub(super) confirmed: BTreeMap<Arc<str>, u64>,
    pub(super) refused: Vec<wire::LinkTaken>,
}

impl Standing {
    pub(super) fn new(now: Timestamp) -> Standing {
        Standing {
            told: Mutex::new(Told {
                node: String::new(),
                since: now,
                why: Some("not called yet".to_owned()),
                confirmed: BTreeMap::new(),
                refused: Vec::new(),
            }),
        }
    }

    /// It answered.
    pub(super) fn up(&self, now: Timestamp, welcome: &wire::LinkWelcome) {
        let mut told = self.told.lock();
        told.node.clone_from(&welcome.node);
        (told.since, told.why) = (now, None);
        told.refused = welcome.sites.iter().filter(|site| !site.refused.is_empty()).cloned().collect();
        let taken = welcome.sites.iter().filter(|site| site.refused.is_empty());
        told.confirmed = taken.map(|site| (site.site.as_str().into(), site.sequence)).collect();
    }

    /// It cannot be reached. True when that is new.
    pub(super) fn lost(&self, now: Timestamp, why: String) -> bool {
        let mut told = self.told.lock();
        let is_new = told.why.as_ref() != Some(&why);
        if told.why.is_none() {
            told.since = now;
        }
        told.why = Some(why);
        is_new
    }

    /// Everything of a site up to there is on its disk.
    pub(super) fn confirm(&self, site: &str, sequence: u64) {
        if let Some(confirmed) = self.told.lock().confirmed.get_mut(site) {
            *confirmed = sequence.max(*confirmed);
        }
    }

    pub(super) fn told(&self) -> Told {
        self.told.lock().clone()
    }

    /// For how long it is down, and why.
    pub(super) fn down(&self, now: Timestamp) -> Option<(Duration, String)> {
        let told = self.told.lock();
        told.why.clone().map(|why| (now.since(told.since), why))
    }
}
