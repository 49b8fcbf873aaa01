//! The task that holds a gateway's connection.
//!
//! Each connection has a client of its own, fed from our outbox. The client's own memory of unacknowledged messages is not
//! trusted over a reconnect: it forgets them when the broker lost the session, and a packet id it holds back in a collision
//! can then block it for ever.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use bytes::Bytes;
use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, Outgoing, Packet, QoS};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::counts::Counters;
use super::outbox::{Acknowledged, Outbox};
use super::{GatewayConfig, Link, Wish};

/// The longest packet either way, in bytes: a batch of some thousands of readings.
const PACKET_BYTES_MAX: usize = 1 << 20;
/// How long a TCP connection, and the answer to CONNECT, may take.
const CONNECT_TIMEOUT_S: u64 = 5;

/// The task's ends of the gateway's channels.
pub(super) struct Ends {
    pub(super) waiting: mpsc::Receiver<Bytes>,
    pub(super) wished: watch::Receiver<Wish>,
    pub(super) said: watch::Sender<Link>,
    pub(super) counters: Arc<Counters>,
}

/// Why a connection ended.
enum End {
    /// Everything is acknowledged and goodbye is said.
    Drained,
    /// Somebody wants it cut.
    Cut,
    /// It broke, or could not be made.
    Broken(String),
}

/// Holds the connection until the gateway is drained.
pub(super) async fn run(config: GatewayConfig, mut ends: Ends) {
    let mut outbox = Outbox::new(config.in_flight_max.saturating_add(1));
    let mut backoff = backoff(&config);
    loop {
        let acknowledged = ends.counters.acknowledged.load(Relaxed);
        let end = Connection::open(&config, &mut outbox, &mut ends).hold().await;
        match end {
            End::Drained => break,
            End::Cut => {
                ends.said.send_replace(Link::Cut);
                if ends.wished.wait_for(|wish| *wish != Wish::Cut).await.is_err() {
                    break;
                }
                ends.said.send_replace(Link::Connecting { last: String::new() });
            }
            End::Broken(last) => {
                tracing::debug!(edge_node = %config.edge_node, %last, "connection lost");
                ends.said.send_replace(Link::Connecting { last });
                // A connection that carried something was a good one; one that was only let in may be a door that slams.
                if ends.counters.acknowledged.load(Relaxed) > acknowledged {
                    backoff = self::backoff(&config);
                }
                let delay = backoff.next().unwrap_or(config.reconnect_delay.1);
                tokio::time::sleep(delay).await;
            }
        }
    }
    ends.said.send_replace(Link::Stopped);
}

fn backoff(config: &GatewayConfig) -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(config.reconnect_delay.0)
        .with_max_delay(config.reconnect_delay.1)
        .without_max_times()
        .with_jitter()
        .build()
}

fn options(config: &GatewayConfig) -> MqttOptions {
    let mut options = MqttOptions::new(&config.client_id, &config.broker.host, config.broker.port);
    let will = LastWill::new(config.topic("status"), r#"{"online": false}"#, QoS::AtLeastOnce, true);
    options
        .set_clean_session(!config.session_kept)
        .set_keep_alive(config.keep_alive.max(Duration::from_secs(1)))
        .set_last_will(will)
        .set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX)
        // One more than our own window: the birth message must never be what makes the client wait.
        .set_inflight(config.in_flight_max.saturating_add(1).max(2));
    if let Some(credentials) = &config.broker.credentials {
        options.set_credentials(&credentials.user, &credentials.password);
    }
    options
}

/// One connection, from CONNECT to its end.
struct Connection<'a> {
    config: &'a GatewayConfig,
    outbox: &'a mut Outbox,
    ends: &'a mut Ends,
    client: AsyncClient,
    readings_topic: String,
    online: bool,
    goodbye: bool,
    progress: Instant,
}

/// A connection and the loop that drives it, apart because both are lent out at once.
struct Opened<'a> {
    connection: Connection<'a>,
    events: EventLoop,
}

impl<'a> Connection<'a> {
    fn open(config: &'a GatewayConfig, outbox: &'a mut Outbox, ends: &'a mut Ends) -> Opened<'a> {
        // Room for everything in flight, the subscription, the birth message and the goodbye: handing over never waits.
        let (client, mut events) = AsyncClient::new(options(config), usize::from(config.in_flight_max) + 8);
        let mut network = events.network_options();
        network.set_tcp_nodelay(true);
        network.set_connection_timeout(CONNECT_TIMEOUT_S);
        events.set_network_options(network);
        let readings_topic = config.topic("readings");
        let progress = Instant::now();
        let connection = Connection {
            config,
            outbox,
            ends,
            client,
            readings_topic,
            online: false,
            goodbye: false,
            progress,
        };
        Opened { connection, events }
    }

    /// How many more messages may be in flight.
    fn room(&self) -> usize {
        let window = usize::from(self.config.in_flight_max.max(1));
        if self.online && !self.goodbye { window.saturating_sub(self.outbox.span()) } else { 0 }
    }

    fn hand_over(&self, topic: &str, retain: bool, payload: Bytes) {
        self.client.try_publish(topic, QoS::AtLeastOnce, retain, payload).expect(
            "the client's queue has room for the whole window, and the topic is checked at the start",
        );
    }

    /// Sends what waits, as far as the window goes.
    fn feed(&mut self) {
        while self.room() > 0 {
            match self.ends.waiting.try_recv() {
                Ok(payload) => self.send(payload),
                Err(_) => break,
            }
        }
    }

    fn send(&mut self, payload: Bytes) {
        if self.outbox.len() == 0 {
            // Idle time is not the broker's delay.
            self.progress = Instant::now();
        }
        self.outbox.take(payload.clone());
        self.hand_over(&self.readings_topic, false, payload);
    }

    /// CONNACK: subscribe first (its packet id is not checked against publishes), then the birth message, then what waited
    /// for an acknowledgement.
    fn connected(&mut self) {
        self.online = true;
        self.progress = Instant::now();
        Counters::add(&self.ends.counters.connections);
        self.client
            .try_subscribe(self.config.topic("feedback"), QoS::AtLeastOnce)
            .expect("the queue of a new client is empty, and the topic is checked at the start");
        let again = self.outbox.reconnected();
        self.hand_over(&self.config.topic("status"), true, Bytes::from_static(br#"{"online": true}"#));
        for payload in again {
            self.hand_over(&self.readings_topic, false, payload);
        }
        self.ends.said.send_replace(Link::Online);
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Incoming(Packet::ConnAck(_)) => self.connected(),
            Event::Incoming(Packet::PubAck(ack)) => {
                self.progress = Instant::now();
                if self.outbox.acknowledge(ack.pkid) == Acknowledged::Readings {
                    Counters::add(&self.ends.counters.acknowledged);
                }
                if self.outbox.len() == 0 {
                    self.ends.counters.emptied.notify_waiters();
                }
            }
            Event::Incoming(Packet::Publish(publish)) => self.ends.counters.feedback(&publish.payload),
            Event::Outgoing(Outgoing::Publish(packet_id)) => match self.outbox.sent(packet_id) {
                Some(0) => Counters::add(&self.ends.counters.sent),
                Some(_) => Counters::add(&self.ends.counters.resent),
                None => {}
            },
            Event::Incoming(_) | Event::Outgoing(_) => {}
        }
    }

    fn is_stuck(&self) -> bool {
        self.online && self.outbox.len() > 0 && self.progress.elapsed() > self.config.ack_timeout
    }

    /// Whether nothing is left and nothing more can come. Says goodbye the first time.
    fn is_drained(&mut self) -> bool {
        let nothing_left = *self.ends.wished.borrow() == Wish::Drain
            && self.online
            && self.outbox.len() == 0
            && self.ends.waiting.is_empty();
        if nothing_left && !self.goodbye && self.client.try_disconnect().is_ok() {
            self.goodbye = true;
        }
        self.goodbye
    }
}

impl Opened<'_> {
    /// Drives the connection to its end.
    async fn hold(self) -> End {
        let Opened { mut connection, mut events } = self;
        let mut watchdog = tokio::time::interval(connection.config.ack_timeout / 4);
        loop {
            connection.is_drained();
            // The client's poll must not be dropped half-way: it would forget what it was writing. So it is kept while
            // new messages are handed over, and dropped only with the connection.
            let poll = events.poll();
            tokio::pin!(poll);
            let event = loop {
                let room = connection.room() > 0;
                tokio::select! {
                    biased;
                    event = &mut poll => break event,
                    Some(payload) = connection.ends.waiting.recv(), if room => {
                        connection.send(payload);
                        connection.feed();
                    }
                    Ok(()) = connection.ends.wished.changed() => {
                        let wish = *connection.ends.wished.borrow_and_update();
                        match wish {
                            Wish::Cut => return End::Cut,
                            Wish::Online => {}
                            Wish::Drain => { connection.is_drained(); }
                        }
                    }
                    _ = watchdog.tick() => {
                        if connection.is_stuck() {
                            return End::Broken("no acknowledgement in time".to_owned());
                        }
                    }
                }
            };
            match event {
                Ok(Event::Outgoing(Outgoing::Disconnect)) => return End::Drained,
                Ok(event) => {
                    connection.handle(event);
                    // Refilled at half, so that the broker is never idle while acknowledgements come in.
                    if connection.room() > usize::from(connection.config.in_flight_max) / 2 {
                        connection.feed();
                    }
                }
                Err(error) => return End::Broken(error.to_string()),
            }
        }
    }
}
