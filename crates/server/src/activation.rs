//! Other files of a site become active: its engine judges by them, and its readings are bound under them.

use std::sync::{Arc, Weak};

use davy_intake::{Way, broker::BrokerLink};
use parking_lot::Mutex;

use crate::{Loaded, hub::Hub, site::NoAnswer};

/// The links to brokers, which ask for other topics when a site's files change.
#[derive(Debug, Default)]
pub(crate) struct BrokerLinks(Mutex<Vec<Weak<BrokerLink>>>);

impl BrokerLinks {
    /// These from now on.
    pub(crate) fn set<'a>(&self, links: impl Iterator<Item = &'a Arc<BrokerLink>>) {
        *self.0.lock() = links.map(Arc::downgrade).collect();
    }

    /// None any more: they are about to end.
    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }

    fn sites_changed(&self) {
        // Under the lock, so that nobody holds a link that is being ended.
        self.0.lock().iter().filter_map(Weak::upgrade).for_each(|link| link.sites_changed());
    }
}

impl Hub {
    /// Makes other files of one of these sites active, and waits until that is durable.
    pub(crate) async fn make_active(&self, loaded: Loaded) -> Result<(), NoAnswer> {
        let service = self.sites.get(&loaded.bundle.site).ok_or(NoAnswer)?;
        let (described, revision) = (Arc::new(loaded.plan.site.clone()), Arc::clone(&loaded.plan.revision));
        let ways = Arc::clone(&loaded.ways);
        service.activate(loaded).await?;
        self.readdress(&service.id, &described, &revision, &ways);
        self.links.sites_changed();
        Ok(())
    }

    /// From now on readings of the site are bound under its new files.
    fn readdress(&self, id: &str, site: &Arc<davy_model::Site>, revision: &Arc<str>, ways: &Arc<[Way]>) {
        let directory = &self.intake.directory;
        let doors = directory.sites().into_iter().map(|door| {
            if door.site.id.as_ref() == id {
                Arc::new(door.reloaded(Arc::clone(site), Arc::clone(revision), Arc::clone(ways)))
            } else {
                door
            }
        });
        directory.replace(doors);
    }
}
