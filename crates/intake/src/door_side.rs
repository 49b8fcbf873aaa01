//! Behind Davy's own door: who is let in, and what becomes of what they publish.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use davy_codec::sparkplug::SparkplugTopic;
use davy_door::{
    Closed, ConnectInfo, DoorPublisher, Handler, Peer, PubackReason, Publish, Qos, Receipt, Refusal,
};
use davy_model::{NodeChange, Timestamp};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::Intake;
use crate::batch::{Batch, Waiting};
use crate::certificate;
use crate::desk::{Desk, Spoken, Stray, say_lost};
use crate::feedback::{Publisher, Route};
use crate::identifiers::Identifiers;
use crate::message::{Message, Verdict};
use crate::quota::{Quota, QuotaConfig, Quotas, Whose};
use crate::rights::{Clients, Credentials, Denied, Rights};
use crate::sparkplug::owner;
use crate::topic::is_native;

/// What stands before a host's id in its STATE topic.
const SPARKPLUG_STATE: &str = "spBv1.0/STATE/";

/// What stands behind the door.
#[derive(Debug)]
pub struct DoorIntake {
    intake: Arc<Intake>,
    publisher: DoorPublisher,
    quotas: Quotas,
    identifiers: Identifiers,
    route: Route,
    /// When the door was opened: since then this host is there, for Sparkplug.
    opened: Timestamp,
    /// Edge nodes of clients that came in anew before their former connection had ended, by client identifier.
    handed_over: Mutex<BTreeMap<Arc<str>, Spoken>>,
}

/// One connection.
#[derive(Debug)]
pub struct Session {
    client_id: Arc<str>,
    rights: Rights,
    quota: Arc<Quota>,
    desk: Mutex<Desk>,
}

impl DoorIntake {
    /// The handler for a door that `publisher` belongs to.
    pub fn new(
        intake: Arc<Intake>,
        clients: Clients,
        quota: QuotaConfig,
        publisher: DoorPublisher,
    ) -> DoorIntake {
        let route = intake.feedback.route();
        intake.feedback.connect(route, Arc::new(WayBack(publisher.clone())));
        intake.clients.store(Arc::new(clients));
        DoorIntake {
            publisher,
            opened: intake.now(),
            intake,
            quotas: Quotas::new(quota),
            identifiers: Identifiers::default(),
            route,
            handed_over: Mutex::default(),
        }
    }

    /// The way back through the door.
    pub const fn route(&self) -> Route {
        self.route
    }

    /// For how long clients were made to wait because they brought too much, all together.
    pub fn throttled(&self) -> Duration {
        self.quotas.throttled()
    }

    /// Puts other clients in place. Who is connected and would not come in so any more is hung up on, and nothing more is taken of
    /// it: with other grants one comes in anew.
    pub fn replace_clients(&self, clients: Clients) {
        self.intake.clients.store(Arc::new(clients));
        self.publisher.ask_again();
    }

    fn is_let_in(&self, session: &Session) -> bool {
        self.intake.clients.load().still_give(&session.rights)
    }

    /// Commands to edge nodes that a client speaks for, and the STATE of hosts, which is no secret.
    fn may_hear_sparkplug(&self, rights: &Rights, filter: &str) -> bool {
        if filter.strip_prefix(SPARKPLUG_STATE).is_some_and(|host| !host.is_empty()) {
            return true;
        }
        SparkplugTopic::parse(filter).filter(|topic| topic.verb.is_command()).is_some_and(|topic| {
            let owner = owner(&self.intake.directory, topic.group, topic.edge_node);
            owner.is_ok_and(|(door, node)| rights.speaks_for(&door.site.id, &door.site.node(node).id))
        })
    }

    /// Says to all who listen that this host goes.
    pub fn say_goodbye(&self) {
        let state = self.intake.sparkplug.state(false, self.intake.now());
        // Nobody may listen, and whoever is gone needs not be told.
        let _ = self.publisher.publish(&self.intake.sparkplug.state_topic(), state, Qos::AtLeastOnce);
    }

    /// A client that took its own place speaks for what it spoke for before.
    fn adopt(&self, session: &Session, desk: &mut Desk) {
        if let Some(spoken) = self.handed_over.lock().remove(&session.client_id) {
            desk.adopt(spoken);
        }
    }

    /// Reads messages of one QoS that follow each other, to be handed over together.
    fn read(&self, session: &Session, run: &[Publish], verdicts: &mut Vec<PubackReason>) -> Batch {
        let arrival = self.intake.now();
        let mut desk = session.desk.lock();
        self.adopt(session, &mut desk);
        let mut batch = Batch::default();
        verdicts.extend(run.iter().map(|publish| reason(desk.take(&message(publish, arrival), &mut batch))));
        batch
    }

    /// Refuses, unread, what a client that owes sends without waiting for an acknowledgement.
    fn refuse_unread(&self, session: &Session, run: &[Publish]) -> Batch {
        let arrival = self.intake.now();
        let mut desk = session.desk.lock();
        let mut batch = Batch::default();
        run.iter().for_each(|publish| desk.refuse_unread(&message(publish, arrival), &mut batch));
        batch
    }
}

impl Handler for DoorIntake {
    type Session = Session;

    async fn authenticate(&self, connect: &ConnectInfo, peer: &Peer) -> Result<Session, Refusal> {
        let names = peer.certificates.first().map(certificate::certificate_names).unwrap_or_default();
        let credentials = Credentials {
            username: connect.username.as_deref(),
            password: connect.password.as_deref(),
            certificate_names: &names,
        };
        let rights = self.intake.clients.load().authenticate(&credentials).map_err(|denied| {
            tracing::warn!(client = %connect.client_id, peer = %peer.addr, %denied, "a client was not let in");
            match denied {
                Denied::Credentials => Refusal::BadCredentials,
                Denied::Anonymous | Denied::Certificate => Refusal::NotAuthorized,
            }
        })?;
        if !self.identifiers.take(&connect.client_id, rights.client()) {
            let why = "another client is connected by this identifier";
            tracing::warn!(client = %connect.client_id, peer = %peer.addr, why, "a client was not let in");
            return Err(Refusal::ClientIdNotAllowed);
        }
        let desk = Mutex::new(Desk::new(Arc::clone(&self.intake), self.route, rights.only_node()));
        let whose = rights.client().map_or_else(
            || Whose::Identifier(Arc::clone(&connect.client_id)),
            |client| Whose::Client(Arc::clone(client)),
        );
        let quota = self.quotas.of(&whose, Instant::now());
        Ok(Session { client_id: Arc::clone(&connect.client_id), rights, quota, desk })
    }

    fn may_publish(&self, session: &Session, topic: &str) -> bool {
        session.rights.may_publish(topic) || {
            // Davy's own topics tell whose they are; of all others, a site's files do.
            !is_native(topic) && session.desk.lock().may_publish(topic, &session.rights)
        }
    }

    fn may_subscribe(&self, session: &Session, filter: &str) -> bool {
        let may = self.is_let_in(session)
            && (session.rights.may_subscribe(filter) || self.may_hear_sparkplug(&session.rights, filter));
        if !may {
            // Many clients look at no SUBACK: a lamp that may hear nothing would stay dark without a word.
            tracing::warn!(client = %session.client_id, filter, "a subscription is refused: see hears_alarms and grants in the clients file");
        }
        may
    }

    fn is_welcome(&self, session: &Session) -> bool {
        let is_let_in = self.is_let_in(session);
        if !is_let_in {
            tracing::warn!(client = %session.client_id, "a client is hung up on: it would not be let in as it was any more");
        }
        is_let_in
    }

    fn standing(&self, _session: &Session, filter: &str) -> Vec<(Arc<str>, Bytes)> {
        let topic = self.intake.sparkplug.state_topic();
        if !davy_door::topic::matches(filter, &topic) {
            return Vec::new();
        }
        vec![(topic.into(), self.intake.sparkplug.state(true, self.opened).into())]
    }

    async fn submit(
        &self,
        session: &Arc<Session>,
        batch: Vec<Publish>,
        receipt: Receipt,
    ) -> Vec<PubackReason> {
        let mut verdicts = Vec::new();
        if !self.is_let_in(session) {
            // Without its receipt nothing is acknowledged, and the connection ends.
            return verdicts;
        }
        for run in batch.chunk_by(|a, b| a.qos == b.qos) {
            let bytes = run.iter().map(|publish| publish.payload.len() as u64).sum();
            match run[0].qos {
                Qos::AtLeastOnce => {
                    self.quotas.admit(&session.quota).await;
                    let read = self.read(session, run, &mut verdicts);
                    session.quota.take(bytes, read.received());
                    read.deliver(Waiting::Door(receipt.clone())).await;
                }
                Qos::AtMostOnce if session.quota.wait(Instant::now()).is_zero() => {
                    let read = self.read(session, run, &mut Vec::new());
                    session.quota.take(bytes, read.received());
                    read.deliver_or_drop(&self.intake.feedback, self.route).await;
                }
                Qos::AtMostOnce => {
                    self.refuse_unread(session, run).deliver_or_drop(&self.intake.feedback, self.route).await;
                }
            }
        }
        receipt.commit();
        verdicts
    }

    fn refused(&self, session: &Arc<Session>, topic: &str, payload: &Bytes) {
        let client = session.rights.client();
        session.desk.lock().refuse(&Stray { topic, payload, arrival: self.intake.now(), client });
    }

    async fn closed(&self, session: &Arc<Session>, how: Closed) {
        self.identifiers.give_back(&session.client_id);
        // A Sparkplug session ends with its connection, however that ends; but Davy's own end tells nothing of edge nodes.
        if how != Closed::Shutdown {
            let ended = session.desk.lock().end_sparkplug();
            ended.deliver_or_drop(&self.intake.feedback, self.route).await;
        }
        let lost = {
            let mut desk = session.desk.lock();
            self.adopt(session, &mut desk);
            let clients = self.intake.clients.load();
            if how == Closed::TakenOver {
                let spoken = desk.hand_over(|site, node| clients.speak(&session.rights, site, node));
                self.handed_over.lock().insert(Arc::clone(&session.client_id), spoken);
            }
            desk.end(|site, node| match how {
                // With other rights it comes in anew; who is shut out, or speaks for that one no more, has not said goodbye.
                Closed::NotDurable | Closed::ShutOut => clients.still_speak(&session.rights, site, node),
                how => is_goodbye(how),
            })
        };
        say_lost(lost).await;
    }
}

/// The way back through the door.
struct WayBack(DoorPublisher);

impl Publisher for WayBack {
    fn publish(&self, topic: &str, payload: Bytes) -> bool {
        self.0.publish(topic, payload, Qos::AtLeastOnce).is_ok_and(|routed| routed.queued > 0)
    }

    fn command(&self, topic: &str, payload: Bytes) -> bool {
        self.0.publish(topic, payload, Qos::AtMostOnce).is_ok_and(|routed| routed.queued > 0)
    }
}

/// Whether its edge nodes are not lost by this end: it said goodbye, or it was Davy that ended it.
fn is_goodbye(how: Closed) -> bool {
    match how {
        Closed::Disconnected
        | Closed::DisconnectedWithWill
        | Closed::Shutdown
        | Closed::NotDurable
        | Closed::ShutOut => true,
        Closed::Lost
        | Closed::Refused
        | Closed::KeepAliveTimeout
        | Closed::TakenOver
        | Closed::ProtocolError
        | Closed::Stalled => false,
    }
}

fn message(publish: &Publish, arrival: Timestamp) -> Message<'_> {
    Message {
        topic: &publish.topic,
        payload: &publish.payload,
        arrival,
        redelivered: publish.duplicate,
        is_stored: false,
        offline_means: if publish.is_will { NodeChange::Lost } else { NodeChange::Offline },
    }
}

fn reason(verdict: Verdict) -> PubackReason {
    match verdict {
        Verdict::Taken => PubackReason::Success,
        Verdict::Unreadable => PubackReason::PayloadFormatInvalid,
        Verdict::NotAllowed => PubackReason::NotAuthorized,
    }
}
