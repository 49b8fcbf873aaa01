//! What a receiver is told.

use std::sync::Arc;

use davy_model::{Tier, Timestamp};
use davy_proto::{time_from_wire, v1};

use crate::GapReason;

/// One thing a receiver is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A transition, as consumers of gRPC get it.
    Alert(Box<v1::Alert>),
    /// Transitions that cannot be told.
    Gap(Gap),
}

/// Transitions of a site that cannot be told, any more or while the journal fails: whoever counts on all of them looks at how its
/// alarms stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Of which site.
    pub site: Arc<str>,
    /// The first of them.
    pub from_sequence: u64,
    /// The last of them; before `from_sequence` when the record is another than the one the receiver knows.
    pub to_sequence: u64,
    /// Why.
    pub reason: GapReason,
    /// When that was found.
    pub found: Timestamp,
}

impl Gap {
    pub(super) fn id(&self) -> String {
        format!("{}:gap#{}.{}", self.site, self.from_sequence, self.to_sequence)
    }
}

/// The transition's id, and when it was recorded.
pub(super) fn id_of(alert: &v1::Alert) -> String {
    let recorded = alert.recorded_time.as_ref().and_then(|time| time_from_wire(time).ok());
    recorded.map_or_else(|| alert.id.clone(), |recorded| format!("{}@{recorded}", alert.id))
}

impl Notice {
    /// The same however often it is told, after a restart too, and never that of another: where a transition was told and is in
    /// no record, or the record is restored from an older copy, its own id is given anew, and when it was recorded tells the two
    /// apart.
    pub fn id(&self) -> String {
        match self {
            Notice::Alert(alert) => id_of(alert),
            Notice::Gap(gap) => gap.id(),
        }
    }

    /// The id of the transition alone; of a gap, as `id`.
    pub(super) fn transition_id(&self) -> String {
        match self {
            Notice::Alert(alert) => alert.id.clone(),
            Notice::Gap(gap) => gap.id(),
        }
    }

    /// Of which site.
    pub fn site(&self) -> &str {
        match self {
            Notice::Alert(alert) => &alert.site,
            Notice::Gap(gap) => &gap.site,
        }
    }

    /// The last transition of the site that it tells of.
    pub fn sequence(&self) -> u64 {
        match self {
            Notice::Alert(alert) => alert.sequence,
            Notice::Gap(gap) => gap.to_sequence,
        }
    }
}

/// What an exit tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of these sites; of all that plants have when empty.
    pub sites: Vec<Arc<str>>,
    /// Of alarms that are as grave as this, or were so in their occurrence; all when `None`.
    pub tier_from: Option<Tier>,
}

impl Wanted {
    /// Whether an alarm that has been as grave as `highest` in its occurrence is told.
    pub fn has(&self, tier: Tier, highest: Tier) -> bool {
        self.tier_from.is_none_or(|from| tier.max(highest) >= from)
    }
}
