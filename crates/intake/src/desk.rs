//! Where one connection's messages are read: topic → edge node, payload → readings, in one pass.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use davy_model::{MessageHead, NodeChange, NodeIndex, Reason, Timestamp};

use crate::account::Tally;
use crate::address::{Address, Addressed, Reads, no_such_node, not_allowed};
use crate::batch::{Batch, put};
use crate::bind::{Moment, NodeBinding};
use crate::directory::SiteDoor;
use crate::feedback::{Outcome, Route};
use crate::inbox::{Ack, Parcel};
use crate::message::{Message, Verdict};
use crate::presence::{NodePresence, SessionId};
use crate::remark::remark;
use crate::rights::Rights;
use crate::sparkplug::{Heard, Node, Way};
use crate::taker::{Runs, Taker};
use crate::topic::Topic;
use crate::topic_desk::TopicDesk;
use crate::{Intake, Origin, Rejection, decode};

/// Topics that one connection is remembered by. A sender of more has them looked up again.
const TOPICS_MAX: usize = 16_384;

/// One connection's desk.
#[derive(Debug)]
pub(crate) struct Desk {
    intake: Arc<Intake>,
    session: SessionId,
    route: Route,
    /// The one edge node, by site and id, that the sender may speak for, where there is one.
    sender: Option<(Arc<str>, Arc<str>)>,
    generation: u64,
    places: HashMap<Arc<str>, usize>,
    topics: Vec<TopicDesk>,
    last: usize,
    spoke: Spoken,
    /// Sparkplug edge nodes that were heard.
    sparks: Vec<Arc<Node>>,
    ended: bool,
    /// What there was to say of the last message of readings.
    findings: Vec<Rejection>,
}

/// A message that is taken for nobody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stray<'a> {
    pub(crate) topic: &'a str,
    pub(crate) payload: &'a [u8],
    pub(crate) arrival: Timestamp,
    /// Who may not publish to that topic, where the door knows its name.
    pub(crate) client: Option<&'a Arc<str>>,
}

/// The edge nodes a session spoke for, by site and id.
pub(crate) type Spoken = BTreeMap<(Arc<str>, Arc<str>), Arc<NodePresence>>;

impl Desk {
    pub(crate) fn new(intake: Arc<Intake>, route: Route, sender: Option<(&str, &str)>) -> Desk {
        Desk {
            sender: sender.map(|(site, node)| (site.into(), node.into())),
            session: intake.new_session(),
            generation: intake.directory.generation(),
            intake,
            route,
            places: HashMap::new(),
            topics: Vec::new(),
            last: 0,
            spoke: Spoken::new(),
            sparks: Vec::new(),
            ended: false,
            findings: Vec::new(),
        }
    }

    /// Reads one message into the batch.
    pub(crate) fn take(&mut self, message: &Message<'_>, batch: &mut Batch) -> Verdict {
        let Some(place) = self.place(message.topic) else {
            return self.stray(message);
        };
        self.announce(place, message, batch);
        match self.topics[place].reads {
            Reads::Readings(_) => match self.readings(place, message, batch) {
                Some((_, verdict)) => verdict,
                None => Verdict::NotAllowed,
            },
            Reads::Status => self.status(place, message, batch),
            Reads::Sparkplug(_) => self.sparkplug(place, message, batch),
        }
    }

    /// Reads one message into the batch, where all that its sender publishes is readings: how many are taken, how many refused.
    pub(crate) fn take_readings(&mut self, message: &Message<'_>, batch: &mut Batch) -> (u64, u64) {
        self.findings.clear();
        let Some(place) = self.place(message.topic) else {
            self.stray(message);
            self.findings.push(not_allowed(message.topic));
            return (0, 1);
        };
        self.announce(place, message, batch);
        let Some((outcome, _)) = self.readings(place, message, batch) else { return (0, 1) };
        (outcome.accepted, outcome.rejected)
    }

    /// What there was to say of the last message of readings.
    pub(crate) fn findings(&self) -> &[Rejection] {
        &self.findings
    }

    /// A message of a sender that brings too much, and would not notice if it were made to wait: it costs its readings,
    /// however many; counted as one.
    pub(crate) fn refuse_unread(&mut self, message: &Message<'_>, batch: &mut Batch) {
        let Some(place) = self.place(message.topic) else {
            self.stray(message);
            return;
        };
        let desk = &self.topics[place];
        let share = batch.site(&desk.binding.door);
        share.tally.messages += 1;
        share.tally.payload_bytes += message.payload.len() as u64;
        share.tally.received += 1;
        desk.binding.door.account.reject(Reason::RateLimited, 1);
        let finding = remark(
            Reason::RateLimited,
            &format!("{} bytes at QoS 0", message.payload.len()),
            "no more than the client's quota",
            "send less, or at QoS 1: then Davy makes the sender wait instead; or ask the site for a larger quota",
        );
        let outcome = Outcome { seq: None, accepted: 0, rejected: 1 };
        desk.report(&self.intake, self.route, message, outcome, &[finding]);
    }

    /// Something refused before it could be read as a message of that topic: kept and counted where the topic belongs. It
    /// does not say that anybody is there.
    pub(crate) fn refuse_with(
        &mut self,
        topic: &str,
        payload: &[u8],
        arrival: Timestamp,
        finding: Rejection,
        batch: &mut Batch,
    ) {
        let Some(place) = self.place(topic) else {
            let stray = Stray { topic, payload, arrival, client: None };
            self.keep_stray(None, "".into(), &stray, &finding);
            return;
        };
        let desk = &self.topics[place];
        let share = batch.site(&desk.binding.door);
        share.tally.messages += 1;
        share.tally.payload_bytes += payload.len() as u64;
        share.tally.received += u64::from(finding.readings);
        desk.binding.door.account.reject(finding.reason, u64::from(finding.readings));
        let outcome = Outcome { seq: None, accepted: 0, rejected: u64::from(finding.readings) };
        let message = Message {
            topic,
            payload,
            arrival,
            redelivered: false,
            is_stored: false,
            offline_means: NodeChange::Offline,
        };
        desk.report(&self.intake, self.route, &message, outcome, &[finding]);
    }

    /// Whether the sender may publish to a topic that a site's files name: it comes to an edge node that it speaks for.
    pub(crate) fn may_publish(&mut self, topic: &str, rights: &Rights) -> bool {
        let Some(place) = self.place(topic) else { return false };
        let desk = &mut self.topics[place];
        let speaks = || rights.speaks_for(&desk.binding.door.site.id, &desk.node_id);
        *desk.allowed.get_or_insert_with(speaks)
    }

    /// A message that may not be published to its topic: kept, counted, and told to the sender where it is known.
    pub(crate) fn refuse(&self, stray: &Stray<'_>) {
        let finding = not_allowed(stray.topic);
        let (door, node) = match self.address(stray.topic) {
            Address::Of(Addressed { door, node, .. }) => {
                let id = Arc::clone(&door.site.node(node).id);
                (Some(door), id)
            }
            Address::NoSuchNode(door, id) => (Some(door), id.into()),
            Address::Nobody => (None, "".into()),
        };
        self.keep_stray(door.as_deref(), node, stray, &finding);
        let spoke = self.spoke.keys().next().map(|(site, node)| (&**site, &**node));
        if let Some((site, node)) = spoke.or(self.sender())
            && let Some(door) = self.intake.directory.site(site)
            && let Some(index) = door.site.node_index(node)
        {
            let feedback = door.feedback.node(&door.site.node(index).id);
            let outcome = Outcome { seq: None, accepted: 0, rejected: 1 };
            self.intake.feedback.note(&feedback, self.route, outcome, &[finding]);
        }
    }

    /// Takes over the edge nodes of a former connection of the same client.
    pub(crate) fn adopt(&mut self, spoken: Spoken) {
        for (key, presence) in spoken {
            presence.join(self.session);
            self.spoke.insert(key, presence);
        }
    }

    /// Lets go without a word of the edge nodes that the client speaks for still: another connection of it will
    /// [adopt](Desk::adopt) them. The others stay, to [end](Desk::end).
    pub(crate) fn hand_over(&mut self, still_speaks: impl Fn(&str, &str) -> bool) -> Spoken {
        let (spoken, others) = std::mem::take(&mut self.spoke)
            .into_iter()
            .partition::<Spoken, _>(|((site, node), _)| still_speaks(site, node));
        self.spoke = others;
        for presence in spoken.values() {
            presence.end(self.session, true);
        }
        spoken
    }

    /// The connection has ended: of which of its edge nodes, by site and id, that was a goodbye. Those that are lost by it, and where
    /// to say so.
    pub(crate) fn end(&mut self, goodbye: impl Fn(&str, &str) -> bool) -> Vec<(Arc<SiteDoor>, NodeIndex)> {
        self.ended = true;
        let mut lost = Vec::new();
        for ((site, node), presence) in std::mem::take(&mut self.spoke) {
            if presence.end(self.session, goodbye(&site, &node))
                && let Some(door) = self.intake.directory.site(&site)
                && let Some(index) = door.site.node_index(&node)
            {
                lost.push((door, index));
            }
        }
        lost
    }

    /// Where the topic is bound; `None` when it cannot be.
    fn place(&mut self, topic: &str) -> Option<usize> {
        let generation = self.intake.directory.generation();
        if generation != self.generation {
            self.generation = generation;
            self.topics.clear();
            self.places.clear();
        }
        // Most messages have the topic of the one before: then nothing is hashed.
        if self.topics.get(self.last).is_some_and(|known| *known.topic == *topic) {
            return Some(self.last);
        }
        let place = match self.places.get(topic) {
            Some(place) => *place,
            None => self.open_topic(topic)?,
        };
        self.last = place;
        Some(place)
    }

    fn open_topic(&mut self, topic: &str) -> Option<usize> {
        let Address::Of(Addressed { door, node, reads }) = self.address(topic) else { return None };
        let node_id = Arc::clone(&door.site.node(node).id);
        if self.topics.len() >= TOPICS_MAX {
            self.topics.clear();
            self.places.clear();
        }
        let topic: Arc<str> = topic.into();
        self.topics.push(TopicDesk {
            seqs: door.gaps.track(&node_id, &topic),
            topic: Arc::clone(&topic),
            reads,
            allowed: None,
            presence: door.presence.node(&node_id),
            feedback: door.feedback.node(&node_id),
            node_id,
            binding: NodeBinding::new(door, node),
            announced: false,
        });
        let place = self.topics.len() - 1;
        self.places.insert(topic, place);
        Some(place)
    }

    fn address(&self, topic: &str) -> Address {
        self.intake.address(topic, self.sender())
    }

    fn sender(&self) -> Option<(&str, &str)> {
        self.sender.as_ref().map(|(site, node)| (&**site, &**node))
    }

    /// Whoever sends readings is there.
    fn announce(&mut self, place: usize, message: &Message<'_>, batch: &mut Batch) {
        let desk = &mut self.topics[place];
        let known = desk.announced && desk.presence.is_online();
        let says_itself = matches!(desk.reads, Reads::Status | Reads::Sparkplug(_));
        if known || self.ended || says_itself || message.payload.is_empty() {
            return;
        }
        desk.announced = true;
        desk.online(self.session, &mut self.spoke, batch);
        self.intake.feedback.answer(&desk.feedback, self.route);
    }

    /// `None` where the topic carries none.
    fn readings(
        &mut self,
        place: usize,
        message: &Message<'_>,
        batch: &mut Batch,
    ) -> Option<(Outcome, Verdict)> {
        let desk = &mut self.topics[place];
        let Reads::Readings(codec) = &desk.reads else { return None };
        let door = Arc::clone(&desk.binding.door);
        let share = batch.site(&door);
        let before = share.readings().len();
        self.findings.clear();
        let mut taker = Taker {
            moment: Moment::new(message.arrival, &door),
            binding: &mut desk.binding,
            readings: share.readings(),
            findings: &mut self.findings,
            metrics: 0,
            refused: 0,
            runs: Runs::default(),
        };
        let seq = codec.decode(message.payload, message.arrival, &mut taker).seq;
        let (metrics, refused, runs) = (taker.metrics, taker.refused, taker.runs);
        let taken = share.readings().len() - before;
        desk.binding.end_message(refused);
        let repeated =
            seq.is_some_and(|seq| desk.seqs.lock().note(seq, message.redelivered, message.arrival));
        for (len, freshness) in runs.finish() {
            share.message(MessageHead {
                node: desk.binding.node,
                arrival: message.arrival,
                seq,
                redelivered: message.redelivered || repeated,
                freshness,
                len,
            });
        }
        share.tally.messages += 1;
        share.tally.payload_bytes += message.payload.len() as u64;
        share.tally.received += taken as u64 + refused;
        let outcome = Outcome { seq, accepted: taken as u64, rejected: refused };
        desk.report(&self.intake, self.route, message, outcome, &self.findings);
        let verdict = if metrics == 0 && refused > 0 { Verdict::Unreadable } else { Verdict::Taken };
        Some((outcome, verdict))
    }

    /// What an edge node says in its Sparkplug session. Whether it is there, its births and deaths tell.
    fn sparkplug(&mut self, place: usize, message: &Message<'_>, batch: &mut Batch) -> Verdict {
        let Reads::Sparkplug(Heard { node, verb, device }) = &self.topics[place].reads else {
            return Verdict::NotAllowed;
        };
        if verb.is_command() {
            return Verdict::Taken;
        }
        let said = davy_codec::sparkplug::Message {
            verb: *verb,
            device: device.as_deref(),
            payload: message.payload,
            arrival: message.arrival,
            is_stored: message.is_stored,
        };
        if self.sparks.iter().all(|known| !Arc::ptr_eq(known, node)) {
            self.sparks.push(Arc::clone(node));
        }
        node.take(&self.intake, Way { session: self.session, route: self.route }, &said, batch)
    }

    /// The connection has ended: the Sparkplug sessions that were heard by it end with it.
    pub(crate) fn end_sparkplug(&mut self) -> Batch {
        let mut batch = Batch::default();
        for node in std::mem::take(&mut self.sparks) {
            node.end(&self.intake, self.session, &mut batch);
        }
        batch
    }

    fn status(&mut self, place: usize, message: &Message<'_>, batch: &mut Batch) -> Verdict {
        let desk = &mut self.topics[place];
        let share = batch.site(&desk.binding.door);
        share.tally.messages += 1;
        share.tally.payload_bytes += message.payload.len() as u64;
        // An empty payload is how a retained message is taken back: it says nothing.
        if message.payload.is_empty() {
            return Verdict::Taken;
        }
        match decode::status(message.payload) {
            Ok(NodeChange::Online) => {
                if !self.ended {
                    desk.online(self.session, &mut self.spoke, batch);
                    self.intake.feedback.answer(&desk.feedback, self.route);
                }
                Verdict::Taken
            }
            Ok(change @ (NodeChange::Offline | NodeChange::Lost)) => {
                let change = if change == NodeChange::Offline { message.offline_means } else { change };
                if desk.presence.leave(change) {
                    share.node(desk.binding.node, change);
                }
                Verdict::Taken
            }
            Err(finding) => {
                share.tally.received += 1;
                desk.binding.door.account.reject(finding.reason, 1);
                let outcome = Outcome { seq: None, accepted: 0, rejected: 1 };
                desk.report(&self.intake, self.route, message, outcome, std::slice::from_ref(&*finding));
                Verdict::Unreadable
            }
        }
    }

    /// A message for nobody Davy knows.
    fn stray(&self, message: &Message<'_>) -> Verdict {
        let Message { topic, payload, arrival, .. } = *message;
        let stray = Stray { topic, payload, arrival, client: None };
        match self.address(topic) {
            Address::NoSuchNode(door, id) => {
                let finding = no_such_node(&id, &door.site.id);
                self.keep_stray(Some(&door), id.into(), &stray, &finding);
            }
            Address::Of(_) | Address::Nobody => self.refuse(&stray),
        }
        Verdict::NotAllowed
    }

    fn keep_stray(
        &self,
        door: Option<&SiteDoor>,
        edge_node: Arc<str>,
        stray: &Stray<'_>,
        finding: &Rejection,
    ) {
        let Stray { topic, payload, arrival, client } = *stray;
        let strays = &self.intake.strays;
        let (account, letters) = match door {
            Some(door) => (&*door.account, &*door.dead_letters),
            None => (&strays.account, &*strays.dead_letters),
        };
        account.receive(Tally { messages: 1, payload_bytes: payload.len() as u64, received: 1 });
        account.reject(finding.reason, 1);
        let parsed = Topic::parse(topic);
        let site = door.map(|door| Arc::clone(&door.site.id));
        let origin = Origin {
            arrival,
            site: site.unwrap_or_else(|| parsed.map(|topic| topic.site).unwrap_or_default().into()),
            edge_node: if edge_node.is_empty() {
                parsed.map(|topic| topic.edge_node).unwrap_or_default().into()
            } else {
                edge_node
            },
            topic: topic.into(),
            sender: client.cloned(),
        };
        letters.keep(&origin, std::slice::from_ref(finding), payload);
    }
}

/// Says that edge nodes are lost. Waits for room: this is never dropped.
pub(crate) async fn say_lost(lost: Vec<(Arc<SiteDoor>, NodeIndex)>) {
    for (door, node) in lost {
        let input = davy_model::Input::Node { node, change: NodeChange::Lost };
        let parcel = Parcel::new(Arc::clone(&door.revision), input, Ack::None);
        put(&door, parcel, 0).await;
    }
}
