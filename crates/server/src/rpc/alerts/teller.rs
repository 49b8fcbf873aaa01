//! Tells one client what it asked for.

use std::sync::Arc;

use davy_delivery::{Event, GapReason, Start, Subscription, Token};
use davy_proto::{alert_of, duration_to_wire, time_to_wire, v1 as wire};
use tokio::{
    sync::mpsc,
    time::{Interval, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use wire::alert_service_subscribe_response::Event as WireEvent;

use super::wanted::Wanted;
use crate::{
    hub::Hub,
    rpc::{status, view, view::canary},
};

type Message = wire::AlertServiceSubscribeResponse;

/// Tells one client.
pub(super) struct Teller {
    hub: Arc<Hub>,
    wanted: Wanted,
    token: Token,
    /// The client has not been told where the token is now.
    is_moved: bool,
    sender: mpsc::Sender<Result<Message, Status>>,
}

/// The client is gone.
pub(super) struct Gone;

impl Teller {
    /// Will tell what is wanted after `token`.
    pub(super) fn new(
        hub: &Arc<Hub>,
        wanted: Wanted,
        token: Token,
        sender: mpsc::Sender<Result<Message, Status>>,
    ) -> Teller {
        // Whoever knows it may resume after it, also when nothing was told before the stream broke.
        Teller { hub: Arc::clone(hub), wanted, token, is_moved: true, sender }
    }

    pub(super) async fn tell(mut self, snapshot: bool, stop: CancellationToken) -> Result<(), Gone> {
        // The token was taken first: what changes while the snapshot is told comes again as an alert.
        if snapshot {
            self.tell_snapshot().await?;
        }
        let start = Start::After(self.token.clone());
        let mut subscription = Subscription::start(&self.hub.feed, &self.wanted.sites, &start, &stop);
        let mut bookmarks = self.bookmarks();
        loop {
            let event = tokio::select! {
                event = subscription.next() => event,
                _ = bookmarks.tick() => {
                    self.mark().await?;
                    continue;
                }
                () = self.sender.closed() => return Err(Gone),
            };
            let Some(event) = event else {
                return self.send(Err(status::stopping())).await;
            };
            if let Some(message) = self.message(event) {
                self.is_moved = false;
                self.send(message).await?;
            }
        }
    }

    /// When it is looked whether the client knows its token: at once, and then as often as a heartbeat would have told it.
    fn bookmarks(&self) -> Interval {
        let mut bookmarks = interval(self.hub.heartbeat_every);
        bookmarks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        bookmarks
    }

    async fn mark(&mut self) -> Result<(), Gone> {
        if !std::mem::take(&mut self.is_moved) {
            return Ok(());
        }
        let sent_time = Some(time_to_wire(self.hub.clock.now()));
        self.say(self.token.to_string(), WireEvent::Bookmark(wire::Bookmark { sent_time })).await
    }

    async fn tell_snapshot(&mut self) -> Result<(), Gone> {
        let mut alarms = Vec::new();
        for site in self.wanted.sites.iter().filter_map(|id| self.hub.sites.get(id)) {
            let entries = site.feed.book().standing();
            let wanted = entries.iter().filter(|entry| self.wanted.wants(&entry.last));
            alarms.extend(wanted.map(|entry| view::alarm(site, entry)));
        }
        let count = u32::try_from(alarms.len()).unwrap_or(u32::MAX);
        // Half a snapshot is none: only its end has a token to go on from.
        self.say(String::new(), WireEvent::SnapshotBegin(wire::SnapshotBegin { alarms: count })).await?;
        for alarm in alarms {
            self.say(String::new(), WireEvent::Alarm(alarm)).await?;
        }
        self.is_moved = false;
        let token = self.token.to_string();
        self.say(token, WireEvent::SnapshotEnd(wire::SnapshotEnd { alarms: count })).await
    }

    fn message(&mut self, event: Event) -> Option<Result<Message, Status>> {
        let event = match event {
            Event::Alert(delivered) => {
                let transition = &delivered.transition;
                // What is not on disk may have another number after a crash: nobody may resume after it.
                if delivered.durable {
                    self.is_moved = true;
                    self.token.see(&transition.alarm.site, &**transition);
                }
                if !self.wanted.wants(transition) {
                    return None;
                }
                WireEvent::Alert(alert_of(transition, delivered.durable))
            }
            Event::Heartbeat(beat) if self.wanted.heartbeat => {
                WireEvent::Heartbeat(heartbeat(&self.hub, &beat))
            }
            Event::Heartbeat(_) => return None,
            Event::Gap { site, from_sequence, to_sequence, reason } => {
                // What is not durable comes once it is written, also to whoever resumes.
                if reason != GapReason::NotDurable {
                    let written = self.hub.feed.site(&site).map_or(0, |feed| feed.written_sequence());
                    self.token.see(&site, to_sequence.min(written));
                }
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
pub(crate) fn heartbeat(hub: &Hub, beat: &davy_delivery::Heartbeat) -> wire::Heartbeat {
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
