//! The door's limits. Each has a default that suits a plant with some thousand gateways.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::tls::Current;

/// Longest CONNECT taken, bytes: what a stranger can make the door hold.
pub const CONNECT_LEN_MAX: usize = 64 * 1024;

/// Bytes of replies a connection may owe before it stops reading.
pub(crate) const REPLY_LEN_MAX: usize = 64 * 1024;

/// Most bytes asked of a socket in one read.
pub(crate) const READ_LEN_MAX: usize = 64 * 1024;

/// One socket to listen on.
#[derive(Clone)]
pub struct Listen {
    /// Address; port 0 lets the system choose.
    pub addr: SocketAddr,
    /// TLS, when wanted (see [`crate::tls`]).
    pub tls: Option<Current>,
}

impl fmt::Debug for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listen").field("addr", &self.addr).field("tls", &self.tls.is_some()).finish()
    }
}

/// How often one address may connect: a bucket of `burst`, refilled at `per_s`. IPv6 counts by /64, loopback not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectRate {
    /// Connections a second in the long run.
    pub per_s: u32,
    /// Connections at once.
    pub burst: u32,
}

/// All a door is told at its start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Sockets to listen on. A client identifier is one on all of them.
    pub listen: Vec<Listen>,
    /// Connections at once, those not yet authenticated included. More are closed at once.
    pub connections_max: usize,
    /// Connections that have not been authenticated yet. More are closed at once.
    pub unauthenticated_max: usize,
    /// Connections a second of one address; `None` for no limit.
    pub connect_rate: Option<ConnectRate>,
    /// From accept to the whole CONNECT, the TLS handshake included.
    pub connect_timeout: Duration,
    /// For the handler's answer to one CONNECT.
    pub authenticate_timeout: Duration,
    /// From the first byte of a packet to its last.
    pub frame_timeout: Duration,
    /// For the peer to take any byte of what we write.
    pub write_timeout: Duration,
    /// How long a client that left may wait for its last PUBACKs, and a returning one for its former connection to end.
    pub linger_timeout: Duration,
    /// Longest packet taken, bytes, 32 to 268,435,460.
    pub packet_len_max: u32,
    /// Longest topic name taken, bytes.
    pub topic_len_max: usize,
    /// QoS 1 messages of one connection without a PUBACK, 1 to 65,535. An MQTT 5 client is told, and closed if it sends more; of a
    /// 3.1.1 client no more is read.
    pub receive_max: u16,
    /// Bytes of messages of one connection, any QoS, that are not committed. At the limit no more is read.
    pub in_flight_len_max: usize,
    /// Topic aliases of one connection.
    pub topic_alias_max: u16,
    /// Topic filters of one connection.
    pub subscriptions_max: usize,
    /// Longest keep-alive granted, s. MQTT 5 clients that ask for more, or for none, are told to use this; 3.1.1 has no word for it.
    pub keep_alive_max_s: u16,
    /// Longest will delay granted. The delay holds though no session is kept, so a short cut raises no will.
    pub will_delay_max: Duration,
    /// Messages that wait to be sent to one connection. More are dropped and counted.
    pub outgoing_max: usize,
    /// Bytes of messages that wait to be sent to one connection. More are dropped and counted.
    pub outgoing_len_max: usize,
    /// QoS 1 messages sent to one connection and not acknowledged; a client may grant less.
    pub outgoing_window: u16,
    /// How long a client may take to acknowledge one of them.
    pub outgoing_ack_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            connections_max: 10_000,
            unauthenticated_max: 256,
            connect_rate: Some(ConnectRate { per_s: 20, burst: 200 }),
            connect_timeout: Duration::from_secs(10),
            authenticate_timeout: Duration::from_secs(5),
            frame_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            linger_timeout: Duration::from_secs(5),
            packet_len_max: 256 * 1024,
            topic_len_max: 1024,
            receive_max: 1024,
            in_flight_len_max: 4 * 1024 * 1024,
            topic_alias_max: 32,
            subscriptions_max: 32,
            keep_alive_max_s: 1200,
            will_delay_max: Duration::from_secs(3600),
            outgoing_max: 256,
            outgoing_len_max: 1024 * 1024,
            outgoing_window: 32,
            outgoing_ack_timeout: Duration::from_secs(30),
        }
    }
}

impl Config {
    /// One plain socket on `addr`, everything else by default.
    pub fn listen_on(addr: SocketAddr) -> Self {
        Self { listen: vec![Listen { addr, tls: None }], ..Self::default() }
    }

    /// # Errors
    /// Says which limit makes no sense.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let connections = 1..=Semaphore::MAX_PERMITS;
        let checks = [
            (!self.listen.is_empty(), "listen: no socket"),
            (connections.contains(&self.connections_max), "connections_max: at least 1"),
            (connections.contains(&self.unauthenticated_max), "unauthenticated_max: at least 1"),
            ((32..=268_435_460).contains(&self.packet_len_max), "packet_len_max: 32 to 268,435,460"),
            (self.receive_max > 0, "receive_max: at least 1"),
            (self.in_flight_len_max > 0, "in_flight_len_max: at least 1"),
            (self.outgoing_window > 0, "outgoing_window: at least 1"),
            (self.keep_alive_max_s > 0, "keep_alive_max_s: at least 1"),
            ((1..=65_535).contains(&self.topic_len_max), "topic_len_max: 1 to 65,535"),
        ];
        checks.iter().find(|(good, _)| !good).map_or(Ok(()), |(_, what)| Err(what))
    }

    /// Most bytes one connection can make the door hold, the socket's own buffers and what the handler keeps aside: the packet
    /// being read, one read beyond it, messages not committed and those gathered meanwhile, replies, outgoing messages, topics, will.
    pub fn connection_len_max(&self) -> usize {
        let packet = self.packet_len_max as usize;
        // A read may end just short of a packet's end, and growing doubles.
        let reading = 2 * (packet + READ_LEN_MAX);
        let in_flight = self.in_flight_len_max + packet + usize::from(self.receive_max) * 16;
        let writing = REPLY_LEN_MAX + READ_LEN_MAX + self.outgoing_len_max;
        let topics = self.topic_len_max * (usize::from(self.topic_alias_max) + 1);
        let filters = self.subscriptions_max * self.topic_len_max * 2;
        reading + in_flight + writing + topics + filters + CONNECT_LEN_MAX
    }
}
