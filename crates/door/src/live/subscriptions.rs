//! The topic filters of one connection. However it ends, the door forgets them.

use std::sync::Arc;

use crate::codec::Qos;
use crate::link::Link;
use crate::publisher::DoorPublisher;

#[derive(Debug)]
pub(super) struct Subscriptions<'a> {
    publisher: &'a DoorPublisher,
    link: &'a Arc<Link>,
    filters: Vec<Box<str>>,
}

impl<'a> Subscriptions<'a> {
    pub(super) fn new(publisher: &'a DoorPublisher, link: &'a Arc<Link>) -> Self {
        Self { publisher, link, filters: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.filters.len()
    }

    pub(super) fn contains(&self, filter: &str) -> bool {
        self.filters.iter().any(|known| **known == *filter)
    }

    pub(super) fn add(&mut self, filter: &str, qos: Qos) {
        self.publisher.subscribe(filter, self.link, qos);
        if !self.contains(filter) {
            self.filters.push(filter.into());
        }
    }

    /// Whether there was such a filter.
    pub(super) fn remove(&mut self, filter: &str) -> bool {
        let Some(index) = self.filters.iter().position(|known| **known == *filter) else { return false };
        self.filters.swap_remove(index);
        self.publisher.unsubscribe(filter, self.link);
        true
    }

    /// Forgets all, and counts the messages that will not be sent.
    pub(super) fn clear(&mut self) {
        for filter in self.filters.drain(..) {
            self.publisher.unsubscribe(&filter, self.link);
        }
        self.publisher.stats().outgoing_dropped_closed.add(self.link.close());
    }
}

impl Drop for Subscriptions<'_> {
    /// For a handler that panicked, and for a door that was dropped.
    fn drop(&mut self) {
        self.clear();
    }
}
