//! Alarms that belong together: of one group, each raised soon after the one before it. Only a name is given; nothing is
//! hidden or changed by it.

use std::sync::Arc;

use davy_model::{Grouping, TagIndex, micros};

use crate::{
    alarm::Origin,
    engine::{Engine, Moment},
};

/// The last incident of a group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Incident {
    /// The id of the transition that began it.
    pub(crate) id: Arc<str>,
    /// Arrival of its last raise, µs.
    pub(crate) last_us: i64,
}

impl Engine {
    /// An alarm was raised: it joins the incident of its group, or begins one.
    pub(crate) fn join_incident(&mut self, alarm: u32, moment: Moment) {
        let Some(group) = self.group_of(alarm) else { return };
        let within_us = micros(self.plan.site.annunciation.incident.within);
        let record = &self.alarms[alarm as usize];
        let begun: Arc<str> = format!("{}#{}.{}", record.key, record.occurrence, record.step).into();
        let arrival_us = self.decided_at(moment);
        let incident =
            self.incidents.entry(group).or_insert(Incident { id: Arc::clone(&begun), last_us: arrival_us });
        if arrival_us.saturating_sub(incident.last_us) > within_us {
            incident.id = begun;
        }
        incident.last_us = arrival_us;
        self.alarms[alarm as usize].incident = Some(Arc::clone(&incident.id));
    }

    /// What an alarm has in common with others; the site, where its tag does not say. Alarms of Davy itself stand alone.
    fn group_of(&self, alarm: u32) -> Option<Arc<str>> {
        let tag = self.place_of(alarm)?;
        let tag = self.plan.site.tag(tag);
        let group = match self.plan.site.annunciation.incident.group_by {
            Grouping::Site => None,
            Grouping::Area => tag.area.as_ref(),
            Grouping::Equipment => tag.equipment.as_ref(),
        };
        Some(Arc::clone(group.unwrap_or(&self.plan.site.id)))
    }

    /// A measured tag that is where an alarm's subject is; none of alarms that no rule makes.
    pub(crate) fn place_of(&self, alarm: u32) -> Option<TagIndex> {
        let Origin::Watch(watch) = self.alarms[alarm as usize].origin else { return None };
        let tag = self.plan.watches[watch as usize].tag;
        match self.plan.calculated(tag) {
            Some(made) => made.near,
            None => Some(tag),
        }
    }
}
