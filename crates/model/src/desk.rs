//! Who sits where, who is asked next, and how much is told at once.

use std::{sync::Arc, time::Duration};

use crate::{DeskLevel, Text, Tier};

/// An operator's place in the control room, and what it answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Its id.
    pub id: Arc<str>,
    /// What people call it.
    pub title: Text,
    /// The areas whose alarms are its, their parts too, ids among the site's areas.
    pub areas: Vec<Arc<str>>,
    /// Whether it has all that no other desk has.
    pub has_rest: bool,
    /// How high it stands.
    pub level: DeskLevel,
    /// Who hears of its lateness, an id among the site's desks: never of a lower level, and no chain comes round again.
    pub above: Option<Arc<str>>,
    /// Who is asked when nobody acknowledges, the earliest first.
    pub escalates: Vec<Escalation>,
}

/// An alarm that nobody acknowledges goes to another desk as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// So long after it sounded.
    pub after: Duration,
    /// To this desk, an id among the site's desks.
    pub to: Arc<str>,
    /// From this tier on.
    pub tier_from: Tier,
}

/// How much is told at once. Whatever it quiets is judged, journalled and listed all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annunciation {
    /// When a desk is flooded.
    pub flood: Option<FloodPolicy>,
    /// When an alarm chatters.
    pub chatter: Option<ChatterPolicy>,
    /// Which alarms are one incident.
    pub incident: IncidentPolicy,
}

/// When a desk is flooded (ISA-18.2-2016, 16.5.4; EEMUA 191): more alarms than one person can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloodPolicy {
    /// More than so many within the time begin a flood.
    pub starts: u32,
    /// Fewer than so many within the time end it.
    pub ends: u32,
    /// The time.
    pub within: Duration,
    /// Alarms below this tier do not sound while it lasts; all do when `None`.
    pub quiet_below: Option<Tier>,
}

/// When an alarm chatters (ISA-18.2-2016, 16.5.5): it comes and goes faster than anybody can act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatterPolicy {
    /// So many raises within the time.
    pub raises: u32,
    /// The time. It ends when no raise has come for as long.
    pub within: Duration,
    /// Below this tier it does not sound again while it lasts; it does when `None`.
    pub quiet_below: Option<Tier>,
}

/// Which alarms are one incident: those of one group, each raised within a time of the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentPolicy {
    /// What they have in common.
    pub group_by: Grouping,
    /// The time.
    pub within: Duration,
}

/// What alarms of an incident have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// The site.
    Site,
    /// The area of their tags.
    Area,
    /// What their tags are mounted on.
    Equipment,
}

impl Default for Annunciation {
    fn default() -> Annunciation {
        let within = Duration::from_secs(600);
        Annunciation {
            flood: None,
            chatter: None,
            incident: IncidentPolicy { group_by: Grouping::Area, within },
        }
    }
}

impl FloodPolicy {
    /// More than 10 in 10 minutes begin a flood, fewer than 5 end it (EEMUA 191; ISA-18.2-2016, 16.5.4).
    pub const USUAL: FloodPolicy =
        FloodPolicy { starts: 10, ends: 5, within: Duration::from_secs(600), quiet_below: None };
}

impl ChatterPolicy {
    /// Three raises in a minute (ISA-18.2-2016, 16.5.5).
    pub const USUAL: ChatterPolicy =
        ChatterPolicy { raises: 3, within: Duration::from_secs(60), quiet_below: None };
}
