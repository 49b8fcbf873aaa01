//! Counters: every message and every connection is in one of them.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Live counters, plain atomics.
        #[derive(Debug, Default)]
        pub(crate) struct Stats { $(pub(crate) $name: Counter,)* }

        /// The counters at one moment. All but `connections` only grow.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct StatsSnapshot { $($(#[$doc])* pub $name: u64,)* }

        impl Stats {
            pub(crate) fn snapshot(&self) -> StatsSnapshot {
                StatsSnapshot { $($name: self.$name.get(),)* }
            }
        }
    };
}

counters! {
    /// Authenticated connections now.
    connections,
    /// Sockets accepted.
    accepted,
    /// Closed at once: as many connections as there may be.
    turned_away_full,
    /// Closed at once: as many unauthenticated connections as there may be.
    turned_away_unauthenticated,
    /// Closed at once: the address connects too often.
    turned_away_rate,
    /// `accept` failed (out of file descriptors, mostly).
    accept_errors,
    /// TLS handshakes that failed or took too long.
    tls_failed,
    /// No CONNECT in time, or none that could be read.
    connect_failed,
    /// CONNECT refused by the handler, by rights on the will, or because it did not answer in time.
    connect_refused,
    /// Of those: the handler did not answer in time.
    authenticate_timeouts,
    /// Clients let in.
    welcomed,
    /// Former connections ended by a new one of the same client identifier.
    taken_over,
    /// Connections ended for breaking the protocol or a limit.
    protocol_errors,
    /// Connections ended by keep-alive.
    keep_alive_timeouts,
    /// Connections ended for being too slow with a packet, a read or an acknowledgement.
    stalled,
    /// Connections ended because a receipt was dropped uncommitted.
    not_durable,
    /// Connections ended because the client would not be let in any more.
    shut_out,
    /// Messages decoded: `submitted` + `refused`.
    received,
    /// Bytes of their packets.
    received_len,
    /// Messages handed to the handler, wills not included.
    submitted,
    /// Batches handed to the handler, wills not included.
    batches,
    /// Messages refused for want of rights.
    refused,
    /// Subscriptions refused for want of rights.
    subscriptions_refused,
    /// PUBACKs written.
    acknowledged,
    /// Wills handed to the handler.
    wills,
    /// Delayed wills that became void because the client returned.
    wills_cancelled,
    /// Messages queued for a connection.
    outgoing_queued,
    /// Messages written to a connection.
    outgoing_sent,
    /// QoS 1 messages a client acknowledged.
    outgoing_acknowledged,
    /// Not queued: the connection's queue was full.
    outgoing_dropped_full,
    /// Not sent: longer than the client takes.
    outgoing_dropped_too_long,
    /// Queued, but the connection ended first.
    outgoing_dropped_closed,
    /// PUBACKs for nothing we sent.
    stray_pubacks,
    /// Connections that did not end in time at shutdown.
    aborted,
}

/// One counter.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: usize) {
        if count > 0 {
            self.0.fetch_add(count as u64, Ordering::Relaxed);
        }
    }

    pub(crate) fn one(&self) {
        self.add(1);
    }

    pub(crate) fn less_one(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
