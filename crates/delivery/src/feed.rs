//! All sites' feeds.

use std::{collections::BTreeMap, sync::Arc};

use crate::SiteFeed;

/// The feeds of all sites served, by id.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    sites: Arc<BTreeMap<Arc<str>, Arc<SiteFeed>>>,
}

impl Feed {
    /// A feed of these sites.
    pub fn new(sites: impl IntoIterator<Item = Arc<SiteFeed>>) -> Feed {
        let by_id = sites.into_iter().map(|site| (Arc::clone(site.site()), site)).collect();
        Feed { sites: Arc::new(by_id) }
    }

    /// The feed of one site.
    pub fn site(&self, id: &str) -> Option<&Arc<SiteFeed>> {
        self.sites.get(id)
    }

    /// All of them, by id.
    pub fn sites(&self) -> impl Iterator<Item = &Arc<SiteFeed>> {
        self.sites.values()
    }
}
