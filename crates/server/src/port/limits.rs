//! The limits of the HTTP port, and what they come to in memory.

use std::time::Duration;

use davy_door::ConnectRate;
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto::Builder,
};

/// Longest list of header fields taken, bytes; HTTP/2 counts 32 more a field (RFC 9113, 6.5.2).
const HEADER_LIST_LEN_MAX: u32 = 16 << 10;
/// What may come on one connection before it is taken up, bytes.
const CONNECTION_WINDOW: u32 = 1 << 20;
/// What may come on one stream before it is taken up, bytes.
const STREAM_WINDOW: u32 = 256 << 10;
/// What may wait to be sent on one stream, bytes.
const SEND_LEN_MAX: usize = 32 << 10;
/// Streams that a peer opened and reset again before they were looked at; past it, it is hung up on (CVE-2023-44487).
const RESET_STREAMS_MAX: usize = 20;
/// Streams that had to be reset for a peer's mistakes; past it, it is hung up on.
const MISTAKEN_STREAMS_MAX: usize = 128;
/// Header fields of one HTTP/1.1 request.
const HTTP_1_FIELDS_MAX: usize = 64;
/// Buffers of TLS and of the socket's reader and writer, bytes.
const BUFFERS_LEN: usize = 128 << 10;
/// What one call may have in memory: its request, or the answers that wait for whoever asked, bytes.
const CALL_LEN_MAX: usize = 1 << 20;

/// What the HTTP port takes from its peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortLimits {
    /// Connections at once, of all peers. One more is closed.
    pub connections_max: usize,
    /// Connections at once of one address; IPv6 counts by /64, loopback not at all.
    pub address_connections_max: usize,
    /// Connections a second of one address, counted alike; `None` for no limit.
    pub connect_rate: Option<ConnectRate>,
    /// gRPC calls at once, streams among them, of all peers. One more is refused.
    pub calls_max: usize,
    /// gRPC calls at once of one address, counted as its connections are.
    pub address_calls_max: usize,
    /// gRPC calls at once of one caller, where callers are known.
    pub caller_calls_max: usize,
    /// Streams at once of one HTTP/2 connection, which is told.
    pub streams_max: u32,
    /// From accept to the end of the TLS handshake.
    pub handshake_timeout: Duration,
    /// For the first bytes of a connection, and for the whole head of an HTTP/1.1 request, the wait for it included.
    pub head_timeout: Duration,
    /// For a peer to take any byte of what is written.
    pub write_timeout: Duration,
    /// How often an HTTP/2 peer is asked whether it is there.
    pub ping_every: Duration,
    /// How long it may take to answer.
    pub ping_timeout: Duration,
    /// How long a call may take to its answer, or a stream to its beginning. A caller's own deadline can only be nearer.
    pub answer_timeout: Duration,
    /// The same, for calls that judge a journal or a site's files.
    pub judged_timeout: Duration,
}

impl Default for PortLimits {
    fn default() -> PortLimits {
        PortLimits {
            connections_max: 256,
            address_connections_max: 64,
            connect_rate: Some(ConnectRate { per_s: 20, burst: 200 }),
            calls_max: 1024,
            address_calls_max: 256,
            caller_calls_max: 64,
            streams_max: 100,
            handshake_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            ping_every: Duration::from_secs(20),
            ping_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(60),
            judged_timeout: Duration::from_secs(600),
        }
    }
}

impl PortLimits {
    /// The most that connections and calls can take, bytes.
    pub fn memory_max_bytes(&self) -> usize {
        let stream = SEND_LEN_MAX + HEADER_LIST_LEN_MAX as usize;
        let streams = stream.saturating_mul(self.streams_max as usize);
        let connection = CONNECTION_WINDOW as usize + BUFFERS_LEN + streams;
        let calls = self.calls_max.saturating_mul(CALL_LEN_MAX);
        self.connections_max.saturating_mul(connection).saturating_add(calls)
    }

    /// What speaks HTTP/1.1 and HTTP/2 within these limits.
    pub(super) fn builder(&self) -> Builder<TokioExecutor> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_timeout)
            .max_headers(HTTP_1_FIELDS_MAX)
            .max_buf_size(HEADER_LIST_LEN_MAX as usize);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.streams_max)
            .max_header_list_size(HEADER_LIST_LEN_MAX)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_stream_window_size(STREAM_WINDOW)
            .max_send_buf_size(SEND_LEN_MAX)
            .max_pending_accept_reset_streams(RESET_STREAMS_MAX)
            .max_local_error_reset_streams(MISTAKEN_STREAMS_MAX)
            .keep_alive_interval(self.ping_every)
            .keep_alive_timeout(self.ping_timeout);
        builder
    }
}
