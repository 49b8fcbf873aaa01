//! `AlertService`: transitions as they happen, after a token, or on top of a snapshot.

use std::{pin::Pin, sync::Arc};

use davy_access::{Caller, Permission};
use davy_delivery::{Event, GapReason, Start, Subscription, Token};
use davy_journal::{Cursor, JournalReader};
use davy_model::{Tier, Transition};
use davy_proto::{alert_of, duration_to_wire, time_to_wire, v1 as wire};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use wire::alert_service_subscribe_request::Start as WireStart;
use wire::alert_service_subscribe_response::Event as WireEvent;

use super::{status, v1::alert_service_server::AlertService, view, view::canary};
use crate::{guard::caller, hub::Hub};

pub(crate) struct Alerts {
    pub(crate) hub: Arc<Hub>,
    pub(crate) stop: CancellationToken,
}

/// How many messages wait for one client: then it is read from the journal as fast as the client takes it.
const QUEUE_LEN_MAX: usize = 256;

type Message = wire::AlertServiceSubscribeResponse;

#[tonic::async_trait]
impl AlertService for Alerts {
    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<Message, Status>> + Send>>;

    async fn subscribe(
        &self,
        request: Request<wire::AlertServiceSubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let caller = caller(&request);
        let request = request.into_inner();
        let sites = self.hub.sites_of(&caller, Permission::View, &request.sites);
        let sites = sites.map_err(|site| status::unknown_site(&site))?;
        let (token, snapshot) = match &request.start {
            Some(WireStart::AfterToken(token)) => {
                (token.parse().map_err(|_| status::wrong_token(token))?, false)
            }
            Some(WireStart::FromNow(_)) => (self.head(&sites), false),
            Some(WireStart::Snapshot(_)) => (self.head(&sites), true),
            None => match self.confirmed(&caller, &request.consumer, &sites).await? {
                Some(token) => (token, false),
                // Whoever does not say, and was never here, wants to know how things stand.
                None => (self.head(&sites), true),
            },
        };
        let (sender, receiver) = mpsc::channel(QUEUE_LEN_MAX);
        let teller = Teller {
            hub: Arc::clone(&self.hub),
            tier: Tier::try_from(wire::Tier::try_from(request.tier_at_least).unwrap_or_default()).ok(),
            heartbeat: request.heartbeat,
            token,
            sender,
        };
        let stop = self.stop.clone();
        tokio::spawn(async move {
            // A client that is gone is no error.
            let _ = teller.tell(sites, snapshot, stop).await;
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn confirm(
        &self,
        request: Request<wire::AlertServiceConfirmRequest>,
    ) -> Result<Response<wire::AlertServiceConfirmResponse>, Status> {
        let caller = caller(&request);
        let request = request.into_inner();
        let name = consumer_name(&caller, &request.consumer)?;
        let token: Token = request.token.parse().map_err(|_| status::wrong_token(&request.token))?;
        let at = self.hub.clock.now();
        // What a token says of sites beyond the caller's is nothing.
        let theirs = |(id, _): &(&Arc<str>, _)| caller.may(Permission::View, id);
        for (id, site) in self.hub.sites.iter().filter(theirs) {
            let Some(sequence) = token.seen(id) else { continue };
            let cursor = Cursor { name: name.clone(), sequence, at };
            let noted = site.confirm(cursor).await.map_err(|_| status::stopping())?;
            noted.map_err(|error| status::journal(&error))?;
        }
        Ok(Response::new(wire::AlertServiceConfirmResponse { token: token.to_string() }))
    }
}

/// What its cursor is kept under. Where callers are known, a consumer is its caller's: nobody moves another's.
fn consumer_name(caller: &Caller, name: &str) -> Result<String, Status> {
    if davy_model::is_name(name) {
        let own = || format!("{}/{name}", caller.name());
        return Ok(if caller.is_proven() { own() } else { name.to_owned() });
    }
    let what = "a consumer is called by 1 to 64 letters, digits, dots, dashes and underscores";
    Err(status::status(tonic::Code::InvalidArgument, "REQUEST_INVALID", what))
}

impl Alerts {
    /// Where a consumer that confirmed before goes on; `None` when it never did.
    async fn confirmed(
        &self,
        caller: &Caller,
        consumer: &str,
        sites: &[Arc<str>],
    ) -> Result<Option<Token>, Status> {
        if consumer.is_empty() {
            return Ok(None);
        }
        let name = consumer_name(caller, consumer)?;
        let mut token = Token::default();
        let mut known = false;
        for feed in sites.iter().filter_map(|site| self.hub.feed.site(site)) {
            let (path, name) = (feed.journal().to_owned(), name.clone());
            let cursor = tokio::task::spawn_blocking(move || JournalReader::open(&path)?.cursor(&name));
            let cursor =
                cursor.await.map_err(|_| status::stopping())?.map_err(|error| status::journal(&error))?;
            known |= cursor.is_some();
            // A site it never heard of begins with its first transition.
            token.see(feed.site(), cursor.map_or(0, |cursor| cursor.sequence));
        }
        Ok(known.then_some(token))
    }

    /// Everything up to now, of each site.
    fn head(&self, sites: &[Arc<str>]) -> Token {
        let mut token = Token::default();
        for feed in sites.iter().filter_map(|site| self.hub.feed.site(site)) {
            token.see(feed.site(), feed.sequence());
        }
        token
    }
}

/// Tells one client.
struct Teller {
    hub: Arc<Hub>,
    tier: Option<Tier>,
    heartbeat: bool,
    token: Token,
    sender: mpsc::Sender<Result<Message, Status>>,
}

/// The client is gone.
struct Gone;

impl Teller {
    async fn tell(
        mut self,
        sites: Vec<Arc<str>>,
        snapshot: bool,
        stop: CancellationToken,
    ) -> Result<(), Gone> {
        // The token was taken first: what changes while the snapshot is told comes again as an alert.
        if snapshot {
            self.tell_snapshot(&sites).await?;
        }
        let start = Start::After(self.token.clone());
        let mut subscription = Subscription::start(&self.hub.feed, &sites, &start, &stop);
        loop {
            let event = tokio::select! {
                event = subscription.next() => event,
                () = self.sender.closed() => return Err(Gone),
            };
            let Some(event) = event else {
                return self.send(Err(status::stopping())).await;
            };
            if let Some(message) = self.message(event) {
                self.send(message).await?;
            }
        }
    }

    async fn tell_snapshot(&mut self, sites: &[Arc<str>]) -> Result<(), Gone> {
        let mut alarms = Vec::new();
        for site in sites.iter().filter_map(|id| self.hub.sites.get(id)) {
            let entries = site.feed.book().standing();
            let wanted =
                entries.iter().filter(|entry| self.tier.is_none_or(|tier| entry.last.facts.tier >= tier));
            alarms.extend(wanted.map(|entry| view::alarm(site, entry)));
        }
        let count = u32::try_from(alarms.len()).unwrap_or(u32::MAX);
        // Half a snapshot is none: only its end has a token to go on from.
        self.say(String::new(), WireEvent::SnapshotBegin(wire::SnapshotBegin { alarms: count })).await?;
        for alarm in alarms {
            self.say(String::new(), WireEvent::Alarm(alarm)).await?;
        }
        let token = self.token.to_string();
        self.say(token, WireEvent::SnapshotEnd(wire::SnapshotEnd { alarms: count })).await
    }

    /// Whether the client asked for an alarm that is, or was in this occurrence, as grave as this.
    fn wants(&self, transition: &Transition) -> bool {
        let grave = transition.facts.tier.max(transition.facts.tier_highest);
        self.tier.is_none_or(|tier| grave >= tier)
    }

    fn message(&mut self, event: Event) -> Option<Result<Message, Status>> {
        let event = match event {
            Event::Alert(delivered) => {
                let transition = &delivered.transition;
                // What is not on disk may have another number after a crash: nobody may resume after it.
                if delivered.durable {
                    self.token.see(&transition.alarm.site, transition.sequence);
                }
                if !self.wants(transition) {
                    return None;
                }
                WireEvent::Alert(alert_of(transition, delivered.durable))
            }
            Event::Heartbeat(beat) if self.heartbeat => WireEvent::Heartbeat(heartbeat(&self.hub, &beat)),
            Event::Heartbeat(_) => return None,
            Event::Gap { site, from_sequence, to_sequence, reason } => {
                self.token
                    .see(&site, to_sequence.min(self.hub.feed.site(&site).map_or(0, |feed| feed.sequence())));
                let reason = match reason {
                    GapReason::Retention => wire::GapReason::Retention,
                    GapReason::UnknownToken => wire::GapReason::UnknownToken,
                    GapReason::NotDurable => wire::GapReason::NotDurable,
                };
                WireEvent::Gap(wire::Gap {
                    site: site.to_string(),
                    from_sequence,
                    to_sequence,
                    reason: reason.into(),
                })
            }
            Event::Broken { error, .. } => return Some(Err(status::journal(&error))),
        };
        Some(Ok(Message { token: self.token.to_string(), event: Some(event) }))
    }

    async fn say(&mut self, token: String, event: WireEvent) -> Result<(), Gone> {
        self.send(Ok(Message { token, event: Some(event) })).await
    }

    async fn send(&mut self, message: Result<Message, Status>) -> Result<(), Gone> {
        self.sender.send(message).await.map_err(|_| Gone)
    }
}

/// A heartbeat on the wire, stamped as it goes out.
pub(super) fn heartbeat(hub: &Hub, beat: &davy_delivery::Heartbeat) -> wire::Heartbeat {
    wire::Heartbeat {
        site: beat.site.to_string(),
        number: beat.number,
        sequence: beat.sequence,
        commit: beat.commit,
        recorded_time: Some(time_to_wire(beat.recorded_time)),
        sent_time: Some(time_to_wire(hub.clock.now())),
        node: hub.node.clone(),
        started_time: Some(time_to_wire(hub.started)),
        revision: beat.revision.to_string(),
        input_lag: Some(duration_to_wire(beat.input_lag)),
        last_judged_time: beat.last_judged.map(time_to_wire),
        stale_tags: beat.vitals.stale_tags,
        alarms_standing: beat.vitals.standing,
        alarms_shelved: beat.vitals.shelved,
        alarms_suppressed: beat.vitals.suppressed,
        alarms_out_of_service: beat.vitals.out_of_service,
        canary: Some(canary(hub)),
    }
}
