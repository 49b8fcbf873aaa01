//! Tags that senders send and the site's files do not know: kept, counted and shown, never dropped in silence.

use std::collections::BTreeMap;
use std::sync::Arc;

use davy_model::Timestamp;
use parking_lot::Mutex;

/// A tag nobody has described yet.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscoveredTag {
    /// The name it is sent under.
    pub name: Arc<str>,
    /// Who sends it.
    pub edge_node: Arc<str>,
    /// How many readings came.
    pub count: u64,
    /// Arrival of the first.
    pub first_seen: Timestamp,
    /// Arrival of the last.
    pub last_seen: Timestamp,
    /// The last value, in the unit sent; none when there was none yet.
    pub last_value: Option<f64>,
    /// The last unit, as it was written; empty when none was.
    pub unit: Box<str>,
}

/// The tags discovered at one site, the first `tags_max` of them.
#[derive(Debug)]
pub struct Discovered {
    tags_max: usize,
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    tags: BTreeMap<(Arc<str>, Arc<str>), DiscoveredTag>,
    uncounted: u64,
}

impl Discovered {
    /// An empty list with room for `tags_max`.
    pub fn new(tags_max: usize) -> Discovered {
        Discovered { tags_max, list: Mutex::default() }
    }

    /// Notes one reading of an unknown tag.
    pub fn note(
        &self,
        edge_node: &Arc<str>,
        name: &str,
        value: Option<f64>,
        unit: Option<&str>,
        arrival: Timestamp,
    ) {
        let mut list = self.list.lock();
        let key = (Arc::clone(edge_node), Arc::from(name));
        let unit = unit.unwrap_or_default();
        if let Some(tag) = list.tags.get_mut(&key) {
            tag.count += 1;
            tag.last_seen = arrival;
            tag.last_value = value.or(tag.last_value);
            if *tag.unit != *unit {
                tag.unit = unit.into();
            }
        } else if list.tags.len() < self.tags_max {
            let tag = DiscoveredTag {
                name: Arc::clone(&key.1),
                edge_node: Arc::clone(edge_node),
                count: 1,
                first_seen: arrival,
                last_seen: arrival,
                last_value: value,
                unit: unit.into(),
            };
            list.tags.insert(key, tag);
        } else {
            list.uncounted += 1;
        }
    }

    /// Takes out the tags that are now known.
    pub fn forget(&self, known: impl Fn(&str) -> bool) {
        self.list.lock().tags.retain(|(_, name), _| !known(name));
    }

    /// All of them, by edge node and name.
    pub fn list(&self) -> Vec<DiscoveredTag> {
        self.list.lock().tags.values().cloned().collect()
    }

    /// Readings of further unknown tags, for which there was no room in the list.
    pub fn uncounted(&self) -> u64 {
        self.list.lock().uncounted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_tags_are_kept_up_to_a_bound_and_counted_beyond_it() {
        let discovered = Discovered::new(2);
        let node: Arc<str> = "gw-1".into();
        for (name, value, at) in [("a", 1.0, 10), ("b", 2.0, 20), ("c", 3.0, 30), ("a", 4.0, 40)] {
            discovered.note(&node, name, Some(value), Some("ppm"), Timestamp::from_micros(at));
        }
        let list = discovered.list();
        assert_eq!(list.len(), 2);
        assert_eq!(discovered.uncounted(), 1);
        let a = &list[0];
        assert_eq!((&*a.name, a.count, a.last_value, &*a.unit), ("a", 2, Some(4.0), "ppm"));
        assert_eq!((a.first_seen.as_micros(), a.last_seen.as_micros()), (10, 40));
        discovered.forget(|name| name == "a");
        assert_eq!(discovered.list().len(), 1);
    }
}
