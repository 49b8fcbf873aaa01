//! What the rows of `tags.csv` may refer to.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use davy_model::Site;

use crate::{
    hazard_source::Drafts,
    report::Place,
    site_file::{Ids, Whole},
};

/// What a row may refer to; a list that is not whole is not there.
pub(crate) struct Known<'a> {
    /// The site's areas.
    pub(crate) areas: Option<Ids>,
    /// Its edge nodes.
    pub(crate) nodes: Option<Ids>,
    /// Its devices.
    pub(crate) devices: Option<Ids>,
    /// Its hazard sources.
    pub(crate) hazard_sources: Option<Ids>,
    /// How long each edge node counts as alive after its last message.
    pub(crate) silence_of_node: BTreeMap<&'a str, Duration>,
    /// On which edge node each device hangs.
    pub(crate) node_of_device: BTreeMap<&'a str, Option<&'a Arc<str>>>,
}

impl<'a> Known<'a> {
    /// Sorts what a site has by id, so that each row costs the same.
    pub(crate) fn new(site: &'a Site, whole: Whole, hazards: &Drafts) -> Known<'a> {
        let ids = |whole: bool, ids: Vec<&Arc<str>>| {
            whole.then(|| ids.into_iter().map(|id| (id.to_string(), Place::start_of(0))).collect())
        };
        let nodes = site.edge_nodes.iter();
        let devices = site.devices.iter();
        Known {
            areas: ids(whole.areas, site.areas.iter().map(|area| &area.id).collect()),
            nodes: ids(whole.nodes, nodes.clone().map(|node| &node.id).collect()),
            devices: ids(whole.devices, devices.clone().map(|device| &device.id).collect()),
            hazard_sources: hazards.whole.then(|| hazards.ids.clone()),
            silence_of_node: nodes.map(|node| (&*node.id, node.silence_limit)).collect(),
            node_of_device: devices.map(|device| (&*device.id, device.edge_node.as_ref())).collect(),
        }
    }
}
