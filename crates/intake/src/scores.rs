//! The devices of one site, and how each serves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use davy_model::{NodeChange, NodeIndex, Reporting, Site, TagIndex, Timestamp};
use parking_lot::Mutex;

use crate::Presence;
use crate::score::{DeviceScore, Score};

/// An edge node's id, and the device's.
type Key = (Arc<str>, Option<Arc<str>>);

/// The marks of a site's devices. Ids come from the site's files, so the map is bounded by them; it outlives a reload.
#[derive(Debug, Default)]
pub struct Scores {
    devices: Mutex<BTreeMap<Key, Arc<Score>>>,
}

/// When each tag was measured last, as its readings said, whoever brought them.
#[derive(Debug)]
pub(crate) struct LastTimes(Box<[AtomicI64]>);

/// How many readings were to be expected since the one before, and how many of those never came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) expected: u32,
    pub(crate) missed: u32,
}

impl Scores {
    /// The marks of a tag's device at an edge node; those of the edge node itself, for a tag without a device.
    pub(crate) fn of_tag(&self, site: &Site, node: NodeIndex, tag: TagIndex) -> Arc<Score> {
        self.of((Arc::clone(&site.node(node).id), site.tag(tag).device.clone()))
    }

    /// The marks of an edge node itself.
    pub(crate) fn of_node(&self, site: &Site, node: NodeIndex) -> Arc<Score> {
        self.of((Arc::clone(&site.node(node).id), None))
    }

    fn of(&self, key: Key) -> Arc<Score> {
        Arc::clone(self.devices.lock().entry(key).or_default())
    }

    /// Gathers every device's marks; to be called every few seconds.
    pub fn gather(&self, site: &Site, presence: &Presence, now: Timestamp) {
        self.note_those_never_heard(site);
        for DeviceScore { edge_node, score, .. } in self.list() {
            let online = presence.node(&edge_node).state() == Some(NodeChange::Online);
            score.gather(online, now);
        }
    }

    /// All devices, by edge node and id.
    pub fn list(&self) -> Vec<DeviceScore> {
        let device = |((edge_node, device), score): (&Key, &Arc<Score>)| DeviceScore {
            edge_node: Arc::clone(edge_node),
            device: device.clone(),
            score: Arc::clone(score),
        };
        self.devices.lock().iter().map(device).collect()
    }

    /// A device that never said a word is a device too.
    fn note_those_never_heard(&self, site: &Site) {
        let mut devices = self.devices.lock();
        for device in &site.devices {
            if let Some(node) = &device.edge_node {
                devices.entry((Arc::clone(node), Some(Arc::clone(&device.id)))).or_default();
            }
        }
        for node in &site.edge_nodes {
            devices.entry((Arc::clone(&node.id), None)).or_default();
        }
    }
}

impl LastTimes {
    pub(crate) fn new(tags: usize) -> LastTimes {
        LastTimes((0..tags).map(|_| AtomicI64::new(i64::MIN)).collect())
    }

    /// Notes a reading of a tag, and counts those that its interval promised since the last one.
    #[inline]
    pub(crate) fn note(&self, tag: TagIndex, source_time: Timestamp, interval_us: i64) -> Expected {
        let time_us = source_time.as_micros();
        let last = &self.0[tag.0 as usize];
        let last_us = last.load(Ordering::Relaxed);
        if time_us <= last_us {
            return Expected::default();
        }
        last.store(time_us, Ordering::Relaxed);
        if last_us == i64::MIN || interval_us <= 0 {
            return Expected::default();
        }
        // Half an interval early or late is in time.
        let intervals = (time_us - last_us + interval_us / 2) / interval_us;
        let expected = u32::try_from(intervals).unwrap_or(u32::MAX);
        Expected { expected, missed: expected.saturating_sub(1) }
    }
}

/// What a tag's readings are expected at, µs; nothing is expected of one that reports by exception.
pub(crate) fn interval_us(site: &Site, tag: TagIndex) -> i64 {
    let tag = site.tag(tag);
    match tag.reporting {
        Reporting::Periodic => davy_model::micros(tag.expected_interval),
        Reporting::ByException => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::{NOW, park};

    #[test]
    fn what_an_interval_promised_and_did_not_come_is_missed() {
        let (times, second) = (LastTimes::new(1), 1_000_000);
        let at = |ms: u64| NOW.plus(Duration::from_millis(ms));
        for (ms, expected, missed) in [
            (0, 0, 0),
            (1000, 1, 0),
            (2400, 1, 0),
            (3100, 1, 0),
            (3200, 0, 0),
            (9000, 6, 5),
            (8000, 0, 0),
            (9000, 0, 0),
        ] {
            let told = times.note(TagIndex(0), at(ms), second);
            assert_eq!((told.expected, told.missed), (expected, missed), "{ms}");
        }
    }

    #[test]
    fn devices_that_were_never_heard_are_listed_and_offline() {
        let (scores, presence) = (Scores::default(), Presence::default());
        let site = park();
        scores.gather(&site, &presence, NOW);
        let list = scores.list();
        assert_eq!(list.len(), site.edge_nodes.len());
        assert!(list.iter().all(|device| device.score.last_day(NOW).scorecard().is_none()));
    }
}
