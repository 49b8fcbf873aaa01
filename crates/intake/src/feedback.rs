//! What Davy answers an edge node: how much it accepted, and what it refused and why.
//!
//! Aggregated and bounded: whatever a node sends, it gets at most one document a flush (a second), with at most
//! [`Document::PROBLEMS_MAX`] problems in it; the rest are counted. A node is answered when there is something to mend, and once at
//! the beginning of a session, so that whoever puts a device to work sees that it is heard.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use bytes::Bytes;
use davy_codec::Feedback as Document;
use parking_lot::Mutex;

use crate::Rejection;
use crate::topic::feedback_topic;

/// Ways back that can be told apart: the door, and brokers.
const ROUTES_MAX: usize = 16;

/// A way back to edge nodes: the door, or a broker's client. Never waits.
pub trait Publisher: Send + Sync {
    /// Sends a message at QoS 1, not retained. False when it had to be dropped.
    fn publish(&self, topic: &str, payload: Bytes) -> bool;

    /// Sends a Sparkplug command: at QoS 0, not retained. False when nobody would have heard it.
    fn command(&self, topic: &str, payload: Bytes) -> bool;
}

/// Which way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route(u8);

/// All ways back, and what waits to be said.
#[derive(Default)]
pub struct Feedback {
    publishers: Mutex<Vec<Option<Arc<dyn Publisher>>>>,
    due: Mutex<Vec<Arc<NodeFeedback>>>,
    published: AtomicU64,
    dropped: AtomicU64,
}

/// The edge nodes of one site, by id.
#[derive(Debug)]
pub(crate) struct SiteFeedback {
    site: Arc<str>,
    nodes: Mutex<BTreeMap<Arc<str>, Arc<NodeFeedback>>>,
}

/// What waits to be said to one edge node.
#[derive(Debug)]
pub(crate) struct NodeFeedback {
    topic: String,
    route: AtomicU8,
    is_due: AtomicBool,
    accepted: AtomicU64,
    rejected: AtomicU64,
    problems: Mutex<Problems>,
}

#[derive(Debug, Default)]
struct Problems {
    seq: Option<u64>,
    list: Vec<Rejection>,
    omitted: u32,
}

/// What came of one message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) seq: Option<u64>,
    pub(crate) accepted: u64,
    pub(crate) rejected: u64,
}

impl Feedback {
    /// A way back, to be connected when its publisher exists.
    ///
    /// # Panics
    /// At the seventeenth: a process has a door and a few brokers.
    pub fn route(&self) -> Route {
        let mut publishers = self.publishers.lock();
        assert!(publishers.len() < ROUTES_MAX, "more ways back than a process has");
        publishers.push(None);
        Route(publishers.len() as u8 - 1)
    }

    /// Connects a way back, or replaces its publisher.
    pub fn connect(&self, route: Route, publisher: Arc<dyn Publisher>) {
        self.publishers.lock()[usize::from(route.0)] = Some(publisher);
    }

    /// Says all that is due; to be called once a second.
    pub fn flush(&self) {
        let due = std::mem::take(&mut *self.due.lock());
        for node in due {
            // Before the numbers are taken: what comes in between makes the node due again.
            node.is_due.store(false, Ordering::Release);
            let document = node.take();
            let route = usize::from(node.route.load(Ordering::Relaxed));
            let publisher = self.publishers.lock().get(route).cloned().flatten();
            let sent =
                publisher.is_some_and(|publisher| publisher.publish(&node.topic, document.to_json().into()));
            let counter = if sent { &self.published } else { &self.dropped };
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sends a Sparkplug command by that way, now. False when nobody would have heard it.
    pub(crate) fn command(&self, route: Route, topic: &str, payload: Bytes) -> bool {
        let publisher = self.publishers.lock().get(usize::from(route.0)).cloned().flatten();
        publisher.is_some_and(|publisher| publisher.command(topic, payload))
    }

    /// Documents sent.
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Relaxed)
    }

    /// Documents lost: no way back, or a full one. They can be: what they say is in the dead letters as well.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Counts a message without remarks. No lock: this is the good path.
    pub(crate) fn good(&self, node: &NodeFeedback, accepted: u64) {
        node.accepted.fetch_add(accepted, Ordering::Relaxed);
    }

    /// Notes a message with remarks.
    pub(crate) fn note(&self, node: &Arc<NodeFeedback>, route: Route, outcome: Outcome, found: &[Rejection]) {
        node.accepted.fetch_add(outcome.accepted, Ordering::Relaxed);
        node.rejected.fetch_add(outcome.rejected, Ordering::Relaxed);
        node.problems.lock().add(outcome.seq, found);
        self.answer(node, route);
    }

    /// Tells a node something that no message of it just brought, by the way it came last.
    pub(crate) fn tell(&self, node: &Arc<NodeFeedback>, found: &[Rejection]) {
        node.problems.lock().add(None, found);
        self.make_due(node);
    }

    /// Makes a document due, whether or not there is anything to mend.
    pub(crate) fn answer(&self, node: &Arc<NodeFeedback>, route: Route) {
        node.route.store(route.0, Ordering::Relaxed);
        self.make_due(node);
    }

    fn make_due(&self, node: &Arc<NodeFeedback>) {
        if !node.is_due.swap(true, Ordering::AcqRel) {
            self.due.lock().push(Arc::clone(node));
        }
    }
}

impl SiteFeedback {
    pub(crate) fn new(site: Arc<str>) -> SiteFeedback {
        SiteFeedback { site, nodes: Mutex::default() }
    }

    /// The edge node with that id. Ids come from the site's files, so the map is bounded by them.
    pub(crate) fn node(&self, id: &Arc<str>) -> Arc<NodeFeedback> {
        let fresh = || {
            Arc::new(NodeFeedback {
                topic: feedback_topic(&self.site, id),
                route: AtomicU8::new(u8::MAX),
                is_due: AtomicBool::new(false),
                accepted: AtomicU64::new(0),
                rejected: AtomicU64::new(0),
                problems: Mutex::default(),
            })
        };
        Arc::clone(self.nodes.lock().entry(Arc::clone(id)).or_insert_with(fresh))
    }
}

impl NodeFeedback {
    fn take(&self) -> Document {
        let problems = std::mem::take(&mut *self.problems.lock());
        let count =
            |counter: &AtomicU64| u32::try_from(counter.swap(0, Ordering::Relaxed)).unwrap_or(u32::MAX);
        Document {
            seq: problems.seq,
            accepted: count(&self.accepted),
            rejected: count(&self.rejected),
            problems: problems.list,
            problems_omitted: problems.omitted,
        }
    }
}

impl Problems {
    /// The same remark twice is said once and counted.
    fn add(&mut self, seq: Option<u64>, found: &[Rejection]) {
        self.seq = seq.or(self.seq);
        for finding in found {
            if self.list.len() < Document::PROBLEMS_MAX && !self.list.contains(finding) {
                self.list.push(finding.clone());
            } else {
                self.omitted = self.omitted.saturating_add(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use davy_model::Reason;

    use super::*;
    use crate::remark::remark;

    #[derive(Default)]
    struct Paper(Mutex<Vec<(String, Bytes)>>);

    impl Publisher for Paper {
        fn publish(&self, topic: &str, payload: Bytes) -> bool {
            self.0.lock().push((topic.to_owned(), payload));
            true
        }

        fn command(&self, topic: &str, payload: Bytes) -> bool {
            self.publish(topic, payload)
        }
    }

    fn setting() -> (Feedback, Route, Arc<Paper>, Arc<NodeFeedback>) {
        let (feedback, paper) = (Feedback::default(), Arc::new(Paper::default()));
        let route = feedback.route();
        feedback.connect(route, Arc::<Paper>::clone(&paper));
        let node = SiteFeedback::new("park".into()).node(&"gw-1".into());
        (feedback, route, paper, node)
    }

    fn finding(pointer: usize) -> Rejection {
        let mut finding = remark(Reason::PointUnknown, "AT-9", "a tag of the site", "ask the site");
        finding.pointer = format!("/readings/{pointer}");
        finding
    }

    fn outcome(rejected: u64) -> Outcome {
        Outcome { seq: Some(7), accepted: 1, rejected }
    }

    #[test]
    fn a_chatty_node_gets_one_bounded_document_a_flush() {
        let (feedback, route, paper, node) = setting();
        for message in 0..1000 {
            feedback.note(&node, route, outcome(1), &[finding(message)]);
        }
        feedback.flush();
        feedback.flush();
        let said = paper.0.lock();
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].0, "davy/v1/park/gw-1/feedback");
        let document: serde_json::Value = serde_json::from_slice(&said[0].1).expect("JSON");
        assert_eq!(document["accepted"], 1000);
        assert_eq!(document["rejected"], 1000);
        assert_eq!(document["problems"].as_array().map(Vec::len), Some(Document::PROBLEMS_MAX));
    }

    #[test]
    fn what_is_said_is_said_once_and_the_rest_is_counted() {
        let (feedback, route, _, node) = setting();
        let twenty_five: Vec<Rejection> = (0..25).map(finding).collect();
        feedback.note(&node, route, outcome(25), &twenty_five);
        feedback.note(&node, route, outcome(1), &[finding(0)]);
        let document = node.take();
        assert_eq!((document.problems.len(), document.problems_omitted, document.rejected), (20, 6, 26));
        assert_eq!(document.seq, Some(7));
        assert_eq!(node.take().problems, []);
    }

    #[test]
    fn good_messages_are_not_answered_but_counted_in_the_next_answer() {
        let (feedback, route, paper, node) = setting();
        feedback.good(&node, 5);
        feedback.flush();
        assert_eq!(paper.0.lock().len(), 0);
        feedback.answer(&node, route);
        feedback.flush();
        let document: serde_json::Value = serde_json::from_slice(&paper.0.lock()[0].1).expect("JSON");
        assert_eq!((&document["accepted"], &document["rejected"]), (&5.into(), &0.into()));
    }

    #[test]
    fn without_a_way_back_it_is_dropped_and_counted() {
        let feedback = Feedback::default();
        let route = feedback.route();
        let node = SiteFeedback::new("park".into()).node(&"gw-1".into());
        feedback.answer(&node, route);
        feedback.flush();
        assert_eq!((feedback.published(), feedback.dropped()), (0, 1));
    }
}
