//! What a session tells, on its way into a site: metrics become readings, refusals are kept and answered, losses are told.

use std::sync::Arc;

use davy_codec::sparkplug::{Host, Message, rebirth_command, rebirth_topic};
use davy_codec::{Metric, Rejection, Sink, Summary};
use davy_model::{MessageHead, NodeChange, NodeIndex, Reason};

use super::Node;
use crate::batch::{Batch, SiteBatch};
use crate::bind::{Moment, NodeBinding};
use crate::feedback::{NodeFeedback, Outcome, Route};
use crate::message::Verdict;
use crate::presence::NodePresence;
use crate::taker::{Runs, Taker};
use crate::{Intake, Origin, SiteDoor};

/// Where the readings of one edge node go.
#[derive(Debug)]
pub(super) struct Place {
    node_id: Arc<str>,
    binding: NodeBinding,
    presence: Arc<NodePresence>,
    feedback: Arc<NodeFeedback>,
}

/// Takes what a session tells.
pub(super) struct Ears<'a> {
    intake: &'a Intake,
    node: &'a Node,
    place: &'a mut Place,
    route: Option<Route>,
    share: &'a mut SiteBatch,
    moment: Moment,
    /// Readings of the site's share before this message.
    before: usize,
    findings: Vec<Rejection>,
    metrics: u64,
    refused: u64,
    runs: Runs,
    /// Of all messages given.
    is_read: bool,
    is_refused: bool,
    /// Why messages were refused whole, one a message.
    refused_messages: Vec<Reason>,
}

impl Place {
    pub(super) fn new(door: Arc<SiteDoor>, index: NodeIndex) -> Place {
        let node_id = Arc::clone(&door.site.node(index).id);
        Place {
            presence: door.presence.node(&node_id),
            feedback: door.feedback.node(&node_id),
            node_id,
            binding: NodeBinding::new(door, index),
        }
    }
}

impl<'a> Ears<'a> {
    pub(super) fn new(
        intake: &'a Intake,
        node: &'a Node,
        place: &'a mut Place,
        route: Option<Route>,
        batch: &'a mut Batch,
    ) -> Ears<'a> {
        let share = batch.site(&place.binding.door);
        let moment = Moment::new(intake.now(), &place.binding.door);
        Ears {
            intake,
            node,
            place,
            route,
            share,
            moment,
            before: 0,
            findings: Vec::new(),
            metrics: 0,
            refused: 0,
            runs: Runs::default(),
            is_read: false,
            is_refused: false,
            refused_messages: Vec::new(),
        }
    }

    /// What is told to the transport of the message that brought all this.
    pub(super) fn verdict(&self) -> Verdict {
        if self.is_refused && !self.is_read { Verdict::Unreadable } else { Verdict::Taken }
    }

    /// Why messages were refused whole, one a message.
    pub(super) fn refused_messages(&self) -> &[Reason] {
        &self.refused_messages
    }

    fn taker(&mut self) -> Taker<'_> {
        Taker {
            moment: self.moment,
            binding: &mut self.place.binding,
            readings: self.share.readings(),
            findings: &mut self.findings,
            metrics: self.metrics,
            refused: self.refused,
            runs: std::mem::take(&mut self.runs),
        }
    }

    /// Tells the edge node what came of its message, and keeps what is wrong with it.
    fn report(&mut self, message: &Message<'_>, outcome: Outcome) {
        if self.findings.is_empty() {
            self.intake.feedback.good(&self.place.feedback, outcome.accepted);
            return;
        }
        let door = &self.place.binding.door;
        let origin = Origin {
            arrival: message.arrival,
            site: Arc::clone(&door.site.id),
            edge_node: Arc::clone(&self.place.node_id),
            topic: self.node.topic(message).into(),
            sender: None,
        };
        door.dead_letters.keep(&origin, &self.findings, message.payload);
        if let Some(route) = self.route {
            self.intake.feedback.note(&self.place.feedback, route, outcome, &self.findings);
        }
    }
}

impl Sink for Ears<'_> {
    fn metric(&mut self, metric: Metric<'_>) {
        let mut taker = self.taker();
        taker.metric(metric);
        (self.metrics, self.refused, self.runs) = (taker.metrics, taker.refused, taker.runs);
    }

    fn problem(&mut self, rejection: Rejection) {
        let mut taker = self.taker();
        taker.problem(rejection);
        (self.metrics, self.refused, self.runs) = (taker.metrics, taker.refused, taker.runs);
    }
}

impl Host for Ears<'_> {
    fn begin(&mut self, message: &Message<'_>) {
        self.moment = Moment::new(message.arrival, &self.place.binding.door);
        self.before = self.share.readings().len();
        self.findings.clear();
        (self.metrics, self.refused) = (0, 0);
    }

    fn end(&mut self, message: &Message<'_>, summary: Summary) {
        let taken = (self.share.readings().len() - self.before) as u64;
        self.place.binding.end_message(self.refused);
        for (len, freshness) in std::mem::take(&mut self.runs).finish() {
            self.share.message(MessageHead {
                node: self.place.binding.node,
                arrival: message.arrival,
                // Sparkplug's numbers turn over at 256: they tell order, not identity.
                seq: None,
                redelivered: false,
                freshness,
                len,
            });
        }
        let share = &mut self.share.tally;
        share.messages += 1;
        share.payload_bytes += message.payload.len() as u64;
        share.received += taken + self.refused;
        self.is_read |= self.metrics > 0 || self.refused == 0;
        self.is_refused |= self.refused > 0;
        if self.metrics == 0 && self.refused > 0 {
            self.refused_messages.extend(self.findings.first().map(|finding| finding.reason));
        }
        self.report(message, Outcome { seq: summary.seq, accepted: taken, rejected: self.refused });
    }

    fn node(&mut self, change: NodeChange) {
        // Heard for the first time since Davy began: a device may have died meanwhile. Births tell all that still is.
        if change == NodeChange::Online && self.place.presence.state().is_none() {
            self.share.node(self.place.binding.node, NodeChange::Lost);
        }
        let is_news = match change {
            NodeChange::Online => self.place.presence.return_home(),
            NodeChange::Offline | NodeChange::Lost => self.place.presence.leave(change),
        };
        if is_news {
            self.share.node(self.place.binding.node, change);
        }
        if change == NodeChange::Online
            && let Some(route) = self.route
        {
            self.intake.feedback.answer(&self.place.feedback, route);
        }
    }

    fn ask_rebirth(&mut self) -> bool {
        let topic = rebirth_topic(&self.node.group, &self.node.id);
        let payload = rebirth_command(self.intake.now());
        self.route.is_some_and(|route| self.intake.feedback.command(route, &topic, payload.into()))
    }
}
