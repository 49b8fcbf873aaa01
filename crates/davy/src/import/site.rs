//! Where readings go: a site's tags as its files have them, and the store of the configuration.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use davy_history::{Series, Store};
use davy_model::Tag;
use davy_server::{Flags, SiteSource};

use crate::check_config;

/// The site and the store.
pub(super) struct Target {
    pub(super) tags: Tags,
    /// None when nothing is to be written.
    pub(super) store: Option<Arc<dyn Store>>,
}

/// The tags of a site, by the names they go by.
pub(super) struct Tags {
    tags: Vec<Tag>,
    series: Vec<Series>,
    places: BTreeMap<Arc<str>, usize>,
}

impl Target {
    /// What the configuration says of this site, or everything that is wrong with it.
    pub(super) fn open(config: Option<&Path>, site: &str, writes: bool) -> Result<Target, Vec<String>> {
        let config = check_config::load(config, &Flags::default())?;
        let tags = Tags::of(&config.sites, site)?;
        let store = writes
            .then(|| config.history_store())
            .transpose()
            .map_err(|problem| vec![problem.to_string()])?;
        Ok(Target { tags, store })
    }
}

impl Tags {
    fn of(sources: &[SiteSource], site: &str) -> Result<Tags, Vec<String>> {
        let mut names = Vec::new();
        for source in sources {
            let loaded = source.load()?;
            if *loaded.plan.site.id == *site {
                return Ok(Tags::new(loaded.plan.site.tags.clone()));
            }
            names.push(loaded.plan.site.id.to_string());
        }
        Err(vec![format!("the configuration has no site {site}; it has: {}", names.join(", "))])
    }

    fn new(tags: Vec<Tag>) -> Tags {
        let mut places = BTreeMap::new();
        for (place, tag) in tags.iter().enumerate() {
            if let Some(sent_as) = &tag.sent_as {
                places.insert(Arc::clone(sent_as), place);
            }
        }
        // A tag's own name goes before what another is sent as.
        places.extend(tags.iter().enumerate().map(|(place, tag)| (Arc::clone(&tag.name), place)));
        let series = tags.iter().map(Series::of).collect();
        Tags { tags, series, places }
    }

    /// The tag of this name, with its place.
    pub(super) fn find(&self, name: &str) -> Option<(u32, &Tag)> {
        let place = *self.places.get(name)?;
        Some((u32::try_from(place).ok()?, self.tags.get(place)?))
    }

    /// A series for each tag, at its place.
    pub(super) fn series(&self) -> &[Series] {
        &self.series
    }
}
