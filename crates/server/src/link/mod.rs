//! The link between a Davy and the one above it ([0023](../../../docs/decisions/0023-link.md)).
//!
//! Upwards it is a client that brings what the journals have; downwards it keeps what is brought, and judges none of it.

mod below;
mod forwarded;
mod lower;
mod risk_level;
mod silence;
mod standing;
mod upward;

pub(crate) use self::{
    below::Lowers,
    forwarded::{Forwarded, Unfit},
    lower::Lower,
    risk_level::{heartbeat_of, risk_level_of},
    silence::{Silence, silences, upward_fault},
    standing::Standing,
    upward::Upward,
};

/// The form of what is brought.
pub(crate) const PROTOCOL: u32 = 1;
/// Sites that lower Davys may bring, all together.
pub(crate) const SITES_MAX: usize = 1000;
/// Transitions that one message may bring.
pub(crate) const RECORDS_TAKEN_MAX: usize = 1000;
/// Transitions that one message does bring.
pub(crate) const RECORDS_MAX: usize = 128;
/// Bytes of them in one message, about: the one that passes it is the last.
pub(crate) const RECORDS_BYTES_MAX: usize = 256 << 10;
