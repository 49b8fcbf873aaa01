//! `Watch`: a site's readings as they become durable, on top of how its tags are.

use std::{collections::BTreeMap, sync::Arc};

use davy_model::{ReadingBlock, TagIndex};
use davy_proto::{time_to_wire, v1 as wire};
use davy_rules::{Choice, Plan};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use wire::telemetry_service_watch_response::Event;

use super::{super::status, asked::chosen, list};
use crate::{
    aside::aside,
    guard::Admitted,
    hub::Hub,
    live::{Heard, Told, Watcher},
    port::Place,
    site::SiteService,
};

/// Tags in one message of the snapshot.
const SNAPSHOT_LEN: usize = 1000;

type Message = wire::TelemetryServiceWatchResponse;

/// Tells one client.
pub(super) struct Teller {
    hub: Arc<Hub>,
    service: Arc<SiteService>,
    selector: Arc<wire::TagSelector>,
    watcher: Watcher,
    sender: mpsc::Sender<Result<Message, Status>>,
    stop: CancellationToken,
    /// Which tags of these files are meant.
    meant: Option<(Arc<Plan>, Vec<bool>)>,
    _place: Place<Arc<str>>,
}

/// The client is gone, or Davy stops.
pub(super) struct Gone;

impl Teller {
    /// Begins to watch: what becomes durable from now on is told.
    pub(super) fn new(
        hub: &Arc<Hub>,
        by: &Admitted,
        selector: Option<wire::TagSelector>,
        sender: mpsc::Sender<Result<Message, Status>>,
        stop: &CancellationToken,
        place: Place<Arc<str>>,
    ) -> Result<Teller, Status> {
        chosen(selector.as_ref())?;
        let selector = selector.unwrap_or_default();
        let service = hub.site_of(&by.caller, by.permission, &selector.site);
        let service = service.ok_or_else(|| status::unknown_site(&selector.site))?;
        Ok(Teller {
            hub: Arc::clone(hub),
            service: Arc::clone(service),
            selector: Arc::new(selector),
            watcher: service.live.watch(),
            sender,
            stop: stop.clone(),
            meant: None,
            _place: place,
        })
    }

    /// Tells until the client is gone, or Davy stops.
    pub(super) async fn tell(mut self, snapshot: bool) -> Result<(), Gone> {
        // Watching began first: what becomes durable while the snapshot is told comes again.
        if snapshot {
            self.snapshot().await?;
        }
        loop {
            let Heard { told, dropped } = tokio::select! {
                heard = self.watcher.next() => heard,
                () = self.sender.closed() => return Err(Gone),
                () = self.stop.cancelled() => return self.say_goodbye(),
            };
            let series = self.series(&told).await?;
            if series.is_empty() && dropped == 0 {
                continue;
            }
            let readings = wire::CommittedReadings {
                site: self.service.id.to_string(),
                commit: told.number,
                recorded_time: Some(time_to_wire(told.at)),
                series,
            };
            self.send(Message { dropped_commits: dropped, event: Some(Event::Readings(readings)) }).await?;
        }
    }

    async fn snapshot(&mut self) -> Result<(), Gone> {
        let mut after: Option<Arc<str>> = None;
        loop {
            let (hub, service) = (Arc::clone(&self.hub), Arc::clone(&self.service));
            let selector = Arc::clone(&self.selector);
            let page = self
                .apart(move || list::page(&hub, &service, choice(&selector), after.as_deref(), SNAPSHOT_LEN))
                .await?;
            let is_last = page.last.is_none();
            let tags = wire::LatestTags { tags: page.tags, is_last };
            self.send(Message { dropped_commits: 0, event: Some(Event::Snapshot(tags)) }).await?;
            if is_last {
                return Ok(());
            }
            after = page.last;
        }
    }

    /// The readings of a commit that are meant, by tag.
    async fn series(&mut self, told: &Told) -> Result<Vec<wire::CommittedSeries>, Gone> {
        let mut series = Vec::new();
        for part in told.parts.iter().filter(|part| !part.blocks.is_empty()) {
            self.mean(&part.plan).await?;
            let Some((_, meant)) = &self.meant else { continue };
            let mut found = BTreeMap::new();
            for block in &part.blocks {
                gather(block, &part.plan, meant, &mut found);
            }
            series.extend(found.into_iter().map(|(tag, readings)| {
                let tag = part.plan.site.tag(tag);
                wire::CommittedSeries { tag: tag.name.to_string(), unit: tag.unit.to_string(), readings }
            }));
        }
        Ok(series)
    }

    /// Finds out which tags of these files are meant; known already, unless others became active.
    async fn mean(&mut self, plan: &Arc<Plan>) -> Result<(), Gone> {
        if self.meant.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, plan)) {
            return Ok(());
        }
        let (selector, of) = (Arc::clone(&self.selector), Arc::clone(plan));
        let meant = self
            .apart(move || {
                let (site, choice) = (&of.site, choice(&selector));
                let tags = site.tags.iter();
                tags.map(|tag| choice.takes(site, &tag.name, tag.quantity.as_str(), tag.area.as_deref()))
                    .collect()
            })
            .await?;
        self.meant = Some((Arc::clone(plan), meant));
        Ok(())
    }

    /// Does what may take a while where it holds no connection up.
    async fn apart<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Gone> {
        aside(work).await.map_err(|_| Gone)
    }

    /// Waits for room. A client that takes nothing holds no end up.
    async fn send(&self, message: Message) -> Result<(), Gone> {
        tokio::select! {
            sent = self.sender.send(Ok(message)) => sent.map_err(|_| Gone),
            () = self.stop.cancelled() => self.say_goodbye(),
        }
    }

    /// Says that Davy stops, if there is room to say it; nothing follows.
    fn say_goodbye(&self) -> Result<(), Gone> {
        // Who takes nothing sees the stream end.
        let _ = self.sender.try_send(Err(status::stopping()));
        Err(Gone)
    }
}

fn choice(selector: &wire::TagSelector) -> Choice<'_> {
    Choice { tags: &selector.tags, quantities: &selector.quantities, areas: &selector.areas }
}

fn gather(
    block: &ReadingBlock,
    plan: &Plan,
    meant: &[bool],
    found: &mut BTreeMap<TagIndex, Vec<wire::StoredReading>>,
) {
    let mut rest = block.readings.as_slice();
    for head in &block.messages {
        let (own, later) = rest.split_at(head.len as usize);
        rest = later;
        for reading in own.iter().filter(|reading| meant.get(reading.tag.0 as usize) == Some(&true)) {
            let source = plan.site.time.believed(reading.source_time, head.arrival);
            found.entry(reading.tag).or_default().push(wire::StoredReading {
                source_time: Some(time_to_wire(source)),
                arrival_time: Some(time_to_wire(head.arrival)),
                value: reading.value.get(),
                quality: Some(reading.quality.into()),
            });
        }
    }
}
