//! Between incidents and floods and a snapshot's layout.

use std::sync::Arc;

use super::{
    SnapshotError,
    convert::unless_never,
    layout::{IncidentState, LoadState},
};
use crate::{
    alarm::NEVER,
    incident::Incident,
    load::{Load, Quiet},
};

impl IncidentState {
    pub(super) fn of(group: &Arc<str>, last: &Incident) -> IncidentState {
        IncidentState { group: group.to_string(), id: last.id.to_string(), last_us: last.last_us }
    }

    pub(super) fn into_incident(self) -> (Arc<str>, Incident) {
        (self.group.into(), Incident { id: self.id.into(), last_us: self.last_us })
    }
}

impl LoadState {
    pub(super) fn of(load: &Load) -> LoadState {
        LoadState {
            came_us: load.came_us.iter().copied().collect(),
            is_flooded: load.is_flooded,
            due_us: unless_never(load.due_us),
        }
    }

    pub(super) fn into_load(self) -> Load {
        Load {
            came_us: self.came_us.into(),
            is_flooded: self.is_flooded,
            due_us: self.due_us.unwrap_or(NEVER),
        }
    }
}

/// 0 none, 1 flood, 2 chatter.
pub(super) fn quiet_code(quiet: Option<Quiet>) -> u32 {
    match quiet {
        None => 0,
        Some(Quiet::Flood) => 1,
        Some(Quiet::Chatter) => 2,
    }
}

/// See [`quiet_code`].
pub(super) fn quiet_of(code: u32) -> Result<Option<Quiet>, SnapshotError> {
    match code {
        0 => Ok(None),
        1 => Ok(Some(Quiet::Flood)),
        2 => Ok(Some(Quiet::Chatter)),
        _ => Err(SnapshotError::Unfit("a quiet nobody knows")),
    }
}
