//! `LinkService`: what Davys below this one bring, and the tree that comes of it.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use davy_access::Caller;
use davy_journal::decode_transition;
use davy_model::{Text, Tier};
use davy_proto::v1 as wire;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, Streaming};
use tracing::{info, warn};
use wire::{link_service_forward_request::Brought, link_service_forward_response::Said};

use super::{link_tree, status, v1::link_service_server::LinkService};
use crate::{
    guard::{Admitted, Lookout},
    hub::Hub,
    link::{Forwarded, Lower, PROTOCOL, RECORDS_TAKEN_MAX, SITES_MAX, Unfit, heartbeat_of},
    site::SiteService,
};

pub(crate) struct Links {
    pub(crate) hub: Arc<Hub>,
    pub(crate) stop: CancellationToken,
}

/// How long a caller may take to say hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(15);
/// Answers that wait for one lower Davy.
const QUEUE_LEN_MAX: usize = 16;

type Answer = Result<wire::LinkServiceForwardResponse, Status>;

#[tonic::async_trait]
impl LinkService for Links {
    type ForwardStream = Pin<Box<dyn Stream<Item = Answer> + Send>>;

    async fn forward(
        &self,
        request: Request<Streaming<wire::LinkServiceForwardRequest>>,
    ) -> Result<Response<Self::ForwardStream>, Status> {
        let lookout = Lookout::of(&request);
        let (by, mut brought) = Admitted::of(request);
        let first = timeout(HELLO_TIMEOUT, brought.message());
        let first = first.await.map_err(|_| refused("no hello came within 15 s"))??;
        let Some(Brought::Hello(hello)) = first.and_then(|first| first.brought) else {
            return Err(refused("the first thing brought must be a hello"));
        };
        let lower = known(&self.hub, &by.caller, &hello)?;
        let call = lower.calls(&hello.node);
        let welcome = welcome(&self.hub, &by, &lower, &hello);
        info!(lower = %lower.config.name, node = hello.node, sites = hello.sites.len(), "a lower Davy calls");
        let (answers, receiver) = mpsc::channel(QUEUE_LEN_MAX);
        let taking = Taking { hub: Arc::clone(&self.hub), taken: taken(&welcome), lower, answers };
        let stop = self.stop.clone();
        tokio::spawn(async move {
            let ended = tokio::select! {
                () = stop.cancelled() => Err(status::stopping()),
                () = call.cancelled() => Err(refused("another call of the same Davy came after this one")),
                () = taking.answers.closed() => Err(gone()),
                // Whoever reads no answer would not notice that it ends, and might beat on.
                status = shut_out(lookout) => Err(status),
                ended = taking.run(welcome, brought) => ended,
            };
            taking.lower.hung_up(&call);
            if let Err(status) = ended {
                warn!(lower = %taking.lower.config.name, why = status.message(), "the call of a lower Davy ends");
                // It may be gone.
                let _ = taking.answers.try_send(Err(status));
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn get_tree(
        &self,
        request: Request<wire::LinkServiceGetTreeRequest>,
    ) -> Result<Response<wire::LinkServiceGetTreeResponse>, Status> {
        Ok(Response::new(link_tree::tree(&self.hub, &Admitted::of(request).0)))
    }
}

fn refused(what: impl AsRef<str>) -> Status {
    status::status(Code::FailedPrecondition, "LINK_REFUSED", what)
}

/// Comes back when the caller is no longer who it was.
async fn shut_out(lookout: Option<Lookout>) -> Status {
    match lookout {
        Some(mut lookout) => lookout.shut_out().await,
        None => std::future::pending().await,
    }
}

fn gone() -> Status {
    Status::cancelled("the caller is gone")
}

/// The lower Davy that calls.
fn known(hub: &Hub, caller: &Caller, hello: &wire::LinkHello) -> Result<Arc<Lower>, Status> {
    let name = if caller.is_proven() { &**caller.name() } else { hello.name.as_str() };
    let unknown =
        || refused(format!("no lower Davy is called {name}: name it in a [[lower]] of davy.toml here"));
    let lower = hub.lowers.get(name).ok_or_else(unknown)?;
    if hello.protocol != PROTOCOL {
        let what = format!(
            "this Davy takes the form {PROTOCOL} of the link, not {}: run the same release",
            hello.protocol
        );
        return Err(refused(what));
    }
    if hello.sites.len() > SITES_MAX {
        return Err(refused(format!("at most {SITES_MAX} sites, not {}", hello.sites.len())));
    }
    Ok(Arc::clone(lower))
}

/// Which sites are taken. One that is not takes nothing from the others.
fn welcome(hub: &Hub, by: &Admitted, lower: &Lower, hello: &wire::LinkHello) -> wire::LinkWelcome {
    let taken = |site: &wire::LinkSite| {
        let (sequence, refused) = match place_of(hub, by, lower, site) {
            Ok(forwarded) => {
                forwarded.note_head(site.sequence);
                (forwarded.feed().sequence(), String::new())
            }
            Err(why) => {
                lower.refuses();
                warn!(lower = %lower.config.name, site = site.site, why, "a site is not taken");
                (0, why)
            }
        };
        wire::LinkTaken { site: site.site.clone(), sequence, refused }
    };
    wire::LinkWelcome { node: hub.node.clone(), sites: hello.sites.iter().map(taken).collect() }
}

/// The site's place here, or why it has none.
fn place_of<'a>(
    hub: &'a Hub,
    by: &Admitted,
    lower: &Lower,
    site: &wire::LinkSite,
) -> Result<&'a Forwarded, String> {
    let id = site.site.as_str();
    let Some(service) = hub.sites.get(id) else {
        return Err(format!("it is not among the sites of [[lower]] {}", lower.config.name));
    };
    let Some(forwarded) = &service.forwarded else {
        return Err("it is the upper Davy's own site: one of the two needs another id".to_owned());
    };
    if forwarded.lower != lower.config.name {
        return Err(format!("{} brings it: one Davy brings a site", forwarded.lower));
    }
    if !by.may(id) {
        return Err("the account's role link does not reach its place in the tree".to_owned());
    }
    let here = forwarded.feed().sequence();
    if site.sequence < here {
        let there = site.sequence;
        return Err(format!(
            "it ends with transition {there}, and {here} is known here: its journal is another, or an old copy"
        ));
    }
    Ok(forwarded)
}

fn taken(welcome: &wire::LinkWelcome) -> Vec<Arc<str>> {
    welcome
        .sites
        .iter()
        .filter(|site| site.refused.is_empty())
        .map(|site| site.site.as_str().into())
        .collect()
}

/// One call of a lower Davy.
struct Taking {
    hub: Arc<Hub>,
    lower: Arc<Lower>,
    taken: Vec<Arc<str>>,
    answers: mpsc::Sender<Answer>,
}

impl Taking {
    async fn run(
        &self,
        welcome: wire::LinkWelcome,
        mut brought: Streaming<wire::LinkServiceForwardRequest>,
    ) -> Result<(), Status> {
        self.say(Said::Welcome(welcome)).await?;
        while let Some(message) = brought.message().await? {
            self.lower.heard();
            match message.brought {
                Some(Brought::Transitions(transitions)) => self.take(transitions).await?,
                Some(Brought::Gap(gap)) => {
                    self.service(&gap.site)?.1.excuse(gap.to_sequence);
                    let (from, to) = (gap.from_sequence, gap.to_sequence);
                    warn!(lower = %self.lower.config.name, site = gap.site, from, to, "transitions cannot be brought any more");
                }
                Some(Brought::Beat(beat)) => self.beat(&beat)?,
                Some(Brought::Hello(_)) | None => {
                    return Err(self.wrong("a hello comes once, and nothing is empty"));
                }
            }
        }
        Ok(())
    }

    async fn take(&self, brought: wire::LinkTransitions) -> Result<(), Status> {
        if brought.records.len() > RECORDS_TAKEN_MAX {
            return Err(self.wrong(&format!("more than {RECORDS_TAKEN_MAX} transitions in one message")));
        }
        let (service, _) = self.service(&brought.site)?;
        let records: Result<Vec<_>, _> =
            brought.records.iter().map(|bytes| decode_transition(bytes)).collect();
        let records = records.map_err(|error| self.wrong(&error.to_string()))?;
        let (service, now) = (Arc::clone(service), self.hub.clock.now());
        let done = tokio::task::spawn_blocking(move || {
            service.forwarded.as_ref().ok_or(Unfit::Stopping)?.take(now, records)
        });
        let taken = match done.await.map_err(|_| status::stopping())? {
            Ok(taken) => taken,
            Err(Unfit::Journal(error)) => return Err(status::journal(&error)),
            Err(Unfit::Stopping) => return Err(status::stopping()),
            Err(unfit @ (Unfit::Foreign { .. } | Unfit::OutOfOrder { .. })) => {
                return Err(self.wrong(&unfit.to_string()));
            }
        };
        self.lower.transitions.fetch_add(taken.new, Ordering::Relaxed);
        self.lower.missing.fetch_add(taken.missing, Ordering::Relaxed);
        self.say(Said::Confirmed(wire::LinkConfirmed { site: brought.site, sequence: taken.sequence })).await
    }

    fn beat(&self, beat: &wire::LinkBeat) -> Result<(), Status> {
        let heartbeat = beat.heartbeat.as_ref().ok_or_else(|| self.wrong("a beat without its heartbeat"))?;
        let (_, forwarded) = self.service(&heartbeat.site)?;
        let heard = heartbeat_of(heartbeat).map_err(|error| self.wrong(&error.to_string()))?;
        let title = beat.title.as_ref().map(Text::from);
        forwarded.beat(heard, Tier::try_from(beat.risk_level()).ok(), title);
        Ok(())
    }

    /// A site that was taken in the welcome.
    fn service(&self, site: &str) -> Result<(&Arc<SiteService>, &Forwarded), Status> {
        let service =
            self.taken.iter().find(|taken| ***taken == *site).and_then(|taken| self.hub.sites.get(taken));
        let service = service.and_then(|service| Some((service, service.forwarded.as_ref()?)));
        service.ok_or_else(|| self.wrong(&format!("site {site:?} was not taken in the welcome")))
    }

    fn wrong(&self, what: &str) -> Status {
        self.lower.refuses();
        refused(what)
    }

    async fn say(&self, said: Said) -> Result<(), Status> {
        let answer = wire::LinkServiceForwardResponse { said: Some(said) };
        self.answers.send(Ok(answer)).await.map_err(|_| gone())
    }
}
