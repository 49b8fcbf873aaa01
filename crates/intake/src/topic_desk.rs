//! What one connection knows of one topic.

use std::sync::Arc;

use davy_model::NodeChange;
use parking_lot::Mutex;

use crate::address::Reads;
use crate::batch::Batch;
use crate::bind::NodeBinding;
use crate::desk::Spoken;
use crate::feedback::{NodeFeedback, Outcome, Route};
use crate::gaps::Track;
use crate::message::Message;
use crate::presence::{NodePresence, SessionId};
use crate::{Intake, Origin, Rejection};

/// What is known of one topic.
#[derive(Debug)]
pub(crate) struct TopicDesk {
    pub(crate) topic: Arc<str>,
    pub(crate) reads: Reads,
    pub(crate) node_id: Arc<str>,
    pub(crate) binding: NodeBinding,
    pub(crate) presence: Arc<NodePresence>,
    pub(crate) feedback: Arc<NodeFeedback>,
    pub(crate) announced: bool,
    /// Whether the sender may publish here, once somebody asked.
    pub(crate) allowed: Option<bool>,
    pub(crate) seqs: Arc<Mutex<Track>>,
}

impl TopicDesk {
    /// The edge node speaks by that session.
    pub(crate) fn online(&mut self, session: SessionId, spoke: &mut Spoken, batch: &mut Batch) {
        if self.presence.speak(session) {
            batch.site(&self.binding.door).node(self.binding.node, NodeChange::Online);
        }
        let key = (Arc::clone(&self.binding.door.site.id), Arc::clone(&self.node_id));
        spoke.entry(key).or_insert_with(|| Arc::clone(&self.presence));
    }

    /// Tells the sender what came of its message, and keeps what is wrong with it.
    pub(crate) fn report(
        &self,
        intake: &Intake,
        route: Route,
        message: &Message<'_>,
        outcome: Outcome,
        found: &[Rejection],
    ) {
        if found.is_empty() {
            intake.feedback.good(&self.feedback, outcome.accepted);
            return;
        }
        let door = &self.binding.door;
        let origin = Origin {
            arrival: message.arrival,
            site: Arc::clone(&door.site.id),
            edge_node: Arc::clone(&self.node_id),
            topic: Arc::clone(&self.topic),
            sender: None,
        };
        door.dead_letters.keep(&origin, found, message.payload);
        intake.feedback.note(&self.feedback, route, outcome, found);
    }
}
