//! All edge nodes that speak Sparkplug, and what waits for them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use davy_codec::Limits;
use davy_codec::sparkplug::{Settings, state_payload, state_topic};
use davy_model::Timestamp;
use parking_lot::Mutex;

use super::node::Node;
use super::source::edge_nodes;
use crate::batch::Batch;
use crate::feedback::Route;
use crate::{Directory, Intake};

/// How often it is looked whether something awaited is missing.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What the configuration says of Sparkplug.
#[derive(Clone, Debug)]
pub struct SparkplugConfig {
    /// Davy's id as a host application: the last level of its STATE topic. It must be this Davy's alone.
    pub host_id: Arc<str>,
    /// How long a message that came too early waits for those before it.
    pub reorder_timeout: Duration,
    /// The least time between two requests for births of one edge node.
    pub rebirth_min_interval: Duration,
}

/// Davy as a Sparkplug host application.
#[derive(Debug)]
pub struct SparkplugHost {
    host_id: Arc<str>,
    settings: Settings,
    /// Ids come from the sites' files, so the map is bounded by them.
    nodes: Mutex<Nodes>,
}

/// Edge nodes by group and id.
type Nodes = BTreeMap<(Arc<str>, Arc<str>), Arc<Node>>;

impl Default for SparkplugConfig {
    /// `davy`, and the times of [`Settings`].
    fn default() -> SparkplugConfig {
        let settings = Settings::default();
        SparkplugConfig {
            host_id: "davy".into(),
            reorder_timeout: settings.reorder_timeout,
            rebirth_min_interval: settings.rebirth_min_interval,
        }
    }
}

impl SparkplugHost {
    pub(crate) fn new(config: SparkplugConfig, payload_len_max: usize) -> SparkplugHost {
        let settings = Settings {
            reorder_timeout: config.reorder_timeout,
            rebirth_min_interval: config.rebirth_min_interval,
            limits: Limits { payload_len_max, ..Limits::default() },
            ..Settings::default()
        };
        SparkplugHost { host_id: config.host_id, settings, nodes: Mutex::default() }
    }

    /// Where Davy says whether it is there.
    pub fn state_topic(&self) -> String {
        state_topic(&self.host_id)
    }

    /// What it says there, since or at that moment.
    pub(crate) fn state(&self, online: bool, at: Timestamp) -> Vec<u8> {
        state_payload(online, at)
    }

    /// The edge node of that group and id, which must be one of the sites'.
    pub(crate) fn node(&self, group: &str, id: &str) -> Arc<Node> {
        let key = (Arc::from(group), Arc::from(id));
        let fresh = || Arc::new(Node::new(Arc::clone(&key.0), Arc::clone(&key.1), self.settings));
        Arc::clone(self.nodes.lock().entry((Arc::clone(&key.0), Arc::clone(&key.1))).or_insert_with(fresh))
    }

    /// The edge node of that group and id, if it has been asked for.
    pub(super) fn known(&self, group: &str, id: &str) -> Option<Arc<Node>> {
        self.nodes.lock().get(&(Arc::from(group), Arc::from(id))).map(Arc::clone)
    }

    fn nodes(&self) -> Vec<Arc<Node>> {
        self.nodes.lock().values().map(Arc::clone).collect()
    }

    /// A way to edge nodes is open: births are asked for of all that are not known to be alive.
    pub(crate) fn way_opened(&self, intake: &Intake, route: Route, directory: &Directory) -> Batch {
        let mut batch = Batch::default();
        for (group, id) in edge_nodes(directory) {
            self.node(&group, &id).want_births(intake, route, &mut batch);
        }
        batch
    }

    /// A way is closed: nothing is known any more of the edge nodes that were heard by it.
    pub(crate) fn way_closed(&self, intake: &Intake, route: Route) -> Batch {
        let mut batch = Batch::default();
        for node in self.nodes() {
            node.lose_by(intake, route, &mut batch);
        }
        batch
    }

    /// Looks after what is awaited, for as long as it is polled.
    pub(crate) async fn watch(&self, intake: &Arc<Intake>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = intake.now();
            for node in self.nodes() {
                node.look(intake, now);
            }
        }
    }
}
