//! One Sparkplug edge node: its session, and by whom it is heard.

use std::collections::BTreeMap;
use std::sync::Arc;

use davy_codec::sparkplug::{Message, ROOT, Session, Settings};
use davy_codec::{Sink, Summary};
use davy_model::{NodeIndex, Reason, Timestamp};
use parking_lot::Mutex;

use super::ears::{Ears, Place};
use super::source::owner;
use super::stats::NodeStats;
use crate::batch::Batch;
use crate::feedback::Route;
use crate::message::Verdict;
use crate::presence::SessionId;
use crate::{Intake, SiteDoor};

/// By which connection something came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) session: SessionId,
    pub(crate) route: Route,
}

/// One Sparkplug edge node.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) group: Arc<str>,
    pub(crate) id: Arc<str>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    session: Session,
    /// By which connection it was heard last.
    heard_by: Option<Way>,
    /// Where its births are asked for.
    route: Option<Route>,
    /// Where its readings go, under the files of that generation.
    place: Option<(u64, Place)>,
    /// Messages of which nothing was taken.
    refused: BTreeMap<Reason, u64>,
}

impl Node {
    pub(super) fn new(group: Arc<str>, id: Arc<str>, settings: Settings) -> Node {
        let session = Session::new(settings);
        let inner = Inner { session, heard_by: None, route: None, place: None, refused: BTreeMap::new() };
        Node { group, id, inner: Mutex::new(inner) }
    }

    /// The topic that a message came by.
    pub(super) fn topic(&self, message: &Message<'_>) -> String {
        let (group, id, verb) = (&self.group, &self.id, message.verb.word());
        match message.device {
            None => format!("{ROOT}/{group}/{verb}/{id}"),
            Some(device) => format!("{ROOT}/{group}/{verb}/{id}/{device}"),
        }
    }

    /// Takes a message that came by this way.
    pub(crate) fn take(
        &self,
        intake: &Intake,
        way: Way,
        message: &Message<'_>,
        batch: &mut Batch,
    ) -> Verdict {
        let mut inner = self.inner.lock();
        inner.heard_by = Some(way);
        inner.route = Some(way.route);
        self.with(&mut inner, intake, batch, |session, ears| {
            session.take(message, ears);
            ears.verdict()
        })
        .unwrap_or(Verdict::NotAllowed)
    }

    /// Reads a message once more, for itself: nothing of the session changes.
    pub(crate) fn read_again(&self, message: &Message<'_>, sink: &mut dyn Sink) -> Summary {
        self.inner.lock().session.read_again(message, sink)
    }

    /// The connection has ended. If it was the last by which the edge node was heard, nothing is known of it any more.
    pub(crate) fn end(&self, intake: &Intake, session: SessionId, batch: &mut Batch) {
        let mut inner = self.inner.lock();
        if inner.heard_by.is_some_and(|way| way.session == session) {
            self.with(&mut inner, intake, batch, |session, ears| session.lose(ears));
        }
    }

    pub(super) fn lose_by(&self, intake: &Intake, route: Route, batch: &mut Batch) {
        let mut inner = self.inner.lock();
        if inner.heard_by.is_some_and(|way| way.route == route) {
            self.with(&mut inner, intake, batch, |session, ears| session.lose(ears));
        }
    }

    pub(super) fn want_births(&self, intake: &Intake, route: Route, batch: &mut Batch) {
        let mut inner = self.inner.lock();
        if !inner.session.is_alive() {
            inner.route = Some(route);
            let now = intake.now();
            self.with(&mut inner, intake, batch, |session, ears| session.want_births(now, ears));
        }
    }

    /// What it has come to.
    pub(super) fn stats(&self) -> NodeStats {
        let inner = self.inner.lock();
        NodeStats {
            is_heard: inner.heard_by.is_some(),
            is_online: inner.session.is_alive(),
            counts: inner.session.counts(),
            refused: inner.refused.clone(),
        }
    }

    /// Does what is due. What comes of it goes to the site while nobody else can speak for the edge node: a loss must not
    /// overtake the birth that ends it.
    pub(super) fn look(&self, intake: &Intake, now: Timestamp) {
        let mut inner = self.inner.lock();
        if inner.session.deadline().is_none_or(|due| due > now) {
            return;
        }
        let mut batch = Batch::default();
        self.with(&mut inner, intake, &mut batch, |session, ears| session.tick(now, ears));
        batch.deliver_now();
    }

    /// Lets a session speak to its site. Nothing happens when no site knows the edge node any more.
    fn with<T>(
        &self,
        inner: &mut Inner,
        intake: &Intake,
        batch: &mut Batch,
        what: impl FnOnce(&mut Session, &mut Ears<'_>) -> T,
    ) -> Option<T> {
        let generation = intake.directory.generation();
        if inner.place.as_ref().is_none_or(|(known, _)| *known != generation) {
            let (door, index): (Arc<SiteDoor>, NodeIndex) =
                owner(&intake.directory, &self.group, &self.id).ok()?;
            inner.place = Some((generation, Place::new(door, index)));
        }
        let Inner { session, route, place, refused, .. } = inner;
        let (_, place) = place.as_mut()?;
        let mut ears = Ears::new(intake, self, place, *route, batch);
        let outcome = what(session, &mut ears);
        for reason in ears.refused_messages() {
            *refused.entry(*reason).or_default() += 1;
        }
        Some(outcome)
    }
}
