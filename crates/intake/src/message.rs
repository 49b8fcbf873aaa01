//! One message, and what is to be told of it.

use davy_model::{NodeChange, Timestamp};

/// One message, from the door, from a broker or by a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    pub(crate) topic: &'a str,
    pub(crate) payload: &'a [u8],
    pub(crate) arrival: Timestamp,
    /// The transport says that it may have been delivered before.
    pub(crate) redelivered: bool,
    /// A broker had kept it: it is not being said now.
    pub(crate) is_stored: bool,
    /// What "offline" means here: a goodbye, or, in a will, a loss.
    pub(crate) offline_means: NodeChange,
}

/// What is to be told to the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Read; perhaps in part.
    Taken,
    /// Nothing of it could be read.
    Unreadable,
    /// No such site, edge node or topic.
    NotAllowed,
}
