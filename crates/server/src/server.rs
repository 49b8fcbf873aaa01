//! The whole house put together: opened by `start`, closed by `shutdown`.

use std::{fs, io, net::SocketAddr, sync::Arc, time::Duration};

use davy_delivery::Feed;
use davy_door::{Door, DoorPublisher};
use davy_intake::{Directory, DoorIntake, Intake, Way, broker::BrokerLink, hj212::Hj212Listener};
use davy_journal::Options;
use davy_model::Timestamp;
use tokio::{
    task::JoinHandle,
    time::{Interval, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    Config,
    canary::{self, Canary, Ends, Gateway},
    clock::Clock,
    failure::Failure,
    http,
    hub::Hub,
    letters,
    line::Opened,
    load::load_all,
    metrics::Metrics,
    pulse::Pulse,
    recover::RecoverError,
    room::warn_of_small_blocks,
    say,
    site::{SiteService, journal_path},
    summary::{SiteSummary, Summary},
    watch::{Links, Watch},
};

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
    tasks: Vec<JoinHandle<()>>,
    /// What looks at the doors, and must end before them.
    watching: Vec<JoinHandle<()>>,
    stop_watching: CancellationToken,
    /// Who comes in by the doors, and must not find them closed.
    canary: Option<JoinHandle<()>>,
    stop_canary: CancellationToken,
    stop_serving: CancellationToken,
    stop_writing: CancellationToken,
    failed: Failure,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Site or rule files that do not compile; every finding.
    #[error("{}", .0.join("\n"))]
    Files(Vec<String>),
    /// A site with the id of the canary's.
    #[error("no site can be called {}: that is Davy's own canary", canary::SITE)]
    ReservedSite,
    /// Two sites with one id.
    #[error("two sites are called {0}: an id is one site's")]
    SameSite(Arc<str>),
    /// The data folder or a socket.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: String,
        /// What the system says.
        source: io::Error,
    },
    /// A journal that cannot be taken up.
    #[error("site {site}: {source}")]
    Recover {
        /// Whose.
        site: Arc<str>,
        /// What is wrong.
        source: RecoverError,
    },
}

impl StartError {
    /// Whether somebody has to mend the configuration or the files, rather than the machine.
    pub fn is_configuration(&self) -> bool {
        matches!(self, StartError::Files(_) | StartError::ReservedSite | StartError::SameSite(_))
    }
}

impl Server {
    /// Takes up every site's journal, then opens the doors. Needs a tokio runtime with more than one thread.
    ///
    /// # Errors
    /// [`StartError`]; nothing keeps running then.
    pub async fn start(config: Config) -> Result<Server, StartError> {
        let mut loaded = load_all(&config)?;
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
        let not_before = opened.iter().map(|(_, site)| site.last_at()).max().unwrap_or(Timestamp::MIN);
        let clock = Clock::start(not_before);
        let (stop_serving, stop_writing, failed) =
            (CancellationToken::new(), CancellationToken::new(), Failure::new());
        let mut services = Vec::new();
        let mut doors = Vec::new();
        for (id, site) in opened {
            let run = site
                .line(config.inbox_bytes)
                .and_then(|line| SiteService::start(line, &clock, &stop_writing, &failed));
            let (service, door) = run.map_err(|source| StartError::Recover { site: id, source })?;
            services.push(Arc::new(service));
            doors.push(door);
        }
        let feed = Feed::new(services.iter().map(|site| Arc::clone(&site.feed)));
        let lent = clock.clone();
        let intake = Intake::with_sparkplug(
            Directory::new(doors),
            Arc::new(move || lent.now()),
            config.payload_bytes_max,
            config.sparkplug.clone(),
        );
        let letters =
            letters::keep(&config.data_dir, &intake).map_err(|source| io_error("dead letters", source))?;
        let sites = services.into_iter().map(|site| (Arc::clone(&site.id), site)).collect();
        let started = clock.now();
        let canary = Arc::new(Canary::new(config.canary, started));
        let pulse = Pulse::of(feed.sites().map(|site| Arc::clone(site.site())), config.heartbeat_every);
        let (node, pulse) = (config.node.clone(), Arc::new(pulse));
        let hub = Arc::new(Hub { sites, feed, intake, letters, started, clock, node, canary, pulse });
        let parts = Parts { hub: Arc::clone(&hub), stop_serving, stop_writing, failed };
        parts.open(config).await
    }

    /// Where gRPC, `/metrics` and `/healthz` are.
    pub fn http_addr(&self) -> SocketAddr {
        self.http_addr
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

    /// Reads all sites' files again and makes those that changed active. A site keeps its old files when any site has an error.
    ///
    /// # Errors
    /// Every finding; nothing has changed then.
    pub async fn reload(&self) -> Result<Vec<Arc<str>>, Vec<String>> {
        let loaded = load_all(&self.config).map_err(|error| vec![error.to_string()])?;
        let strangers: Vec<String> = loaded
            .iter()
            .filter(|site| !self.hub.sites.contains_key(&site.bundle.site))
            .map(|site| format!("site {} is new: a new site needs a restart", site.bundle.site))
            .collect();
        if !strangers.is_empty() {
            return Err(strangers);
        }
        let mut changed = Vec::new();
        for site in loaded {
            let id = Arc::clone(&site.bundle.site);
            let Some(service) = self.hub.sites.get(&id) else { continue };
            if service.loaded.load().bundle.revision == site.bundle.revision {
                continue;
            }
            let (described, revision) = (Arc::new(site.plan.site.clone()), Arc::clone(&site.plan.revision));
            let ways = Arc::clone(&site.ways);
            if service.activate(site).await.is_err() {
                return Err(vec![format!("site {id} is stopping")]);
            }
            self.readdress(&id, &described, &revision, &ways);
            changed.push(id);
        }
        for broker in self.broker.iter().chain(&self.sparkplug) {
            broker.sites_changed();
        }
        Ok(changed)
    }

    /// From now on readings of the site are bound under its new files.
    fn readdress(&self, id: &str, site: &Arc<davy_model::Site>, revision: &Arc<str>, ways: &Arc<[Way]>) {
        let directory = &self.hub.intake.directory;
        let doors = directory.sites().into_iter().map(|door| {
            if door.site.id.as_ref() == id {
                Arc::new(door.reloaded(Arc::clone(site), Arc::clone(revision), Arc::clone(ways)))
            } else {
                door
            }
        });
        directory.replace(doors);
    }

    /// Takes no more readings, writes and acknowledges what came, ends the streams, and accounts for everything.
    pub async fn shutdown(mut self) -> Summary {
        self.stop_canary.cancel();
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
            failed
        });
        let failed = joined.await.unwrap_or(0);
        self.stop_serving.cancel();
        for task in self.tasks.drain(..) {
            if tokio::time::timeout(GOODBYE, task).await.is_err() {
                warn!("a connection did not end in time");
            }
        }
        let sites = self.hub.plants().filter_map(|site| {
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

/// What there is before anything listens.
struct Parts {
    hub: Arc<Hub>,
    stop_serving: CancellationToken,
    stop_writing: CancellationToken,
    failed: Failure,
}

impl Parts {
    async fn open(self, config: Config) -> Result<Server, StartError> {
        let opened = self.open_doors(&config).await;
        let (door, hj212, http_addr, http_task) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.stop_writing.cancel();
                self.stop_serving.cancel();
                return Err(error);
            }
        };
        let broker =
            config.broker.clone().map(|broker| Arc::new(BrokerLink::start(broker, &self.hub.intake)));
        let sparkplug = config.broker.as_ref().map(|broker| broker.for_sparkplug());
        let sparkplug = sparkplug.map(|broker| Arc::new(BrokerLink::start(broker, &self.hub.intake)));
        let stop_watching = self.stop_serving.child_token();
        let stop_canary = self.stop_serving.child_token();
        let canary = self.send_canary(&config, door.as_ref(), http_addr, stop_canary.clone());
        let links = broker.clone().zip(sparkplug.clone());
        let links = links.map(|(native, sparkplug)| Links { native, sparkplug });
        let watching = vec![self.watch(config.heartbeat_every, links, stop_watching.clone())];
        let mut tasks = vec![
            http_task,
            self.beat(config.heartbeat_every),
            self.listen(),
            self.say_feedback(),
            self.watch_sparkplug(),
        ];
        if let Some(opened) = &door {
            let publisher = opened.publisher.clone();
            let said = say::say_alarms(Arc::clone(&self.hub), publisher, self.stop_serving.clone());
            tasks.push(tokio::spawn(said));
        }
        let door = door.map(|opened| (opened.door, opened.handler));
        info!(memory_max_mib = config.memory_max_bytes() >> 20, "queues and connections are bounded");
        Ok(Server {
            config,
            hub: self.hub,
            door,
            broker,
            sparkplug,
            hj212,
            http_addr,
            tasks,
            watching,
            stop_watching,
            canary,
            stop_canary,
            stop_serving: self.stop_serving,
            stop_writing: self.stop_writing,
            failed: self.failed,
        })
    }

    async fn open_doors(&self, config: &Config) -> Result<Doors, StartError> {
        let (stop, failed) = (self.stop_serving.clone(), self.failed.clone());
        let (http_addr, task) =
            http::serve(config.http, Arc::clone(&self.hub), Metrics::install(), stop, failed)
                .await
                .map_err(|source| io_error(&format!("http {}", config.http), source))?;
        let mut door = None;
        if let Some(wanted) = &config.door {
            let publisher = DoorPublisher::new();
            let gateway = Gateway::new();
            let clients = match config.canary {
                Some(_) => wanted.clients.clone().with(gateway.client()),
                None => wanted.clients.clone(),
            };
            let intake = Arc::clone(&self.hub.intake);
            let handler = DoorIntake::new(intake, clients, wanted.quota, publisher.clone());
            let handler = Arc::new(handler);
            let listen: Vec<String> =
                wanted.door.listen.iter().map(|listen| listen.addr.to_string()).collect();
            let opened = Door::start_with(wanted.door.clone(), Arc::clone(&handler), publisher.clone());
            let opened = opened.map_err(|source| io_error(&format!("door {}", listen.join(", ")), source))?;
            door = Some(OpenedDoor { door: opened, handler, publisher, gateway });
        }
        let hj212 = match &config.hj212 {
            Some(wanted) => {
                let route = door.as_ref().map(|door| door.handler.route());
                let started = Hj212Listener::start(wanted.clone(), &self.hub.intake, route).await;
                Some(started.map_err(|source| io_error(&format!("hj212 {}", wanted.listen), source))?)
            }
            None => None,
        };
        Ok((door, hj212, http_addr, task))
    }

    fn beat(&self, every: Duration) -> JoinHandle<()> {
        let (hub, stop) = (Arc::clone(&self.hub), self.stop_serving.clone());
        tokio::spawn(async move {
            let mut ticks = ticks(every);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = ticks.tick() => {
                        let now = hub.clock.now();
                        hub.sites.values().for_each(|site| site.beat(now));
                    }
                }
            }
        })
    }

    fn listen(&self) -> JoinHandle<()> {
        let pulse = Arc::clone(&self.hub.pulse);
        tokio::spawn(pulse.listen(self.hub.feed.clone(), self.hub.clock.clone(), self.stop_serving.clone()))
    }

    /// Sends the canary by the door; where there is none, by the broker.
    fn send_canary(
        &self,
        config: &Config,
        door: Option<&OpenedDoor>,
        http: SocketAddr,
        stop: CancellationToken,
    ) -> Option<JoinHandle<()>> {
        if config.canary.is_none() {
            warn!("the canary is off: nobody proves that readings become alarms ([canary] enabled = false)");
            return None;
        }
        let gateway = match (door, &config.broker) {
            (Some(opened), _) => opened.gateway.by_door(opened.door.local_addr()),
            (None, Some(broker)) => Gateway::new().by_broker(broker),
            (None, None) => return None,
        };
        let feed = Arc::clone(self.hub.feed.site(canary::SITE)?);
        let ends = Ends { gateway, http, feed, number: 0 };
        let (canary, clock) = (Arc::clone(&self.hub.canary), self.hub.clock.clone());
        Some(tokio::spawn(canary::run(canary, ends, clock, stop)))
    }

    fn watch(&self, every: Duration, links: Option<Links>, stop: CancellationToken) -> JoinHandle<()> {
        let hub = Arc::clone(&self.hub);
        tokio::spawn(async move {
            let mut ticks = ticks(every);
            let mut watch = Watch::default();
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = ticks.tick() => watch.look(&hub, links.as_ref()),
                }
            }
        })
    }

    fn watch_sparkplug(&self) -> JoinHandle<()> {
        let (intake, stop) = (Arc::clone(&self.hub.intake), self.stop_serving.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = intake.watch_sparkplug() => {}
            }
        })
    }

    fn say_feedback(&self) -> JoinHandle<()> {
        let (intake, stop) = (Arc::clone(&self.hub.intake), self.stop_serving.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = intake.say_feedback() => {}
            }
        })
    }
}

/// Davy's own door, open.
struct OpenedDoor {
    door: Door<DoorIntake>,
    handler: Arc<DoorIntake>,
    publisher: DoorPublisher,
    /// The canary's, which may come in.
    gateway: Gateway,
}

type Doors = (Option<OpenedDoor>, Option<Hj212Listener>, SocketAddr, JoinHandle<()>);

/// What was missed is not made up for: after a stall, one is enough.
fn ticks(every: Duration) -> Interval {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

fn io_error(what: &str, source: io::Error) -> StartError {
    StartError::Io { what: what.to_owned(), source }
}

#[cfg(test)]
#[path = "server_stalls.rs"]
mod stalls;
