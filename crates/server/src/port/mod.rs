//! The HTTP port: sockets, TLS, connections and calls, each with its bound. What is served on it is somebody else's affair.
//!
//! Promise: whoever comes, and whatever they send or do not read, takes no more than [`PortLimits`] allows, and all that was
//! refused is counted by its reason.

mod accept;
mod calls;
mod deadline;
mod host;
mod limits;
mod listen;
mod origins;
mod peer;
mod places;
mod serve;
mod stats;
#[cfg(test)]
mod tests;
mod timed;

pub(crate) use self::{
    calls::{Calls, bounded, in_its_place},
    host::{is_of_this_machine, unmistakable},
    listen::{Listening, Port},
    origins::{Origins, from_named, is_origin},
    places::{NoPlace, Place, Places},
    stats::{PortStats, Refused},
};
pub use self::{
    limits::PortLimits,
    peer::{Peer, PeerCertificate},
};
