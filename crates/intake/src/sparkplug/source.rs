//! Which Sparkplug groups the sites' files name, and whose an edge node is.

use std::collections::BTreeSet;
use std::sync::Arc;

use davy_model::{NodeIndex, Site, SourceForm};

use crate::{Directory, SiteDoor};

/// The groups that sites listen to.
pub(crate) fn groups(directory: &Directory) -> BTreeSet<Arc<str>> {
    let sites = directory.sites();
    sites.iter().flat_map(|door| of(&door.site)).map(|(group, _)| Arc::clone(group)).collect()
}

/// The edge node of a site that a Sparkplug edge node is: the first site, by id, that knows it. `Err` with a site that
/// listens to the group and does not know it.
pub(crate) fn owner(
    directory: &Directory,
    group: &str,
    id: &str,
) -> Result<(Arc<SiteDoor>, NodeIndex), Option<Arc<SiteDoor>>> {
    let mut listens = None;
    for door in directory.sites() {
        let mut is_listening = false;
        let found = of(&door.site).filter(|(known, _)| ***known == *group).find_map(|(_, names)| {
            is_listening = true;
            let own = names.iter().find(|(sent, _)| **sent == *id).map_or(id, |(_, own)| own);
            door.site.node_index(own)
        });
        match found {
            Some(index) => return Ok((door, index)),
            None if is_listening && listens.is_none() => listens = Some(door),
            None => {}
        }
    }
    Err(listens)
}

/// Every edge node that may speak Sparkplug, as group and Sparkplug id: those named in a source, and the site's others under
/// their own ids.
pub(crate) fn edge_nodes(directory: &Directory) -> Vec<(Arc<str>, Arc<str>)> {
    let mut all = Vec::new();
    for door in directory.sites() {
        for (group, names) in of(&door.site) {
            let named = names.iter().map(|(sent, _)| Arc::clone(sent));
            let others =
                door.site.edge_nodes.iter().filter(|node| names.iter().all(|(_, own)| *own != node.id));
            let ids = named.chain(others.map(|node| Arc::clone(&node.id)));
            all.extend(ids.map(|id| (Arc::clone(group), id)));
        }
    }
    all
}

/// Whether a site listens to any group.
pub fn listens(site: &Site) -> bool {
    of(site).next().is_some()
}

type Names = [(Arc<str>, Arc<str>)];

fn of(site: &Site) -> impl Iterator<Item = (&Arc<str>, &Names)> {
    site.sources.iter().filter_map(|source| match &source.form {
        SourceForm::Sparkplug { group, edge_nodes } => Some((group, &edge_nodes[..])),
        SourceForm::Mapping(_) | SourceForm::Hj212 { .. } => None,
    })
}
