//! Behind Davy's own door: who is let in, and what becomes of what they publish.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use davy_door::{
    Closed, ConnectInfo, DoorPublisher, Handler, Peer, PubackReason, Publish, Qos, Receipt, Refusal,
};
use davy_model::{NodeChange, Timestamp};
use parking_lot::Mutex;

use crate::Intake;
use crate::batch::{Batch, Waiting};
use crate::certificate;
use crate::desk::{Desk, Message, Spoken, Verdict, say_lost};
use crate::feedback::{Publisher, Route};
use crate::rights::{Clients, Credentials, Denied, Rights};

/// What stands behind the door.
#[derive(Debug)]
pub struct DoorIntake {
    intake: Arc<Intake>,
    clients: ArcSwap<Clients>,
    route: Route,
    /// Edge nodes of clients that came in anew before their former connection had ended, by client identifier.
    handed_over: Mutex<BTreeMap<Arc<str>, Spoken>>,
}

/// One connection.
#[derive(Debug)]
pub struct Session {
    client_id: Arc<str>,
    rights: Rights,
    desk: Mutex<Desk>,
}

impl DoorIntake {
    /// The handler for a door that `publisher` belongs to.
    pub fn new(intake: Arc<Intake>, clients: Clients, publisher: DoorPublisher) -> DoorIntake {
        let route = intake.feedback.route();
        intake.feedback.connect(route, Arc::new(WayBack(publisher)));
        DoorIntake { intake, clients: ArcSwap::from_pointee(clients), route, handed_over: Mutex::default() }
    }

    /// Puts other clients in place. Connections that are open keep the rights they came in with.
    pub fn replace_clients(&self, clients: Clients) {
        self.clients.store(Arc::new(clients));
    }

    /// A client that took its own place speaks for what it spoke for before.
    fn adopt(&self, session: &Session, desk: &mut Desk) {
        if let Some(spoken) = self.handed_over.lock().remove(&session.client_id) {
            desk.adopt(spoken);
        }
    }

    /// Reads all of one read; messages that follow each other at the same QoS are handed over together.
    fn read(&self, session: &Session, publishes: &[Publish], arrival: Timestamp) -> Read {
        let mut desk = session.desk.lock();
        self.adopt(session, &mut desk);
        let mut read = Read { runs: Vec::new(), reasons: Vec::new() };
        for run in publishes.chunk_by(|a, b| a.qos == b.qos) {
            let mut batch = Batch::default();
            for publish in run {
                let verdict = desk.take(&message(publish, arrival), &mut batch);
                if publish.qos == Qos::AtLeastOnce {
                    read.reasons.push(reason(verdict));
                }
            }
            read.runs.push((run[0].qos, batch));
        }
        read
    }
}

/// What one read came to.
struct Read {
    runs: Vec<(Qos, Batch)>,
    reasons: Vec<PubackReason>,
}

impl Handler for DoorIntake {
    type Session = Session;

    async fn authenticate(&self, connect: &ConnectInfo, peer: &Peer) -> Result<Session, Refusal> {
        let names = peer.certificates.first().map(certificate::names).unwrap_or_default();
        let credentials = Credentials {
            username: connect.username.as_deref(),
            password: connect.password.as_deref(),
            certificate_names: &names,
        };
        let rights = self.clients.load().authenticate(&credentials).map_err(|denied| {
            tracing::warn!(client = %connect.client_id, peer = %peer.addr, %denied, "a client was not let in");
            match denied {
                Denied::Credentials => Refusal::BadCredentials,
                Denied::Anonymous | Denied::Certificate => Refusal::NotAuthorized,
            }
        })?;
        let desk = Mutex::new(Desk::new(Arc::clone(&self.intake), self.route));
        Ok(Session { client_id: Arc::clone(&connect.client_id), rights, desk })
    }

    fn may_publish(&self, session: &Session, topic: &str) -> bool {
        session.rights.may_publish(topic)
    }

    fn may_subscribe(&self, session: &Session, filter: &str) -> bool {
        session.rights.may_subscribe(filter)
    }

    async fn submit(
        &self,
        session: &Arc<Session>,
        batch: Vec<Publish>,
        receipt: Receipt,
    ) -> Vec<PubackReason> {
        let read = self.read(session, &batch, self.intake.now());
        for (qos, batch) in read.runs {
            match qos {
                Qos::AtLeastOnce => batch.deliver(Waiting::Door(receipt.clone())).await,
                Qos::AtMostOnce => batch.deliver_or_drop(&self.intake.feedback, self.route).await,
            }
        }
        receipt.commit();
        read.reasons
    }

    fn refused(&self, session: &Arc<Session>, topic: &str, payload: &Bytes) {
        let sender = session.rights.only_node();
        session.desk.lock().refuse(topic, payload, self.intake.now(), sender);
    }

    async fn closed(&self, session: &Arc<Session>, how: Closed) {
        let lost = {
            let mut desk = session.desk.lock();
            self.adopt(session, &mut desk);
            if how == Closed::TakenOver {
                let spoken = desk.hand_over();
                self.handed_over.lock().insert(Arc::clone(&session.client_id), spoken);
                return;
            }
            desk.end(is_goodbye(how))
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
}

/// Whether its edge nodes are not lost by this end: it said goodbye, or it was Davy that ended it.
fn is_goodbye(how: Closed) -> bool {
    match how {
        Closed::Disconnected | Closed::DisconnectedWithWill | Closed::Shutdown | Closed::NotDurable => true,
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
