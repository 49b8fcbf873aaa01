//! A commit on its way to disk, with everybody who waits for it.

use davy_delivery::Heartbeat;
use davy_engine::Counts;
use davy_intake::{Answer, Parcel};
use davy_journal::{Commit, Snapshot};

use crate::shown::Shown;

/// A judged commit that is not on disk yet.
pub(crate) struct Pending {
    pub(crate) commit: Commit,
    /// Who sent its inputs, and what the engine answered.
    pub(crate) parcels: Vec<(Parcel, Answer)>,
    /// What became of its readings.
    pub(crate) counts: Counts,
    /// Readings left out because their tags went with a reload.
    pub(crate) unbound: u64,
    /// What goes with its readings.
    pub(crate) shown: Shown,
    /// To be told once it is on disk.
    pub(crate) heartbeats: Vec<Heartbeat>,
    /// The engine's state after it, when one is due.
    pub(crate) snapshot: Option<Snapshot>,
    /// Its transitions have been told already, marked not durable.
    pub(crate) told: bool,
}

impl Pending {
    /// About how much memory it takes, bytes.
    pub(crate) fn weight_bytes(&self) -> usize {
        let parcels: usize = self.parcels.iter().map(|(parcel, _)| parcel.weight_bytes()).sum();
        parcels + self.commit.transitions.len() * 1024 + self.commit.inputs.len() * 128
    }
}
