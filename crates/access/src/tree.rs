//! Where each site lies in the administrative tree.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Scope, ScopeError};

/// Where each site lies. A site without an entry lies at the top, under its own id.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    places: BTreeMap<Arc<str>, Scope>,
}

impl Tree {
    /// Puts a site below a place: `park` below `370000/370500` lies at `370000/370500/park`.
    ///
    /// # Errors
    /// [`ScopeError`] when the place or the site's id is none.
    pub fn put(&mut self, site: &str, below: &str) -> Result<(), ScopeError> {
        let place: Scope = below.parse()?;
        self.places.insert(site.into(), place.below(site)?);
        Ok(())
    }

    /// Where a site lies. A name that can be no site's lies nowhere, and only the root covers it.
    pub fn place(&self, site: &str) -> Option<Scope> {
        match self.places.get(site) {
            Some(place) => Some(place.clone()),
            None => Scope::root().below(site).ok(),
        }
    }

    /// The sites that have a place.
    pub fn sites(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(|site| &**site)
    }
}
