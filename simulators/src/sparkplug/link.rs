//! The task that holds an edge node's connection: one MQTT session after the other, each with births of its own.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use jiff::Timestamp;
use prost::Message;
use rand::{SeedableRng, rngs::StdRng};
use rumqttc::{
    AsyncClient, Event, EventLoop, LastWill, MqttOptions, Outgoing, Packet, Publish, QoS, SubscribeFilter,
};
use serde::Deserialize;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::book::{Book, Said};
use super::payload::{Payload, Value};
use super::{Act, Ask, EdgeNodeConfig, EdgeNodeError, REBIRTH, Seen, Standing};

/// The longest packet either way, bytes: a birth of thousands of metrics.
const PACKET_BYTES_MAX: usize = 1 << 20;
/// Messages handed to the client and not yet sent; more wait.
const HANDED_MAX: usize = 256;
/// Between the values of a history, ms.
const HISTORY_STEP_MS: u64 = 1000;

/// Why a connection ended.
enum End {
    Stopped,
    Cut,
    /// The primary host is gone, and goodbye is said.
    HostGone,
    Broken(String),
}

/// What a host says of itself in its STATE topic.
#[derive(Clone, Copy, Deserialize)]
struct HostState {
    online: bool,
    timestamp: u64,
}

/// Everything that outlives a connection.
struct Task {
    config: EdgeNodeConfig,
    book: Book,
    asked: mpsc::Receiver<Ask>,
    said: watch::Sender<Seen>,
    stop: CancellationToken,
    random: StdRng,
    /// The latest STATE: what is older says nothing.
    state: Option<HostState>,
    ticks: Option<Interval>,
    swap: Swap,
}

/// Whether two messages are changing places.
enum Swap {
    No,
    /// The next one is held back.
    Wanted,
    /// Until another has gone.
    Held(Said),
}

/// One connection.
struct Line {
    client: AsyncClient,
    heard: mpsc::UnboundedReceiver<Result<Event, String>>,
    /// Drives the connection; dropped, it ends without a word.
    _pump: AbortOnDropHandle<()>,
    is_born: bool,
}

/// Holds connections until it is asked to stop.
pub(super) async fn run(
    config: EdgeNodeConfig,
    asked: mpsc::Receiver<Ask>,
    said: watch::Sender<Seen>,
    stop: CancellationToken,
) {
    // An edge node does not remember its last session's number; one that differs is likely.
    let bd_seq = now_ms() / 100 % 256;
    let ticks = config.every.map(|every| {
        let every = every.max(Duration::from_millis(1));
        let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    });
    let mut task = Task {
        book: Book::new(config.metrics.clone(), u8::try_from(bd_seq).unwrap_or(0)),
        random: StdRng::seed_from_u64(config.seed),
        config,
        asked,
        said,
        stop,
        state: None,
        ticks,
        swap: Swap::No,
    };
    let mut pauses = pauses(&task.config);
    loop {
        match task.connection().await {
            End::Stopped => break,
            End::Cut => {
                task.stand(Standing::Cut);
                task.away(None).await;
                task.stand(Standing::Connecting(String::new()));
            }
            End::HostGone => task.stand(Standing::WaitingForHost),
            End::Broken(last) => {
                if task.said.borrow().standing == Standing::Born {
                    pauses = self::pauses(&task.config);
                }
                task.stand(Standing::Connecting(last));
                let pause = pauses.next().unwrap_or(task.config.reconnect_delay.1);
                task.away(Some(pause)).await;
            }
        }
        if task.stop.is_cancelled() {
            break;
        }
    }
    task.stand(Standing::Stopped);
}

fn pauses(config: &EdgeNodeConfig) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(config.reconnect_delay.0)
        .with_max_delay(config.reconnect_delay.1)
        .without_max_times()
        .with_jitter()
        .build()
}

/// ms since 1970.
fn now_ms() -> u64 {
    u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0)
}

impl Task {
    fn stand(&self, standing: Standing) {
        self.said.send_modify(|seen| seen.standing = standing);
    }

    /// Not connected: for so long, or until it is restored or asked to stop.
    async fn away(&mut self, pause: Option<Duration>) {
        let over = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return,
                () = self.stop.cancelled() => return,
                Some((act, done)) = self.asked.recv() => {
                    let is_restored = pause.is_none() && act == Act::Restore;
                    // Whoever does not want to know is not told.
                    let _ = done.send(self.act_away(&act));
                    if is_restored {
                        return;
                    }
                }
            }
        }
    }

    /// What is measured goes on, and what can only be said is refused.
    fn act_away(&mut self, act: &Act) -> Result<(), EdgeNodeError> {
        match act {
            Act::Set { metric, value } => {
                let place = self.book.place(metric)?;
                self.book.set(place, Some(*value));
                Ok(())
            }
            Act::Null { metric } => {
                let place = self.book.place(metric)?;
                self.book.set(place, None);
                Ok(())
            }
            Act::Cut | Act::Restore => Ok(()),
            Act::History { .. }
            | Act::DeviceDeath(_)
            | Act::DeviceBirth(_)
            | Act::Births
            | Act::Gap
            | Act::Swap
            | Act::OldDeath => Err(EdgeNodeError::NotConnected),
        }
    }

    /// One connection, to its end.
    async fn connection(&mut self) -> End {
        self.book.next_session();
        self.said.send_modify(|seen| seen.bd_seq = self.book.bd_seq());
        let mut line = Line::open(&self.config, &self.book.death());
        loop {
            let tick = async {
                match &mut self.ticks {
                    Some(ticks) => ticks.tick().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => {
                    self.goodbye(&mut line).await;
                    return End::Stopped;
                }
                heard = line.heard.recv() => {
                    let ended = match heard {
                        Some(Ok(event)) => self.heard(event, &mut line).await,
                        Some(Err(why)) => Some(End::Broken(why)),
                        None => Some(End::Broken("the connection ended".to_owned())),
                    };
                    if let Some(end) = ended {
                        return end;
                    }
                }
                Some((act, done)) = self.asked.recv() => {
                    let is_cut = act == Act::Cut;
                    let done_with = if line.is_born { self.act(act, &line).await } else { self.act_away(&act) };
                    // Whoever does not want to know is not told.
                    let _ = done.send(done_with);
                    if is_cut {
                        return End::Cut;
                    }
                }
                _ = tick => self.wander(&line).await,
            }
        }
    }

    async fn heard(&mut self, event: Event, line: &mut Line) -> Option<End> {
        match event {
            Event::Incoming(Packet::ConnAck(_)) => {
                self.said.send_modify(|seen| seen.sessions += 1);
                line.subscribe(&self.config).await;
            }
            // The commands are subscribed to before the birth that offers them.
            Event::Incoming(Packet::SubAck(_)) => match self.config.primary_host {
                None => self.births(line).await,
                Some(_) => {
                    self.stand(Standing::WaitingForHost);
                    self.state = None;
                }
            },
            Event::Incoming(Packet::Publish(publish)) if is_state(&publish) => {
                return self.host_says(&publish, line).await;
            }
            Event::Incoming(Packet::Publish(publish)) if line.is_born && asks_births(&publish) => {
                self.said.send_modify(|seen| seen.rebirths += 1);
                self.births(line).await;
            }
            _ => {}
        }
        None
    }

    /// Births wait for the primary host, and end with it.
    async fn host_says(&mut self, publish: &Publish, line: &mut Line) -> Option<End> {
        let state: HostState = serde_json::from_slice(&publish.payload).ok()?;
        if self.state.is_some_and(|known| state.timestamp < known.timestamp) {
            return None;
        }
        self.state = Some(state);
        match (state.online, line.is_born) {
            (true, false) => self.births(line).await,
            (false, true) => {
                self.goodbye(line).await;
                return Some(End::HostGone);
            }
            (true, true) | (false, false) => {}
        }
        None
    }

    async fn births(&mut self, line: &mut Line) {
        line.is_born = true;
        // What is held back belongs to the births before.
        self.swap = Swap::No;
        let births = self.book.births(now_ms());
        line.say(&self.config, births).await;
        self.said.send_modify(|seen| {
            seen.standing = Standing::Born;
            seen.births += 1;
        });
    }

    async fn act(&mut self, act: Act, line: &Line) -> Result<(), EdgeNodeError> {
        let (book, now) = (&mut self.book, now_ms());
        let said = match act {
            Act::Set { metric, value } => {
                let place = book.place(&metric)?;
                if book.set(place, Some(value)) { book.data(&[place], now) } else { Vec::new() }
            }
            Act::Null { metric } => {
                let place = book.place(&metric)?;
                if book.set(place, None) { book.data(&[place], now) } else { Vec::new() }
            }
            Act::History { metric, ago, values } => {
                let ago_ms = u64::try_from(ago.as_millis()).unwrap_or(u64::MAX);
                let steps = (0..values.len() as u64).rev();
                let ago_ms = steps.map(|step| ago_ms.saturating_add(step * HISTORY_STEP_MS));
                let stamped: Vec<(u64, f64)> = ago_ms.zip(values).collect();
                let place = book.place(&metric)?;
                book.history(place, &stamped, now)
            }
            Act::DeviceDeath(device) => {
                book.has_device(&device)?;
                book.device_death(&device, now)
            }
            Act::DeviceBirth(device) => {
                book.has_device(&device)?;
                book.device_birth(&device, now)
            }
            Act::Births => {
                self.said.send_modify(|seen| seen.births += 1);
                book.births(now)
            }
            Act::Gap => {
                book.skip_seq();
                Vec::new()
            }
            Act::Swap => {
                self.swap = Swap::Wanted;
                Vec::new()
            }
            Act::OldDeath => vec![book.old_death()],
            Act::Cut | Act::Restore => Vec::new(),
        };
        self.say(line, said).await;
        Ok(())
    }

    /// What moves of itself, moves; what changed is said.
    async fn wander(&mut self, line: &Line) {
        let moved = self.book.wander(&mut self.random);
        if line.is_born && !moved.is_empty() {
            let said = self.book.data(&moved, now_ms());
            self.say(line, said).await;
        }
    }

    async fn say(&mut self, line: &Line, said: Vec<Said>) {
        let data = said.iter().filter(|said| said.verb.ends_with("DATA")).count() as u64;
        let mut out = Vec::with_capacity(said.len() + 1);
        for one in said {
            match std::mem::replace(&mut self.swap, Swap::No) {
                Swap::No => out.push(one),
                Swap::Wanted => self.swap = Swap::Held(one),
                Swap::Held(first) => out.extend([one, first]),
            }
        }
        line.say(&self.config, out).await;
        self.said.send_modify(|seen| seen.data += data);
    }

    /// NDEATH by its own hand, since a goodbye takes the will back.
    async fn goodbye(&self, line: &mut Line) {
        if line.is_born {
            line.say(&self.config, vec![self.book.death()]).await;
        }
        if line.client.disconnect().await.is_err() {
            return;
        }
        while let Some(Ok(event)) = line.heard.recv().await {
            if matches!(event, Event::Outgoing(Outgoing::Disconnect)) {
                return;
            }
        }
    }
}

impl Line {
    fn open(config: &EdgeNodeConfig, death: &Said) -> Line {
        let (client, mut events) = AsyncClient::new(options(config, death), HANDED_MAX);
        let (say, heard) = mpsc::unbounded_channel();
        let pump = tokio::spawn(async move { pump(&mut events, &say).await });
        Line { client, heard, _pump: AbortOnDropHandle::new(pump), is_born: false }
    }

    async fn subscribe(&self, config: &EdgeNodeConfig) {
        let EdgeNodeConfig { group, edge_node, primary_host, .. } = config;
        let commands = format!("spBv1.0/{group}/NCMD/{edge_node}");
        let state = primary_host.as_ref().map(|host| format!("spBv1.0/STATE/{host}"));
        let filters = [commands].into_iter().chain(state);
        let filters = filters.map(|filter| SubscribeFilter::new(filter, QoS::AtLeastOnce));
        // A client that is gone says so by its events.
        let _ = self.client.subscribe_many(filters).await;
    }

    async fn say(&self, config: &EdgeNodeConfig, said: Vec<Said>) {
        for said in said {
            let qos = if said.verb == "NDEATH" { QoS::AtLeastOnce } else { QoS::AtMostOnce };
            let topic = topic(config, &said);
            // A client that is gone says so by its events.
            let _ = self.client.publish(topic, qos, false, said.payload).await;
        }
    }
}

/// Drives the connection to its end, and tells what happens. It never waits for whoever listens, who may be waiting for it.
async fn pump(events: &mut EventLoop, say: &mpsc::UnboundedSender<Result<Event, String>>) {
    loop {
        let event = events.poll().await.map_err(|error| error.to_string());
        let is_over = event.is_err();
        if say.send(event).is_err() || is_over {
            return;
        }
    }
}

fn options(config: &EdgeNodeConfig, death: &Said) -> MqttOptions {
    let mut options = MqttOptions::new(&config.client_id, &config.broker.host, config.broker.port);
    options
        .set_clean_session(true)
        .set_keep_alive(config.keep_alive.max(Duration::from_secs(1)))
        .set_last_will(LastWill::new(topic(config, death), death.payload.to_vec(), QoS::AtLeastOnce, false))
        .set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX);
    if let Some(credentials) = &config.broker.credentials {
        options.set_credentials(&credentials.user, &credentials.password);
    }
    options
}

fn topic(config: &EdgeNodeConfig, said: &Said) -> String {
    let EdgeNodeConfig { group, edge_node, .. } = config;
    match &said.device {
        None => format!("spBv1.0/{group}/{}/{edge_node}", said.verb),
        Some(device) => format!("spBv1.0/{group}/{}/{edge_node}/{device}", said.verb),
    }
}

fn is_state(publish: &Publish) -> bool {
    publish.topic.starts_with("spBv1.0/STATE/")
}

/// Whether a command asks for births.
fn asks_births(publish: &Publish) -> bool {
    let Ok(command) = Payload::decode(&publish.payload[..]) else { return false };
    command
        .metrics
        .iter()
        .any(|metric| metric.name.as_deref() == Some(REBIRTH) && metric.value == Some(Value::Boolean(true)))
}
