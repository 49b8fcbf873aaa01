//! What the port counts: who is there, and what was refused, by its reason.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a connection was closed, or a call refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// As many connections as there may be.
    ConnectionsFull,
    /// As many connections of this address as there may be.
    ConnectionsOfAddress,
    /// This address connects too often.
    ConnectionsTooOften,
    /// No TLS came about, in time or at all.
    Handshake,
    /// Nothing came in time: no beginning, no whole head, no answer to a ping.
    Silent,
    /// The peer took nothing of what was written.
    Stalled,
    /// What came is not HTTP, or breaks its limits.
    Protocol,
    /// As many calls as there may be.
    CallsFull,
    /// As many calls of this address as there may be.
    CallsOfAddress,
    /// As many calls of this caller as there may be.
    CallsOfCaller,
    /// A call that was not answered before its deadline.
    Deadline,
    /// A call of a page whose origin is not named.
    Origin,
    /// A call or a page's reader that is not known.
    Unknown,
    /// A caller that is known, and none of whose roles permits it.
    NotAllowed,
}

impl Refused {
    /// All of them.
    pub(crate) const ALL: [Refused; 14] = [
        Refused::ConnectionsFull,
        Refused::ConnectionsOfAddress,
        Refused::ConnectionsTooOften,
        Refused::Handshake,
        Refused::Silent,
        Refused::Stalled,
        Refused::Protocol,
        Refused::CallsFull,
        Refused::CallsOfAddress,
        Refused::CallsOfCaller,
        Refused::Deadline,
        Refused::Origin,
        Refused::Unknown,
        Refused::NotAllowed,
    ];

    /// As `/metrics` has it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Refused::ConnectionsFull => "connections_full",
            Refused::ConnectionsOfAddress => "connections_of_address",
            Refused::ConnectionsTooOften => "connections_too_often",
            Refused::Handshake => "handshake",
            Refused::Silent => "silent",
            Refused::Stalled => "stalled",
            Refused::Protocol => "protocol",
            Refused::CallsFull => "calls_full",
            Refused::CallsOfAddress => "calls_of_address",
            Refused::CallsOfCaller => "calls_of_caller",
            Refused::Deadline => "deadline",
            Refused::Origin => "origin",
            Refused::Unknown => "unknown",
            Refused::NotAllowed => "not_allowed",
        }
    }
}

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct PortStats {
    accepted: AtomicU64,
    ended: AtomicU64,
    refused: [AtomicU64; Refused::ALL.len()],
}

impl PortStats {
    pub(super) fn accept(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a connection as ended, however it ended.
    pub(super) fn end(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refuse(&self, why: Refused) {
        self.refused[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Connections that came.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Connections that are there.
    pub(crate) fn connections(&self) -> u64 {
        let ended = self.ended.load(Ordering::Relaxed);
        self.accepted().saturating_sub(ended)
    }

    /// How often, for this reason.
    pub(crate) fn refused(&self, why: Refused) -> u64 {
        self.refused[why as usize].load(Ordering::Relaxed)
    }
}
