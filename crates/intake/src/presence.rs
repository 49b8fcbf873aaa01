//! Which edge nodes are there, and which connections speak for them.
//!
//! An edge node is lost when the last connection that spoke for it ends without a goodbye, or when its will says so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use davy_model::NodeChange;
use parking_lot::Mutex;

/// One connection's number, never used again while the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// The edge nodes of one site, by id. Outlives a reload of the site's files.
#[derive(Debug, Default)]
pub struct Presence {
    nodes: Mutex<BTreeMap<Arc<str>, Arc<NodePresence>>>,
}

/// One edge node.
#[derive(Debug, Default)]
pub struct NodePresence {
    state: AtomicU8,
    speakers: Mutex<BTreeSet<SessionId>>,
}

// 0: nothing is known of it.
const ONLINE: u8 = 1;
const OFFLINE: u8 = 2;
const LOST: u8 = 3;

impl Presence {
    /// The edge node with that id. Ids come from the site's files, so the map is bounded by them.
    pub fn node(&self, id: &Arc<str>) -> Arc<NodePresence> {
        Arc::clone(self.nodes.lock().entry(Arc::clone(id)).or_default())
    }
}

impl NodePresence {
    /// What it last was; `None` before it was ever heard.
    pub fn state(&self) -> Option<NodeChange> {
        match self.state.load(Ordering::Acquire) {
            ONLINE => Some(NodeChange::Online),
            OFFLINE => Some(NodeChange::Offline),
            LOST => Some(NodeChange::Lost),
            _ => None,
        }
    }

    /// Whether it is there: what a message of a session that already speaks for it asks, without a lock.
    pub fn is_online(&self) -> bool {
        self.state.load(Ordering::Acquire) == ONLINE
    }

    /// A session speaks for the node. True when that is news: the session's first word, or the node had been away.
    pub fn speak(&self, session: SessionId) -> bool {
        let mut speakers = self.speakers.lock();
        let new_speaker = speakers.insert(session);
        self.state.swap(ONLINE, Ordering::AcqRel) != ONLINE || new_speaker
    }

    /// The node is there, whichever connection brings it. True when that is news.
    pub fn return_home(&self) -> bool {
        let _speakers = self.speakers.lock();
        self.state.swap(ONLINE, Ordering::AcqRel) != ONLINE
    }

    /// A session speaks for the node in the place of another of the same client. That is no news.
    pub fn join(&self, session: SessionId) {
        self.speakers.lock().insert(session);
    }

    /// The node says, or its will says, that it is away. True when that is news.
    pub fn leave(&self, change: NodeChange) -> bool {
        let _speakers = self.speakers.lock();
        let code = match change {
            NodeChange::Online => ONLINE,
            NodeChange::Offline => OFFLINE,
            NodeChange::Lost => LOST,
        };
        self.state.swap(code, Ordering::AcqRel) != code
    }

    /// A session ends. True when the node is lost by it: nobody else speaks for it, it was there, and no goodbye was said.
    pub fn end(&self, session: SessionId, goodbye: bool) -> bool {
        let mut speakers = self.speakers.lock();
        let spoke = speakers.remove(&session);
        let lost = spoke && !goodbye && speakers.is_empty() && self.is_online();
        if lost {
            self.state.store(LOST, Ordering::Release);
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SessionId = SessionId(1);
    const B: SessionId = SessionId(2);

    #[test]
    fn online_is_said_once_per_session_and_again_after_a_loss() {
        let node = NodePresence::default();
        assert_eq!(node.state(), None);
        assert!(node.speak(A));
        assert!(!node.speak(A), "known");
        assert!(node.speak(B), "another session begins");
        assert!(node.leave(NodeChange::Lost));
        assert!(!node.leave(NodeChange::Lost), "known");
        assert!(node.speak(A), "it is back");
    }

    #[test]
    fn it_is_lost_only_when_the_last_speaker_goes_without_a_word() {
        let node = NodePresence::default();
        node.speak(A);
        node.speak(B);
        assert!(!node.end(A, false), "B still speaks for it");
        assert!(node.end(B, false));
        assert_eq!(node.state(), Some(NodeChange::Lost));
        assert!(!node.end(B, false), "ends once");
    }

    #[test]
    fn a_goodbye_is_no_loss() {
        let node = NodePresence::default();
        node.speak(A);
        assert!(!node.end(A, true));
        node.speak(B);
        node.leave(NodeChange::Offline);
        assert!(!node.end(B, false), "it had said that it goes");
        assert_eq!(node.state(), Some(NodeChange::Offline));
    }

    #[test]
    fn who_never_spoke_for_it_cannot_lose_it() {
        let node = NodePresence::default();
        node.speak(A);
        assert!(!node.end(B, false));
        assert!(node.is_online());
    }
}
