//! Who hears what: topic filters, and the way from a message of ours to the connections that want it.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;

use crate::clients::Clients;
use crate::codec::Qos;
use crate::link::{Link, Outgoing};
use crate::stats::{Stats, StatsSnapshot};
use crate::topic;

/// A message of ours that cannot be sent: its topic is empty, too long, or holds a wildcard or NUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a topic name")]
pub struct NotATopic;

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Routed {
    /// Connections that will be sent it.
    pub queued: usize,
    /// Connections whose queue was full.
    pub dropped: usize,
}

#[derive(Debug, Clone)]
struct Subscriber {
    link: Arc<Link>,
    qos: Qos,
}

#[derive(Debug, Default)]
struct Index {
    exact: HashMap<Box<str>, Vec<Subscriber>>,
    wild: HashMap<Box<str>, Vec<Subscriber>>,
}

impl Index {
    fn side(&mut self, filter: &str) -> &mut HashMap<Box<str>, Vec<Subscriber>> {
        if topic::has_wildcard(filter) { &mut self.wild } else { &mut self.exact }
    }

    /// Every connection with a matching filter once, at the highest QoS it was granted.
    fn matching(&self, topic: &str) -> Vec<Subscriber> {
        let mut found = self.exact.get(topic).cloned().unwrap_or_default();
        for (_, subscribers) in self.wild.iter().filter(|(filter, _)| topic::matches(filter, topic)) {
            for subscriber in subscribers {
                match found.iter_mut().find(|known| Arc::ptr_eq(&known.link, &subscriber.link)) {
                    Some(known) => known.qos = known.qos.max(subscriber.qos),
                    None => found.push(subscriber.clone()),
                }
            }
        }
        found
    }
}

/// Sends messages to clients; cheap to clone, and of use before the door is open.
///
/// Clients never hear each other: this is the only way to them.
#[derive(Debug, Clone, Default)]
pub struct DoorPublisher {
    index: Arc<RwLock<Index>>,
    stats: Arc<Stats>,
    clients: Arc<Clients>,
}

impl DoorPublisher {
    /// A publisher for a door to come (see [`crate::Door::start_with`]).
    pub fn new() -> Self {
        Self::default()
    }

    /// The counters of its door now.
    pub fn counts(&self) -> StatsSnapshot {
        self.stats.snapshot()
    }

    /// Has the door ask of every client that is in whether it is [still welcome](crate::Handler::is_welcome).
    pub fn ask_again(&self) {
        self.clients.ask_all();
    }

    pub(crate) fn clients(&self) -> &Arc<Clients> {
        &self.clients
    }

    pub(crate) fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }

    /// Queues a message for every connection that subscribed to its topic, once each, at most at the QoS it was granted.
    ///
    /// Never waits: a full queue drops the message for that connection, and counts it. Nothing is kept for those who are away.
    ///
    /// # Errors
    /// [`NotATopic`].
    pub fn publish(&self, topic: &str, payload: impl Into<Bytes>, qos: Qos) -> Result<Routed, NotATopic> {
        if topic::name(topic.as_bytes(), usize::from(u16::MAX)).is_none() {
            return Err(NotATopic);
        }
        let found = self.index.read().matching(topic);
        let mut routed = Routed::default();
        if found.is_empty() {
            return Ok(routed);
        }
        let (topic, payload): (Arc<str>, Bytes) = (topic.into(), payload.into());
        for subscriber in found {
            let qos = qos.min(subscriber.qos);
            let message = Outgoing { topic: Arc::clone(&topic), payload: payload.clone(), qos };
            if subscriber.link.push(message) {
                routed.queued += 1;
            } else {
                routed.dropped += 1;
            }
        }
        self.stats.outgoing_queued.add(routed.queued);
        self.stats.outgoing_dropped_full.add(routed.dropped);
        Ok(routed)
    }

    /// Queues a message for one connection, and counts whether it found room.
    pub(crate) fn tell(&self, link: &Link, message: Outgoing) {
        let counter =
            if link.push(message) { &self.stats.outgoing_queued } else { &self.stats.outgoing_dropped_full };
        counter.one();
    }

    pub(crate) fn subscribe(&self, filter: &str, link: &Arc<Link>, qos: Qos) {
        let mut index = self.index.write();
        let side = index.side(filter);
        let subscribers = match side.get_mut(filter) {
            Some(subscribers) => subscribers,
            None => side.entry(filter.into()).or_default(),
        };
        subscribers.retain(|known| !Arc::ptr_eq(&known.link, link));
        subscribers.push(Subscriber { link: Arc::clone(link), qos });
    }

    pub(crate) fn unsubscribe(&self, filter: &str, link: &Arc<Link>) {
        let mut index = self.index.write();
        let side = index.side(filter);
        let Some(subscribers) = side.get_mut(filter) else { return };
        subscribers.retain(|known| !Arc::ptr_eq(&known.link, link));
        if subscribers.is_empty() {
            side.remove(filter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(number: u64) -> Arc<Link> {
        Arc::new(Link::new(number, 2, 1000))
    }

    #[test]
    fn overlapping_filters_deliver_once_at_the_higher_qos() {
        let (publisher, link) = (DoorPublisher::new(), link(1));
        publisher.subscribe("a/b", &link, Qos::AtMostOnce);
        publisher.subscribe("a/+", &link, Qos::AtLeastOnce);
        publisher.subscribe("a/#", &link, Qos::AtMostOnce);
        let routed = publisher.publish("a/b", &b"x"[..], Qos::AtLeastOnce);
        assert_eq!(routed, Ok(Routed { queued: 1, dropped: 0 }));
        let message = link.pop_if(|_| true).expect("one message");
        assert_eq!((message.qos, link.has_outgoing()), (Qos::AtLeastOnce, false));
    }

    #[test]
    fn a_full_queue_drops_and_counts() {
        let (publisher, link) = (DoorPublisher::new(), link(1));
        publisher.subscribe("a", &link, Qos::AtMostOnce);
        let dropped: Vec<_> =
            (0..3).map(|_| publisher.publish("a", &b"x"[..], Qos::AtMostOnce).map(|r| r.dropped)).collect();
        assert_eq!(dropped, [Ok(0), Ok(0), Ok(1)]);
        link.pop_if(|_| true).expect("room again");
        let long = Bytes::from(vec![0; 1000]);
        assert_eq!(publisher.publish("a", long, Qos::AtMostOnce).map(|r| r.dropped), Ok(1));
        let stats = publisher.stats.snapshot();
        assert_eq!((stats.outgoing_queued, stats.outgoing_dropped_full), (2, 2));
    }

    #[test]
    fn the_last_to_leave_a_filter_takes_it_away() {
        let (publisher, one, two) = (DoorPublisher::new(), link(1), link(2));
        for filter in ["a", "a/#"] {
            publisher.subscribe(filter, &one, Qos::AtMostOnce);
            publisher.subscribe(filter, &two, Qos::AtMostOnce);
            publisher.unsubscribe(filter, &one);
        }
        assert_eq!(publisher.publish("a", Bytes::new(), Qos::AtMostOnce).map(|r| r.queued), Ok(1));
        publisher.unsubscribe("a", &two);
        publisher.unsubscribe("a/#", &two);
        let index = publisher.index.read();
        assert!(index.exact.is_empty() && index.wild.is_empty());
    }

    #[test]
    fn a_wildcard_is_no_topic() {
        for topic in ["", "a/#", "+", "a\0"] {
            assert_eq!(DoorPublisher::new().publish(topic, Bytes::new(), Qos::AtMostOnce), Err(NotATopic));
        }
    }
}
