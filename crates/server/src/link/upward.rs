//! To the upper Davy: what the journals have that it has not, then what happens, for as long as Davy runs.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use davy_delivery::{Delivered, Event, GapReason, Start, Subscription, Token};
use davy_journal::encode_transition;
use davy_model::Timestamp;
use davy_proto::{time_to_wire, v1 as wire};
use futures_util::FutureExt;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status, Streaming};
use tracing::{info, warn};
use wire::{link_service_forward_request::Brought, link_service_forward_response::Said};

use super::{PROTOCOL, RECORDS_BYTES_MAX, RECORDS_MAX, Standing, risk_level_of, standing::GOOD_CALL};
use crate::{
    config::LinkConfig,
    hub::Hub,
    rpc::{heartbeat, v1::link_service_client::LinkServiceClient},
};

/// Messages on their way to the upper Davy.
const QUEUE_LEN_MAX: usize = 4;
/// How long it may take to answer a hello.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(15);
/// How long what is not on this Davy's disk yet is left alone before it is looked for again.
const HELD_PAUSE: Duration = Duration::from_secs(1);
/// The shortest and the longest pause before another call.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(15));

/// The link to the upper Davy.
pub(crate) struct Upward {
    pub(crate) config: LinkConfig,
    standing: Standing,
}

/// Why a call ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("{0}")]
    Config(String),
    #[error("{0}")]
    Connect(String),
    #[error("{}", .0.message())]
    Refused(Status),
    #[error("{0} does not answer")]
    NoAnswer(&'static str),
    #[error("the upper Davy hung up")]
    HungUp,
    #[error("it takes none of the sites: {0}")]
    NoneTaken(String),
    #[error("the journal of {0} cannot be read: {1}")]
    Broken(Arc<str>, String),
}

type Out = mpsc::Sender<wire::LinkServiceForwardRequest>;

impl Upward {
    pub(crate) fn new(config: LinkConfig, now: Timestamp) -> Upward {
        Upward { config, standing: Standing::new(now) }
    }

    pub(crate) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// How it stands, on the wire.
    pub(crate) fn shown(&self, hub: &Hub) -> wire::UpperDavy {
        let told = self.standing.told();
        wire::UpperDavy {
            url: self.config.url.clone(),
            node: told.node.clone(),
            connected: told.why.is_none(),
            since: Some(time_to_wire(told.since)),
            why: told.why.clone().unwrap_or_default(),
            owed: told
                .confirmed
                .iter()
                .map(|(site, have)| {
                    hub.feed.site(site).map_or(0, |feed| feed.sequence().saturating_sub(*have))
                })
                .sum(),
            refused: told.refused,
        }
    }

    /// Calls again and again until it is stopped.
    pub(crate) async fn run(self: Arc<Self>, hub: Arc<Hub>, stop: CancellationToken) {
        let pauses = || {
            ExponentialBuilder::new()
                .with_min_delay(PAUSES.0)
                .with_max_delay(PAUSES.1)
                .with_jitter()
                .without_max_times()
        };
        let mut backoff = pauses().build();
        while !stop.is_cancelled() {
            let began = tokio::time::Instant::now();
            let ended = tokio::select! {
                () = stop.cancelled() => return,
                ended = self.call(&hub, &stop) => ended,
            };
            if let Err(ended) = ended
                && self.standing.lost(hub.clock.now(), ended.to_string())
            {
                warn!(url = %self.config.url, %ended, "no link to the upper Davy: what it must know is kept for it");
            }
            // The next pause is the shortest again.
            if began.elapsed() >= GOOD_CALL {
                backoff = pauses().build();
            }
            let pause = backoff.next().unwrap_or(PAUSES.1);
            stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    /// One call, from its hello to its end.
    async fn call(&self, hub: &Arc<Hub>, stop: &CancellationToken) -> Result<(), Ended> {
        let endpoint = self.config.endpoint().map_err(Ended::Config)?;
        let channel = endpoint.connect().await.map_err(|error| Ended::Connect(reasons(&error)))?;
        let (out, requests) = mpsc::channel(QUEUE_LEN_MAX);
        let _ = out.send(asks(Brought::Hello(self.hello(hub)))).await;
        let mut request = Request::new(ReceiverStream::new(requests));
        if let Some(token) = self.config.token().map_err(Ended::Config)? {
            request.metadata_mut().insert("authorization", token);
        }
        let mut client = LinkServiceClient::new(channel);
        let answer = timeout(WELCOME_TIMEOUT, client.forward(request)).await;
        let answer = answer.map_err(|_| Ended::NoAnswer("the upper Davy"))?.map_err(Ended::Refused)?;
        let mut answers = answer.into_inner();
        let welcome = welcome(&mut answers).await?;
        self.standing.up(hub.clock.now(), &welcome);
        info!(url = %self.config.url, node = welcome.node, "linked to the upper Davy");
        takes_some(&welcome)?;
        let mut bringing = Bringing {
            hub,
            standing: &self.standing,
            out,
            token: Token::default(),
            sites: Vec::new(),
            held: BTreeSet::new(),
        };
        for site in welcome.sites.iter().filter(|site| site.refused.is_empty()) {
            let Some(feed) = hub.feed.site(&site.site) else { continue };
            bringing.token.see(feed.site(), site.sequence);
            bringing.sites.push(Arc::clone(feed.site()));
        }
        tokio::select! {
            ended = bringing.run(stop) => ended,
            ended = self.hear(hub, answers) => ended,
        }
    }

    fn hello(&self, hub: &Hub) -> wire::LinkHello {
        let wanted =
            |id: &str| self.config.sites.is_empty() || self.config.sites.iter().any(|site| **site == *id);
        let sites = hub
            .plants()
            .filter(|site| wanted(&site.id))
            .map(|site| wire::LinkSite { site: site.id.to_string(), sequence: site.feed.sequence() });
        wire::LinkHello {
            protocol: PROTOCOL,
            name: self.config.name.clone(),
            node: hub.node.clone(),
            started_time: Some(time_to_wire(hub.started)),
            sites: sites.collect(),
        }
    }

    /// What the upper Davy confirms, until it hangs up.
    async fn hear(
        &self,
        hub: &Hub,
        mut answers: Streaming<wire::LinkServiceForwardResponse>,
    ) -> Result<(), Ended> {
        loop {
            let answer = answers.message().await.map_err(Ended::Refused)?.ok_or(Ended::HungUp)?;
            if let Some(Said::Confirmed(confirmed)) = answer.said {
                self.standing.confirm(hub.clock.now(), &confirmed.site, confirmed.sequence);
            }
        }
    }
}

async fn welcome(
    answers: &mut Streaming<wire::LinkServiceForwardResponse>,
) -> Result<wire::LinkWelcome, Ended> {
    let first = timeout(WELCOME_TIMEOUT, answers.message()).await;
    let first = first.map_err(|_| Ended::NoAnswer("the upper Davy"))?.map_err(Ended::Refused)?;
    match first.and_then(|first| first.said) {
        Some(Said::Welcome(welcome)) => Ok(welcome),
        Some(Said::Confirmed(_)) | None => Err(Ended::HungUp),
    }
}

/// Tells what the upper Davy does not take. Where nothing is left, a call can bring nothing.
fn takes_some(welcome: &wire::LinkWelcome) -> Result<(), Ended> {
    let mut refused = Vec::new();
    for site in welcome.sites.iter().filter(|site| !site.refused.is_empty()) {
        warn!(site = site.site, why = site.refused, "the upper Davy does not take it");
        refused.push(format!("{} ({})", site.site, site.refused));
    }
    match refused.len() == welcome.sites.len() {
        false => Ok(()),
        true if refused.is_empty() => Err(Ended::NoneTaken("link.sites names none that is here".to_owned())),
        true => Err(Ended::NoneTaken(refused.join(", "))),
    }
}

/// Everything that an error says, from the outside in.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        said = format!("{said}: {inner}");
        source = inner.source();
    }
    said
}

fn asks(brought: Brought) -> wire::LinkServiceForwardRequest {
    wire::LinkServiceForwardRequest { brought: Some(brought) }
}

/// What one call brings.
struct Bringing<'a> {
    hub: &'a Arc<Hub>,
    standing: &'a Standing,
    out: Out,
    /// The last transition brought of each site.
    token: Token,
    sites: Vec<Arc<str>>,
    /// Sites of which something was heard that is not on disk yet: it is brought when it is.
    held: BTreeSet<Arc<str>>,
}

impl Bringing<'_> {
    /// Brings events until the upper Davy takes none any more.
    async fn run(&mut self, stop: &CancellationToken) -> Result<(), Ended> {
        loop {
            let start = Start::After(self.token.clone());
            let mut events = Subscription::start(&self.hub.feed, &self.sites, &start, stop);
            self.held.clear();
            let again = tokio::time::sleep(HELD_PAUSE);
            tokio::pin!(again);
            loop {
                let event = tokio::select! {
                    event = events.next() => event.ok_or(Ended::HungUp)?,
                    () = &mut again, if !self.held.is_empty() => break,
                };
                let was_held = !self.held.is_empty();
                let mut next = Some(event);
                while let Some(event) = next {
                    next = self.bring(event, &mut events).await?;
                }
                if !was_held && !self.held.is_empty() {
                    again.as_mut().reset(tokio::time::Instant::now() + HELD_PAUSE);
                }
            }
        }
    }

    /// Brings an event, transitions together with those that wait behind it. Gives what came after them.
    async fn bring(&mut self, event: Event, events: &mut Subscription) -> Result<Option<Event>, Ended> {
        match event {
            Event::Alert(first) => return self.bring_alerts(first, events).await,
            Event::Heartbeat(beat) => {
                let Some(site) = self.hub.sites.get(&beat.site) else { return Ok(None) };
                if self.token.seen(&beat.site).is_some_and(|seen| seen.sequence < beat.sequence) {
                    // It was told before it was on disk, and is by now.
                    self.held.insert(Arc::clone(&beat.site));
                }
                let risk_level = risk_level_of(site).map_or(wire::Tier::Unspecified, wire::Tier::from);
                let heartbeat = Some(heartbeat(self.hub, &beat));
                self.send(Brought::Beat(wire::LinkBeat {
                    heartbeat,
                    risk_level: risk_level.into(),
                    title: Some((&site.title()).into()),
                }))
                .await?;
            }
            // It is no gap above: it is looked for again until it is on disk.
            Event::Gap { site, reason: GapReason::NotDurable, .. } => {
                self.held.insert(site);
            }
            Event::Gap { site, from_sequence, to_sequence, .. } => {
                if to_sequence >= from_sequence && !self.held.contains(&site) {
                    self.token.see(&site, to_sequence);
                    let site = site.to_string();
                    self.send(Brought::Gap(wire::LinkGap { site, from_sequence, to_sequence })).await?;
                }
            }
            Event::Broken { site, error } => return Err(Ended::Broken(site, error.to_string())),
        }
        Ok(None)
    }

    async fn bring_alerts(
        &mut self,
        first: Delivered,
        events: &mut Subscription,
    ) -> Result<Option<Event>, Ended> {
        let site = Arc::clone(&first.transition.alarm.site);
        let (mut records, mut bytes, mut last) = (Vec::new(), 0, 0);
        let mut next = Some(Event::Alert(first));
        while let Some(Event::Alert(alert)) = &next {
            if alert.transition.alarm.site != site
                || records.len() == RECORDS_MAX
                || bytes >= RECORDS_BYTES_MAX
            {
                break;
            }
            if !alert.durable {
                self.held.insert(Arc::clone(&site));
            }
            if !self.held.contains(&site) {
                let record = encode_transition(&alert.transition);
                bytes += record.len();
                records.push(record);
                last = alert.transition.sequence;
                self.token.see(&site, alert.transition.sequence);
            }
            next = events.next().now_or_never().flatten();
        }
        if !records.is_empty() {
            self.standing.bring(self.hub.clock.now(), &site, last);
            let site = site.to_string();
            self.send(Brought::Transitions(wire::LinkTransitions { site, records })).await?;
        }
        Ok(next)
    }

    async fn send(&self, brought: Brought) -> Result<(), Ended> {
        self.out.send(asks(brought)).await.map_err(|_| Ended::HungUp)
    }
}
