//! One connection, from CONNACK to its end: reads what has come, acknowledges what is durable, says what is to be said.
//!
//! It never waits for a writer. What is read goes to the worker; when the worker is behind by too many bytes, the socket is
//! not read, and the broker holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use davy_codec::sparkplug::decode_state;
use davy_model::Timestamp;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Disconnect, DisconnectReasonCode, Packet, PingReq, PubAck, Publish, SubAck,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::acks::{Acks, Standing};
use super::answers::check_suback;
use super::shared::{Delivery, Event, Manner, Outgoing, Shared};
use super::wire::{LinkError, Wire};

/// Packet ids of what Davy publishes begin here; those below are for subscriptions.
const FIRST_PUBLISH_ID: u16 = 1000;
/// Feedback messages without a PUBACK, at the most. They are few and may be lost.
const OUTGOING_WINDOW: u16 = 16;
/// Messages come fast when they come closer together than this: then it pays to let some gather.
const FAST: Duration = Duration::from_micros(250);

/// One connection.
pub(super) struct Drive<'s> {
    shared: &'s Shared,
    wire: Wire,
    acks: Arc<Acks>,
    ids: Vec<u16>,
    asked: BTreeMap<u16, Vec<String>>,
    said: BTreeSet<u16>,
    next_id: u16,
    window: usize,
    keep_alive: Duration,
    /// When this connection was begun: what a Sparkplug host's STATE says, from its will to its next connection.
    begun: Timestamp,
    heard: Instant,
    ping_at: Instant,
    read_at: Instant,
}

/// What made the loop turn.
enum Turn {
    Read,
    Acks,
    Say(Outgoing),
    Ping,
    Sites,
    Room,
    Stop,
}

impl<'s> Drive<'s> {
    /// On the terms of this CONNACK.
    pub(super) fn new(shared: &'s Shared, wire: Wire, connack: &ConnAck, begun: Timestamp) -> Drive<'s> {
        let now = Instant::now();
        let granted = connack.properties.as_ref();
        let asked = granted.and_then(|granted| granted.server_keep_alive);
        let keep_alive = keep_alive(shared.config.keep_alive, asked);
        let receive_max = granted.and_then(|granted| granted.receive_max).unwrap_or(u16::MAX);
        Drive {
            shared,
            wire,
            acks: Arc::default(),
            ids: Vec::new(),
            asked: BTreeMap::new(),
            said: BTreeSet::new(),
            next_id: FIRST_PUBLISH_ID,
            window: receive_max.min(OUTGOING_WINDOW).into(),
            keep_alive,
            begun,
            heard: now,
            ping_at: now + keep_alive,
            read_at: now,
        }
    }

    /// Asks for the sites, and waits until the broker has granted them. What comes meanwhile is taken.
    pub(super) async fn subscribe(&mut self) -> Result<(), LinkError> {
        let (wanted, stale) = self.shared.subscriptions();
        self.wire.put_unsubscriptions(&stale)?;
        self.wire.put_subscriptions(&wanted, !self.shared.config.sparkplug, &mut self.asked)?;
        self.flush().await?;
        while !self.asked.is_empty() {
            // A broker may send all it has before it answers.
            self.shared.backlog.room().await;
            self.wire.read().await?;
            self.take_packets()?;
        }
        // Behind the subscriptions, and before anything else is said.
        self.say_state(true, self.begun)?;
        self.flush().await
    }

    /// Says, as a Sparkplug host, whether Davy is there.
    fn say_state(&mut self, online: bool, at: Timestamp) -> Result<(), LinkError> {
        if !self.shared.config.sparkplug {
            return Ok(());
        }
        let host = &self.shared.intake.sparkplug;
        let (topic, payload) = (host.state_topic(), host.state(online, at).into());
        self.say(Outgoing { topic, payload, manner: Manner::Retained })
    }

    /// Whether a message tells of this host itself. When it says that it is gone, which it is not, that is set right.
    fn is_own_state(&mut self, publish: &Publish) -> Result<bool, LinkError> {
        let is_own = self.shared.config.sparkplug
            && publish.topic == self.shared.intake.sparkplug.state_topic().as_bytes();
        let denied = is_own && decode_state(&publish.payload).is_some_and(|state| !state.online);
        // What was kept from before is set right by what is said next.
        if denied && !publish.retain {
            self.say_state(true, self.begun)?;
        }
        Ok(is_own)
    }

    /// Runs until the connection ends; `Ok` when it was asked to stop.
    pub(super) async fn run(&mut self, outgoing: &mut mpsc::Receiver<Outgoing>) -> Result<(), LinkError> {
        loop {
            match self.turn(outgoing).await? {
                Turn::Read => self.after_read()?,
                Turn::Say(message) => self.say_if_it_fits(message)?,
                Turn::Ping => self.ping()?,
                Turn::Sites => {
                    let (wanted, stale) = self.shared.subscriptions();
                    self.wire.put_unsubscriptions(&stale)?;
                    self.wire.put_subscriptions(&wanted, !self.shared.config.sparkplug, &mut self.asked)?;
                    self.shared.tell(Event::Subscribed);
                }
                // What was not read was not heard: the silence was ours.
                Turn::Room => self.heard = Instant::now(),
                Turn::Acks => {}
                Turn::Stop => return self.goodbye().await,
            }
            self.acknowledge()?;
            self.flush().await?;
        }
    }

    async fn turn(&mut self, outgoing: &mut mpsc::Receiver<Outgoing>) -> Result<Turn, LinkError> {
        let Drive { shared, wire, acks, said, window, ping_at, read_at, .. } = self;
        let full = shared.backlog.is_full();
        let read = async {
            sleep_until(*read_at).await;
            wire.read().await
        };
        // Each of these can be given up without losing anything.
        tokio::select! {
            bytes = read, if !full => bytes.map(|_| Turn::Read),
            () = shared.backlog.room(), if full => Ok(Turn::Room),
            () = acks.ready() => Ok(Turn::Acks),
            Some(message) = outgoing.recv(), if said.len() < *window => Ok(Turn::Say(message)),
            () = sleep_until(*ping_at) => Ok(Turn::Ping),
            () = shared.sites_changed.notified() => Ok(Turn::Sites),
            () = shared.stop.cancelled() => Ok(Turn::Stop),
        }
    }

    /// Takes what has come; when it comes fast, lets more gather before the next read.
    fn after_read(&mut self) -> Result<(), LinkError> {
        let before = std::mem::replace(&mut self.heard, Instant::now());
        let packets = self.take_packets()?;
        let fast = FAST * packets > self.heard - before;
        self.read_at = if fast { self.heard + self.shared.config.gather } else { self.heard };
        Ok(())
    }

    fn take_packets(&mut self) -> Result<u32, LinkError> {
        let mut packets = 0;
        let arrival = self.shared.intake.now();
        while let Some(packet) = self.wire.decode()? {
            packets += 1;
            match packet {
                Packet::Publish(publish) => {
                    let place = self.place(&publish)?;
                    if self.is_own_state(&publish)? {
                        if let Some(place) = place {
                            self.acks.receipt(place, place).commit();
                        }
                        continue;
                    }
                    self.shared.take(Delivery::new(publish, place, &self.acks, arrival))?;
                }
                Packet::PubAck(puback) => {
                    self.said.remove(&puback.pkid);
                }
                Packet::SubAck(suback) => self.granted(&suback)?,
                Packet::PingResp(_) | Packet::UnsubAck(_) => {}
                Packet::Disconnect(goodbye) => return Err(LinkError::Ended(goodbye.reason_code)),
                _ => return Err(LinkError::Protocol("a packet that no broker sends here")),
            }
        }
        Ok(packets)
    }

    /// The place of a message among those that want a PUBACK; `None` at QoS 0.
    fn place(&self, publish: &Publish) -> Result<Option<u64>, LinkError> {
        if publish.topic.is_empty() {
            return Err(LinkError::Protocol("a topic alias, where none was allowed"));
        }
        match publish.qos {
            QoS::AtMostOnce => Ok(None),
            QoS::AtLeastOnce => {
                let place = self.acks.received(publish.pkid);
                place.map(Some).ok_or(LinkError::Protocol("more messages than there are packet ids"))
            }
            QoS::ExactlyOnce => Err(LinkError::Protocol("QoS 2, where QoS 1 was granted")),
        }
    }

    fn granted(&mut self, suback: &SubAck) -> Result<(), LinkError> {
        let asked = self.asked.remove(&suback.pkid).ok_or(LinkError::Protocol("a SUBACK not asked for"))?;
        check_suback(suback, &asked)
    }

    /// Puts every PUBACK that is due; they go out in one write.
    fn acknowledge(&mut self) -> Result<(), LinkError> {
        self.ids.clear();
        let standing = self.acks.take_ready(&mut self.ids);
        for packet_id in &self.ids {
            self.wire.put(&Packet::PubAck(PubAck::new(*packet_id, None)))?;
        }
        self.shared.counters.acknowledged(self.ids.len());
        match standing {
            Standing::Sound => Ok(()),
            Standing::Failed => Err(LinkError::NotDurable),
        }
    }

    /// Feedback that is longer than the broker takes is dropped, and counted: the next may be shorter.
    fn say_if_it_fits(&mut self, message: Outgoing) -> Result<(), LinkError> {
        match self.say(message) {
            Err(LinkError::TooLarge { len, len_max }) => {
                self.shared.counters.outgoing_dropped.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(len, len_max, "feedback is longer than the broker takes");
                Ok(())
            }
            said => said,
        }
    }

    fn say(&mut self, message: Outgoing) -> Result<(), LinkError> {
        let qos = match message.manner {
            Manner::AtMostOnce => QoS::AtMostOnce,
            Manner::AtLeastOnce | Manner::Retained => QoS::AtLeastOnce,
        };
        let mut publish = Publish::new(message.topic, qos, message.payload, None);
        publish.retain = message.manner == Manner::Retained;
        if qos == QoS::AtMostOnce {
            return self.wire.put(&Packet::Publish(publish));
        }
        let packet_id = self.next_id;
        publish.pkid = packet_id;
        self.wire.put(&Packet::Publish(publish))?;
        self.next_id = packet_id.checked_add(1).unwrap_or(FIRST_PUBLISH_ID);
        self.said.insert(packet_id);
        Ok(())
    }

    fn ping(&mut self) -> Result<(), LinkError> {
        let now = Instant::now();
        let silence = now - self.heard;
        if silence > self.keep_alive.mul_f64(1.5) && !self.shared.backlog.is_full() {
            return Err(LinkError::Silent(silence));
        }
        // Half of the promise, so that a lost second one is noticed within one and a half.
        self.ping_at = now + self.keep_alive / 2;
        self.wire.put(&Packet::PingReq(PingReq))
    }

    async fn flush(&mut self) -> Result<(), LinkError> {
        let limit = self.keep_alive.mul_f64(1.5);
        timeout(limit, self.wire.flush()).await.map_err(|_| LinkError::Timeout(limit))?
    }

    /// The broker keeps the session; what was not acknowledged it will deliver again.
    async fn goodbye(&mut self) -> Result<(), LinkError> {
        self.acknowledge()?;
        self.say_state(false, self.shared.intake.now())?;
        let disconnect = Disconnect::new(DisconnectReasonCode::NormalDisconnection);
        self.wire.put(&Packet::Disconnect(disconnect))?;
        self.flush().await
    }
}

/// How often the broker hears from Davy: no more seldom than configured, or Davy would wait longer for one that is gone.
fn keep_alive(own: Duration, asked_s: Option<u16>) -> Duration {
    match asked_s {
        None | Some(0) => own,
        Some(asked_s) => own.min(Duration::from_secs(asked_s.into())),
    }
}
