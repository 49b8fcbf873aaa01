//! What a server is made of before anything listens, and how it is opened.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use davy_door::{Door, DoorPublisher};
use davy_intake::{DoorIntake, broker::BrokerLink, hj212::Hj212Listener};
use tokio::{
    task::JoinHandle,
    time::{Interval, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Server, StartError, clients::ClientsFile, start_error::io_error};
use crate::{
    Config,
    canary::{self, Ends, Gateway},
    certificates,
    failure::Failure,
    history::Drain,
    http,
    hub::Hub,
    metrics::Metrics,
    port::{Calls, Listening, Origins, Port},
    rpc, say,
    watch::{Links, Watch},
};

/// How often the files that say who may come in are looked at.
const ACCOUNTS_EVERY: Duration = Duration::from_secs(5);

/// What there is before anything listens.
pub(super) struct Parts {
    pub(super) hub: Arc<Hub>,
    pub(super) stop_serving: CancellationToken,
    pub(super) stop_writing: CancellationToken,
    pub(super) failed: Failure,
}

impl Parts {
    /// Opens everything. Where something does not open, what runs already ends.
    pub(super) async fn open(self, config: Config) -> Result<Server, StartError> {
        let opened = self.open_doors(&config).await;
        let (door, hj212, (http_addr, https_addr), http_task) = match opened {
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
        self.hub.links.set(broker.iter().chain(&sparkplug));
        self.hub.resume_shadows();
        // After the writers, which the line's end waits for.
        let stop_drain = CancellationToken::new();
        let drain = self
            .hub
            .history
            .as_ref()
            .map(|history| tokio::spawn(Drain::new(&self.hub, history).run(stop_drain.clone())));
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
            self.watch_accounts(),
            self.ask_issuer(),
            tokio::spawn(certificates::watch(self.hub.certificates.clone(), self.stop_serving.clone())),
        ];
        if let Some(opened) = &door {
            if let Some(path) = config.door.as_ref().and_then(|door| door.clients_file.clone()) {
                let canary = config.canary.as_ref().map(|_| opened.gateway.client());
                let file = ClientsFile::new(path, canary, Arc::clone(&opened.handler));
                tasks.push(tokio::spawn(file.watch(self.stop_serving.clone())));
            }
            let publisher = opened.publisher.clone();
            let said = say::say_alarms(Arc::clone(&self.hub), publisher, self.stop_serving.clone());
            tasks.push(tokio::spawn(said));
        }
        if let Some(upward) = &self.hub.upward {
            tasks
                .push(tokio::spawn(Arc::clone(upward).run(Arc::clone(&self.hub), self.stop_serving.clone())));
        }
        let door = door.map(|opened| (opened.door, opened.handler));
        info!(memory_max_mib = config.memory_max_bytes() >> 20, "memory is bounded");
        Ok(Server {
            config,
            hub: self.hub,
            door,
            broker,
            sparkplug,
            hj212,
            http_addr,
            https_addr,
            tasks,
            watching,
            stop_watching,
            drain,
            stop_drain,
            canary,
            stop_canary,
            stop_serving: self.stop_serving,
            stop_writing: self.stop_writing,
            failed: self.failed,
        })
    }

    /// Opens the HTTP port.
    async fn open_port(&self, config: &Config) -> Result<(HttpAddrs, JoinHandle<()>), StartError> {
        let limits = config.port.limits;
        let plain = Listening { addr: config.http, tls: None };
        let encrypted = config.port.tls.as_ref();
        let encrypted =
            encrypted.map(|tls| Listening { addr: tls.listen, tls: Some(tls.certificate.current()) });
        let listen: Vec<Listening> = std::iter::once(plain).chain(encrypted).collect();
        let refused = |(addr, source): (SocketAddr, _)| io_error(&format!("http {addr}"), source);
        let port = Port::bind(&listen, limits).await.map_err(refused)?;
        let addrs = port.addrs().map_err(|source| refused((config.http, source)))?;
        let calls = Calls::new(limits, rpc::taking_streams(), port.stats());
        let origins = Origins::new(&config.port.allowed_origins, port.stats());
        let app =
            http::app(&self.hub, Metrics::install(), (calls, origins, port.stats()), &self.stop_serving)
                .await;
        Ok(((addrs[0], addrs.get(1).copied()), port.serve(app, self.stop_serving.clone())))
    }

    async fn open_doors(&self, config: &Config) -> Result<Doors, StartError> {
        let (http_addrs, task) = self.open_port(config).await?;
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
            // There is one door, and it is opened once.
            let _ = self.hub.door.set(publisher.clone());
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
        Ok((door, hj212, http_addrs, task))
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
                        hub.sites.values().filter(|site| site.forwarded.is_none()).for_each(|site| site.beat(now));
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
        let token = self.hub.access.canary().and_then(|token| format!("Bearer {token}").parse().ok());
        let ends = Ends { gateway, http, token, feed, number: 0 };
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

    fn watch_accounts(&self) -> JoinHandle<()> {
        let (hub, stop) = (Arc::clone(&self.hub), self.stop_serving.clone());
        tokio::spawn(async move {
            let mut ticks = ticks(ACCOUNTS_EVERY);
            while stop.run_until_cancelled(ticks.tick()).await.is_some() {
                let hub = Arc::clone(&hub);
                // It reads files.
                let _ = tokio::task::spawn_blocking(move || hub.access.look_again(&hub.audit)).await;
            }
        })
    }

    fn ask_issuer(&self) -> JoinHandle<()> {
        let (access, stop) = (Arc::clone(&self.hub.access), self.stop_serving.clone());
        tokio::spawn(async move {
            if let Some(keys) = access.issuer_keys() {
                keys.ask_on(stop).await;
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

type Doors = (Option<OpenedDoor>, Option<Hj212Listener>, HttpAddrs, JoinHandle<()>);

/// Where the HTTP port is, plain and with TLS.
type HttpAddrs = (SocketAddr, Option<SocketAddr>);

/// What was missed is not made up for: after a stall, one is enough.
fn ticks(every: Duration) -> Interval {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
