//! The Davys below this one.

use std::{collections::BTreeMap, sync::Arc};

use super::Lower;
use crate::config::LowerConfig;

/// The Davys below this one, by the name each is known by.
#[derive(Default)]
pub(crate) struct Lowers {
    by_name: BTreeMap<Arc<str>, Arc<Lower>>,
}

impl Lowers {
    /// Those configured. Where none is named, the silence of one is told in the site `first`.
    pub(crate) fn new(configured: &[LowerConfig], first: &Arc<str>) -> Lowers {
        let lower = |config: &LowerConfig| {
            let alarm_site = config.alarm_site.as_ref().unwrap_or(first);
            (Arc::clone(&config.name), Arc::new(Lower::new(config.clone(), Arc::clone(alarm_site))))
        };
        Lowers { by_name: configured.iter().map(lower).collect() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Lower>> {
        self.by_name.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Lower>> {
        self.by_name.values()
    }
}
