//! A plant, park or mine: the unit of order and of partition.

use std::{sync::Arc, time::Duration};

use crate::{Annunciation, Desk, Duties, NodeIndex, Source, Tag, TagIndex, Text, Tier, Timestamp};

/// A plant, park or mine, as its files describe it. Tags of two sites never meet in one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Its id, as in topics.
    pub id: Arc<str>,
    /// What people call it.
    pub title: Text,
    /// Parts of the site, in the file's order.
    pub areas: Vec<Area>,
    /// Who publishes for it, in the file's order.
    pub edge_nodes: Vec<EdgeNode>,
    /// What the edge nodes speak for, in the file's order.
    pub devices: Vec<Device>,
    /// Its tags, sorted by name.
    pub tags: Vec<Tag>,
    /// Where readings come from in another form than the native one, in the file's order.
    pub sources: Vec<Source>,
    /// What is believed of clocks.
    pub time: TimePolicy,
    /// How shelving is bounded.
    pub shelving: ShelvingPolicy,
    /// Who answers for what, in the file's order; none where one desk has it all.
    pub desks: Vec<Desk>,
    /// What an alarm of each tier asks of people.
    pub duties: Duties,
    /// How much is told at once.
    pub annunciation: Annunciation,
}

/// A part of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Its id.
    pub id: Arc<str>,
    /// What people call it.
    pub title: Text,
    /// The area it is a part of.
    pub parent: Option<Arc<str>>,
}

/// Who publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeNode {
    /// Its id, as in topics.
    pub id: Arc<str>,
    /// What people call it.
    pub title: Text,
    /// How long a lost edge node may take to come back before its tags raise their stale alarms. Its tags stop
    /// being evidence at once.
    pub loss_grace: Duration,
    /// With by-exception tags: for how long after its last message it still counts as alive.
    pub silence_limit: Duration,
}

/// What an edge node speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: Arc<str>,
    /// What people call it.
    pub title: Text,
    /// The edge node it hangs on.
    pub edge_node: Option<Arc<str>>,
}

/// What is believed of clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimePolicy {
    /// How far a source time may lie ahead of arrival before it is judged at its arrival time.
    pub max_ahead: Duration,
    /// How far a source time may lie behind arrival before the reading counts as late (a backlog).
    pub late_after: Duration,
    /// How far a source time may lie behind arrival at all.
    pub max_age: Duration,
    /// How long a backlog must pause before what it leaves active sounds, if no fresh reading comes first.
    pub backlog_settle: Duration,
}

/// How shelving is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShelvingPolicy {
    /// The longest an alarm may be shelved.
    pub max: Duration,
    /// From this tier on, shelving and out-of-service need a second person.
    pub two_person_from: Tier,
}

impl TimePolicy {
    /// When a reading was measured, as far as its source is believed: one that is too far ahead does not say when.
    pub fn believed(&self, source: Timestamp, arrival: Timestamp) -> Timestamp {
        if source > arrival.plus(self.max_ahead) { arrival } else { source }
    }
}

impl Default for TimePolicy {
    fn default() -> TimePolicy {
        TimePolicy {
            max_ahead: Duration::from_secs(5),
            late_after: Duration::from_secs(60),
            max_age: Duration::from_secs(366 * 86_400),
            backlog_settle: Duration::from_secs(1),
        }
    }
}

impl Default for ShelvingPolicy {
    fn default() -> ShelvingPolicy {
        ShelvingPolicy { max: Duration::from_secs(12 * 3600), two_person_from: Tier::Red }
    }
}

impl EdgeNode {
    /// No edge node may be called so: in topics this word stands for a site's alarms.
    pub const RESERVED: &str = "alarms";
    /// Used when the file does not say.
    pub const DEFAULT_LOSS_GRACE: Duration = Duration::from_secs(3);
    /// Used when the file does not say.
    pub const DEFAULT_SILENCE_LIMIT: Duration = Duration::from_secs(300);
}

impl Site {
    /// The desk that answers for an area: the one that names it, or names what it is a part of; else the one that has
    /// the rest.
    pub fn desk_of(&self, area: Option<&str>) -> Option<&Desk> {
        let mut at = area;
        // Areas end at one without a parent: that is checked when the files are read.
        while let Some(id) = at {
            if let Some(desk) = self.desks.iter().find(|desk| desk.areas.iter().any(|area| **area == *id)) {
                return Some(desk);
            }
            at = self.areas.iter().find(|area| *area.id == *id).and_then(|area| area.parent.as_deref());
        }
        self.desks.iter().find(|desk| desk.has_rest)
    }

    /// The place of the tag with that name.
    pub fn tag_index(&self, name: &str) -> Option<TagIndex> {
        let place = self.tags.binary_search_by(|tag| tag.name.as_ref().cmp(name)).ok()?;
        u32::try_from(place).ok().map(TagIndex)
    }

    /// The tag at that place.
    ///
    /// # Panics
    /// When the index was made under other files of the site.
    pub fn tag(&self, index: TagIndex) -> &Tag {
        &self.tags[index.0 as usize]
    }

    /// The place of the edge node with that id.
    pub fn node_index(&self, id: &str) -> Option<NodeIndex> {
        let place = self.edge_nodes.iter().position(|node| node.id.as_ref() == id)?;
        u32::try_from(place).ok().map(NodeIndex)
    }

    /// The edge node at that place.
    ///
    /// # Panics
    /// When the index was made under other files of the site.
    pub fn node(&self, index: NodeIndex) -> &EdgeNode {
        &self.edge_nodes[index.0 as usize]
    }
}
