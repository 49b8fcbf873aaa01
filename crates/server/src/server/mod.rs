//! The whole house put together: opened by `start`, closed by `shutdown`.

mod clients;
mod parts;
mod start_error;

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use davy_delivery::Feed;
use davy_door::Door;
use davy_intake::{CallIntake, Directory, DoorIntake, Intake, broker::BrokerLink, hj212::Hj212Listener};
use davy_journal::{Options, Place};
use davy_model::Timestamp;
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use self::parts::Parts;
pub use self::start_error::StartError;
pub(crate) use self::start_error::io_error;
use crate::{
    Config,
    activation::BrokerLinks,
    audit::Found,
    canary::{self, Canary},
    clock::Clock,
    consumers, exits,
    failure::Failure,
    guard::Access,
    history::History,
    hub::Hub,
    latest::Latest,
    letters,
    line::Opened,
    link::{Forwarded, Lowers, Upward},
    load::load_all,
    pulse::Pulse,
    recover::RecoverError,
    revisions::{Revisions, SettleError},
    room::warn_of_small_blocks,
    site::{SiteService, journal_path},
    summary::{SiteSummary, Summary},
};

/// How long history may take to get what was written last.
const LAST_BATCHES: Duration = Duration::from_secs(10);
/// How long connections and streams may take to end.
const GOODBYE: Duration = Duration::from_secs(5);

/// A running Davy.
pub struct Server {
    config: Config,
    hub: Arc<Hub>,
    door: Option<(Door<DoorIntake>, Arc<DoorIntake>)>,
    broker: Option<Arc<BrokerLink>>,
    /// A second connection to the same broker, as a Sparkplug host.
    sparkplug: Option<Arc<BrokerLink>>,
    hj212: Option<Hj212Listener>,
    http_addr: SocketAddr,
    https_addr: Option<SocketAddr>,
    tasks: Vec<JoinHandle<()>>,
    /// What looks at the doors, and must end before them.
    watching: Vec<JoinHandle<()>>,
    stop_watching: CancellationToken,
    /// What brings the journals to history, and ends when they do.
    drain: Option<JoinHandle<()>>,
    stop_drain: CancellationToken,
    /// Who comes in by the doors, and must not find them closed.
    canary: Option<JoinHandle<()>>,
    stop_canary: CancellationToken,
    stop_serving: CancellationToken,
    stop_writing: CancellationToken,
    failed: Failure,
}

impl Server {
    /// Takes up every site's journal, then opens the doors. Needs a tokio runtime with more than one thread.
    ///
    /// # Errors
    /// [`StartError`]; nothing keeps running then.
    pub async fn start(config: Config) -> Result<Server, StartError> {
        let mut loaded = load_all(&config)?;
        let access = Arc::new(Access::open(config.access.as_ref(), &config.tree, &config.data_dir)?);
        if config.canary.is_some() {
            loaded.push(canary::loaded());
        }
        fs::create_dir_all(&config.data_dir)
            .map_err(|source| io_error(&config.data_dir.display().to_string(), source))?;
        warn_of_small_blocks(&config.data_dir);
        let mut opened = Vec::new();
        for site in loaded {
            let id = Arc::clone(&site.bundle.site);
            let one = Opened::open(site, &journal_path(&config.data_dir, &id), Options::default());
            opened.push((Arc::clone(&id), one.map_err(|source| StartError::Recover { site: id, source })?));
        }
        let mut brought = Vec::new();
        for lower in &config.lowers {
            for id in &lower.sites {
                let place = Place::from(&journal_path(&config.data_dir, id));
                let one = Forwarded::open(id, &lower.name, &place, config.retention);
                let refused = |source| StartError::Recover {
                    site: Arc::clone(id),
                    source: RecoverError::Journal(source),
                };
                brought.push(one.map_err(refused)?);
            }
        }
        let audit = Found::open(&config.data_dir, &config.node, &config.audit);
        let not_before =
            opened.iter().map(|(_, site)| site.last_at()).chain(brought.iter().map(Forwarded::last_at)).max();
        let not_before = not_before.unwrap_or(Timestamp::MIN);
        let clock = Clock::start(not_before.max(audit.last_at()));
        let (stop_serving, stop_writing, failed) =
            (CancellationToken::new(), CancellationToken::new(), Failure::new());
        let revisions = Revisions::open(&config.data_dir, config.folders).map_err(SettleError::from)?;
        let history = config.history.as_ref().map(|history| History::open(history, &config.data_dir));
        let history = history.transpose()?.map(Arc::new);
        let outbox = exits::outbox(&config.exits, &config.data_dir)?;
        let mut heads = BTreeMap::new();
        let latest = Arc::new(Latest::default());
        let mut services = Vec::new();
        let mut doors = Vec::new();
        for (id, site) in opened {
            let is_plant = *id != *canary::SITE;
            let settle = |folder| if is_plant { revisions.settle(folder, clock.now()) } else { Ok(folder) };
            let site = site.settled(settle)?.keeping(config.retention).showing(&latest);
            let line = site.line(config.inbox_bytes);
            let run = line.and_then(|line| {
                if is_plant {
                    heads.insert(Arc::clone(&line.id), line.feed.sequence());
                }
                if is_plant && history.is_some() {
                    // Until somebody says how far history is, all of it is owed.
                    line.committer.state.kept.set_taken(Some(0));
                }
                SiteService::start(line, &clock, &stop_writing, &failed)
            });
            let (service, door) = run.map_err(|source| StartError::Recover { site: id, source })?;
            services.push(Arc::new(service));
            doors.push(door);
        }
        let own: Vec<Arc<str>> =
            services.iter().map(|site: &Arc<SiteService>| Arc::clone(&site.id)).collect();
        for forwarded in brought {
            heads.insert(Arc::clone(forwarded.feed().site()), forwarded.feed().sequence());
            if history.is_some() {
                forwarded.state().kept.set_taken(Some(0));
            }
            let service = SiteService::forwarded(forwarded);
            latest.begin(&service.id, &service.loaded.load().plan, None);
            services.push(Arc::new(service));
        }
        let audit = audit.start(&clock).map_err(|source| io_error("audit log", source))?;
        let audit = Arc::new(audit);
        let feed = Feed::new(services.iter().map(|site| Arc::clone(&site.feed)));
        let lent = clock.clone();
        let intake = Intake::with_sparkplug(
            Directory::new(doors),
            Arc::new(move || lent.now()),
            config.payload_bytes_max,
            config.sparkplug.clone(),
        );
        let quota = config.door.as_ref().map(|door| door.quota).unwrap_or_default();
        let letters =
            letters::keep(&config.data_dir, &intake).map_err(|source| io_error("dead letters", source))?;
        let sites = services.into_iter().map(|site| (Arc::clone(&site.id), site)).collect();
        let started = clock.now();
        let exits = match outbox {
            Some(outbox) => {
                let exits = exits::open(outbox, &config.exits, &feed, &heads, &clock, &stop_serving);
                Some(Arc::new(exits.await?))
            }
            None => None,
        };
        let consumers = consumers::open(&config, &feed, &clock)?;
        let canary = Arc::new(Canary::new(config.canary, started));
        let pulse = Pulse::of(own.iter().map(Arc::clone), config.heartbeat_every);
        let (node, pulse) = (config.node.clone(), Arc::new(pulse));
        let links = BrokerLinks::default();
        let lowers = own.first().map(|first| Lowers::new(&config.lowers, first)).unwrap_or_default();
        let upward = config.link.clone().map(|link| Arc::new(Upward::new(link, clock.now())));
        let hub = Hub {
            sites,
            feed,
            latest,
            calls: CallIntake::new(Arc::clone(&intake), quota),
            intake,
            letters,
            started,
            clock,
            node,
            canary,
            pulse,
            revisions,
            history,
            links,
            door: OnceLock::new(),
            access,
            certificates: config.certificates(),
            audit,
            exits,
            consumers: Arc::new(consumers),
            must_listen: config.consumers.clone(),
            tree: Arc::clone(&config.tree),
            heartbeat_every: config.heartbeat_every,
            lowers,
            upward,
        };
        hub.note_start(&config);
        let hub = Arc::new(hub);
        let parts = Parts { hub: Arc::clone(&hub), stop_serving, stop_writing, failed };
        parts.open(config).await
    }

    /// Where gRPC, `/metrics` and `/healthz` are.
    pub fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    /// Where the same is served with TLS, if it is.
    pub fn https_addr(&self) -> Option<SocketAddr> {
        self.https_addr
    }

    /// Where the MQTT door is encrypted, if it is.
    pub fn door_tls_addr(&self) -> Option<SocketAddr> {
        let (door, _) = self.door.as_ref()?;
        let listen = &self.config.door.as_ref()?.door.listen;
        let encrypted = listen.iter().position(|listen| listen.tls.is_some())?;
        door.local_addrs().get(encrypted).copied()
    }

    /// Where the MQTT door is, if there is one.
    pub fn door_addr(&self) -> Option<SocketAddr> {
        self.door.as_ref().map(|(door, _)| door.local_addr())
    }

    /// Where boxes are listened to, if they are.
    pub fn hj212_addr(&self) -> Option<SocketAddr> {
        self.hj212.as_ref().map(Hj212Listener::local_addr)
    }

    /// How the link to the external broker stands, if there is one.
    pub fn broker_state(&self) -> Option<davy_intake::broker::LinkState> {
        self.broker.as_ref().map(|broker| broker.state())
    }

    /// Whether alarms still come through: false when a site's heartbeats have stopped and it is not its disk that is known
    /// to fail. Then alarms go out all the same, and a restart would lose them.
    pub fn is_alive(&self) -> bool {
        let failing = self.hub.failing_sites();
        self.hub.pulse.stalled().iter().all(|(site, _)| failing.iter().any(|one| **one == **site))
    }

    /// Waits for something that cannot be mended while running, and says what.
    pub async fn failed(&self) -> String {
        self.failed.wait().await
    }

    /// Reads certificates, and all sites' files, again and makes those that changed active. A site keeps its old files when any site has an error.
    ///
    /// # Errors
    /// Every finding; nothing has changed then.
    pub async fn reload(&self) -> Result<Vec<Arc<str>>, Vec<String>> {
        self.hub.certificates.iter().for_each(|certificate| certificate.look(true));
        let changed = match self.hub.audit.ready() {
            Ok(()) => self.reload_files().await,
            Err(refused) => Err(vec![format!("AUDIT_UNAVAILABLE: {}", refused.message())]),
        };
        self.hub.note_reload(&changed).await;
        changed
    }

    async fn reload_files(&self) -> Result<Vec<Arc<str>>, Vec<String>> {
        let loaded = load_all(&self.config).map_err(|error| vec![error.to_string()])?;
        let strangers: Vec<String> = loaded
            .iter()
            .filter(|site| !self.hub.sites.contains_key(&site.bundle.site))
            .map(|site| format!("site {} is new: a new site needs a restart", site.bundle.site))
            .collect();
        if !strangers.is_empty() {
            return Err(strangers);
        }
        self.hub.settle(loaded).await
    }

    /// Takes no more readings, writes and acknowledges what came, ends the streams, and accounts for everything.
    pub async fn shutdown(mut self) -> Summary {
        self.stop_canary.cancel();
        self.hub.links.clear();
        if let Some(canary) = self.canary.take() {
            // It was asked to end, and holds nothing.
            let _ = canary.await;
        }
        if let Some((door, handler)) = self.door.take() {
            handler.say_goodbye();
            door.shutdown(GOODBYE).await;
        }
        if let Some(hj212) = self.hj212.take() {
            hj212.shutdown(GOODBYE).await;
        }
        self.stop_watching.cancel();
        for task in self.watching.drain(..) {
            // It was asked to end, and holds nothing.
            let _ = task.await;
        }
        for broker in [self.sparkplug.take(), self.broker.take()] {
            if let Some(broker) = broker.and_then(Arc::into_inner) {
                broker.stop(GOODBYE).await;
            }
        }
        self.stop_writing.cancel();
        let hub = Arc::clone(&self.hub);
        let joined = tokio::task::spawn_blocking(move || {
            let failed = hub.sites.values().filter_map(|site| site.join().err()).count();
            hub.letters.stop();
            // No site takes anything any more; what it took goes into the log before that ends.
            Handle::current().block_on(hub.audit.all_seen_through(GOODBYE));
            hub.note_stop(failed);
            failed
        });
        let failed = joined.await.unwrap_or(0);
        self.stop_drain.cancel();
        if let Some(mut drain) = self.drain.take()
            && tokio::time::timeout(LAST_BATCHES, &mut drain).await.is_err()
        {
            // A database that does not answer holds nobody up: what it was not brought it is brought the next time.
            drain.abort();
        }
        self.stop_serving.cancel();
        for task in self.tasks.drain(..) {
            if tokio::time::timeout(GOODBYE, task).await.is_err() {
                warn!("a connection did not end in time");
            }
        }
        if let Some(exits) = &self.hub.exits {
            exits.join().await;
        }
        let consumers = Arc::clone(&self.hub.consumers);
        // A panic is reported where it happens; there is nothing to add.
        let _ = tokio::task::spawn_blocking(move || consumers.stop()).await;
        let sites = self.hub.own().filter_map(|site| {
            let id = &site.id;
            let door = self.hub.intake.directory.site(id)?;
            let transitions = self.hub.feed.site(id).map_or(0, |feed| feed.sequence());
            Some(SiteSummary::new(Arc::clone(id), &door.account.totals(), transitions))
        });
        Summary {
            sites: sites.collect(),
            strays: self.hub.intake.strays.account.totals().received,
            failed: failed > 0,
        }
    }
}

#[cfg(test)]
mod stalls;
