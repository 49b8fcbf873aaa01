//! `SystemService`: how Davy itself is.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
};

use davy_delivery::{Entry, Event, Start, Subscription};
use davy_intake::Totals;
use davy_model::Tier;
use davy_proto::{time_to_wire, v1 as wire};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::{
    alerts::heartbeat,
    history, links, status,
    v1::system_service_server::SystemService,
    view::{canary, node_state},
};
use crate::{guard::Admitted, hub::Hub, site::SiteService};

pub(crate) struct System {
    pub(crate) hub: Arc<Hub>,
    pub(crate) stop: CancellationToken,
}

#[tonic::async_trait]
impl SystemService for System {
    type WatchHeartbeatStream =
        Pin<Box<dyn Stream<Item = Result<wire::SystemServiceWatchHeartbeatResponse, Status>> + Send>>;

    async fn get_status(
        &self,
        request: Request<wire::SystemServiceGetStatusRequest>,
    ) -> Result<Response<wire::SystemServiceGetStatusResponse>, Status> {
        let (by, _) = Admitted::of(request);
        let plants = self.hub.plants_of(&by.caller, by.permission);
        Ok(Response::new(wire::SystemServiceGetStatusResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_time: Some(time_to_wire(self.hub.started)),
            now: Some(time_to_wire(self.hub.clock.now())),
            sites: plants.map(|site| site_status(&self.hub, site)).collect(),
            canary: Some(canary(&self.hub)),
            history: history::of_all(&self.hub),
            lowers: links::lowers(&self.hub, &by),
            upper: links::upper(&self.hub, &by),
        }))
    }

    async fn watch_heartbeat(
        &self,
        request: Request<wire::SystemServiceWatchHeartbeatRequest>,
    ) -> Result<Response<Self::WatchHeartbeatStream>, Status> {
        let (by, request) = Admitted::of(request);
        let sites = self.hub.sites_of(&by.caller, by.permission, &request.sites);
        let sites = sites.map_err(|site| status::unknown_site(&site))?;
        let (sender, receiver) = mpsc::channel(16);
        let (hub, stop) = (Arc::clone(&self.hub), self.stop.clone());
        tokio::spawn(async move {
            let mut subscription = Subscription::start(&hub.feed, &sites, &Start::Now, &stop);
            loop {
                let event = tokio::select! {
                    event = subscription.next() => event,
                    () = sender.closed() => return,
                };
                let Some(event) = event else { return };
                let Event::Heartbeat(beat) = event else { continue };
                let message =
                    wire::SystemServiceWatchHeartbeatResponse { heartbeat: Some(heartbeat(&hub, &beat)) };
                if sender.send(Ok(message)).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

fn site_status(hub: &Hub, site: &SiteService) -> wire::SiteStatus {
    let loaded = site.loaded.load();
    let door = hub.intake.directory.site(&site.id);
    let nodes = loaded.plan.site.edge_nodes.iter().map(|node| {
        let state = door.as_ref().and_then(|door| door.presence.node(&node.id).state());
        let state = node_state(state);
        wire::EdgeNodeStatus { edge_node: node.id.to_string(), state: state.into(), ..Default::default() }
    });
    wire::SiteStatus {
        site: site.id.to_string(),
        revision: loaded.plan.revision.to_string(),
        tags: u32::try_from(loaded.plan.site.tags.len()).unwrap_or(u32::MAX),
        rules: u32::try_from(loaded.plan.rules.len()).unwrap_or(u32::MAX),
        last_sequence: site.feed.sequence(),
        last_commit: site.state.number.load(Ordering::Acquire),
        last_heartbeat: site.state.last_heartbeat().map(|beat| heartbeat(hub, &beat)),
        journal_ok: !site.state.failing.load(Ordering::Acquire),
        alarms: alarm_counts(&site.feed.book().standing()),
        readings: door.as_ref().map(|door| reading_counts(&door.account.totals())),
        edge_nodes: nodes.collect(),
        history: history::of_site(hub, site),
    }
}

fn alarm_counts(entries: &[Entry]) -> Vec<wire::AlarmCount> {
    let count = |tier: Tier, wanted: fn(&Entry) -> bool| {
        let found = entries.iter().filter(|entry| entry.last.facts.tier == tier && wanted(entry)).count();
        u32::try_from(found).unwrap_or(u32::MAX)
    };
    Tier::ALL
        .into_iter()
        .map(|tier| wire::AlarmCount {
            tier: wire::Tier::from(tier).into(),
            standing: count(tier, |_| true),
            unacknowledged: count(tier, |entry| {
                !entry.last.facts.acknowledged && !entry.last.facts.is_quieted()
            }),
            quieted: count(tier, |entry| entry.last.facts.is_quieted()),
        })
        .collect()
}

fn reading_counts(totals: &Totals) -> wire::ReadingCounts {
    let rejected =
        totals.rejected.iter().chain(&totals.warned).map(|(reason, count)| (reason.word(), *count));
    let settled = [
        ("DUPLICATE_MESSAGE", totals.duplicate),
        ("OUT_OF_ORDER", totals.out_of_order),
        ("POINT_UNKNOWN", totals.unbound),
    ];
    let dropped = totals.dropped.iter().map(|(_, count)| ("BACKPRESSURE", *count));
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for (code, count) in rejected.chain(settled).chain(dropped).filter(|(_, count)| *count > 0) {
        *reasons.entry(code).or_default() += count;
    }
    wire::ReadingCounts {
        received: totals.received,
        evaluated: totals.judged,
        rejected: totals.rejected_sum() + totals.too_old,
        dropped: totals.dropped_sum() + totals.duplicate + totals.out_of_order + totals.unbound,
        reasons: reasons
            .into_iter()
            .map(|(code, readings)| wire::ReasonCount { code: code.to_owned(), readings })
            .collect(),
    }
}
