//! Whether a broker was asked for what it brings.

use std::collections::HashSet;

use davy_door::topic::{matches, name};

use super::shared::Shared;

/// Topics that are remembered. A broker that sends more has them compared again.
const TOPICS_MAX: usize = 16_384;
/// The longest topic, bytes: as at the door.
const TOPIC_LEN_MAX: usize = 1024;

/// The filters of one link, and topics that one of them matches.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Of the directory that the filters are of.
    generation: Option<u64>,
    filters: Vec<String>,
    known: HashSet<Box<str>>,
    /// Most messages have the topic of the one before: then nothing is hashed.
    last: String,
}

impl Asked {
    /// Whether a topic is one that the link asks for.
    pub(super) fn has(&mut self, shared: &Shared, topic: &str) -> bool {
        let generation = shared.intake.directory.generation();
        if self.generation != Some(generation) {
            let filters = shared.filters().into_iter().collect();
            *self = Asked { generation: Some(generation), filters, ..Asked::default() };
        }
        if name(topic.as_bytes(), TOPIC_LEN_MAX).is_none() {
            return false;
        }
        if self.last == topic {
            return true;
        }
        if !self.known.contains(topic) {
            if !self.filters.iter().any(|filter| matches(filter, topic)) {
                return false;
            }
            if self.known.len() >= TOPICS_MAX {
                self.known.clear();
            }
            self.known.insert(topic.into());
        }
        self.last.clear();
        self.last.push_str(topic);
        true
    }
}
