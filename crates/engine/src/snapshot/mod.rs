//! The engine's state as bytes, and back. Field numbers are never reused: every released version must load.

use std::sync::Arc;

use davy_model::Timestamp;
use davy_rules::{Plan, WatchKind};
use prost::Message;

mod cases;
mod convert;
mod lapses;
mod layout;
mod loads;
mod memories;

use crate::{Engine, alarm::Origin, engine::LIVE, oddity::Oddity};
use layout::{
    Ahead, AlarmState, IncidentState, LoadState, MemoryState, Node, OddityState, Retired, State, Tags,
};

/// Version of the layout below. Layout 2 knows cases; where none is open, a snapshot is one of layout 1.
pub const SNAPSHOT_SCHEMA: u32 = 2;
const WITHOUT_CASES: u32 = 1;

/// A snapshot that cannot be taken up; an older one, or the log from its beginning, can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Not what [`Engine::snapshot`] writes.
    #[error("the snapshot does not decode: {0}")]
    Decode(String),
    /// Written by a newer Davy.
    #[error("the snapshot has layout {found}, this Davy knows up to {SNAPSHOT_SCHEMA}")]
    Newer {
        /// Its layout.
        found: u32,
    },
    /// Taken under other files.
    #[error("the snapshot was taken under revision {found}, not {expected}")]
    Revision {
        /// What it was taken under.
        found: String,
        /// What is active.
        expected: String,
    },
    /// Its parts do not fit each other or the files.
    #[error("the snapshot does not fit: {0}")]
    Unfit(&'static str),
}

impl Engine {
    /// The whole state. [`Engine::restore`] under the same plan goes on exactly as this engine would.
    pub fn snapshot(&self) -> Vec<u8> {
        let state = State {
            schema: if self.has_cases() { SNAPSHOT_SCHEMA } else { WITHOUT_CASES },
            revision: self.plan.revision.to_string(),
            clock_us: self.clock_us,
            sequence: self.sequence,
            tags: Some(Tags::of(&self.tags)),
            nodes: self.nodes.iter().map(Node::of).collect(),
            alarms: self.alarms.iter().map(AlarmState::of).collect(),
            retired: self.retired.iter().map(|(key, numbers)| Retired::of(key, *numbers)).collect(),
            modes_on: self.modes.iter().map(|mode| mode.on).collect(),
            oddities: self.oddities.iter().map(|(tag, oddity)| OddityState::of(*tag, *oddity)).collect(),
            ahead: self.ahead.iter().map(|(&tag, &source_us)| Ahead { tag, source_us }).collect(),
            lapses: self.lapse_states(),
            memories: self.memories.iter().map(MemoryState::of).collect(),
            incidents: self.incidents.iter().map(|(group, last)| IncidentState::of(group, last)).collect(),
            loads: self.loads.iter().map(LoadState::of).collect(),
        };
        state.encode_to_vec()
    }

    /// An engine as [`Engine::snapshot`] left it, under the plan that was active then.
    ///
    /// # Errors
    /// [`SnapshotError`], when the bytes are damaged, newer, or of other files.
    pub fn restore(plan: Arc<Plan>, bytes: &[u8]) -> Result<Engine, SnapshotError> {
        let state = State::decode(bytes).map_err(|error| SnapshotError::Decode(error.to_string()))?;
        if state.schema > SNAPSHOT_SCHEMA {
            return Err(SnapshotError::Newer { found: state.schema });
        }
        if state.revision != *plan.revision {
            return Err(SnapshotError::Revision {
                found: state.revision,
                expected: plan.revision.to_string(),
            });
        }
        let mut engine = Engine::new(plan, Timestamp::from_micros(state.clock_us));
        engine.sequence = state.sequence;
        engine.tags = state.tags.unwrap_or_default().into_states(engine.tags.len(), engine.nodes.len())?;
        if state.nodes.len() != engine.nodes.len() || state.modes_on.len() != engine.modes.len() {
            return Err(SnapshotError::Unfit("another number of edge nodes or modes"));
        }
        engine.nodes = state.nodes.iter().map(Node::to_state).collect();
        for (mode, on) in engine.modes.iter_mut().zip(state.modes_on) {
            mode.on = on;
        }
        for retired in state.retired {
            let key = (retired.rule.into(), retired.subject.into());
            engine.retired.insert(key, (retired.occurrence, retired.step));
        }
        for odd in state.oddities {
            let oddity = Oddity {
                readings: odd.readings,
                source_us: odd.source_us,
                arrival_us: odd.arrival_us,
                last_us: odd.last_us,
            };
            let tag = engine
                .tags
                .get_mut(odd.tag as usize)
                .ok_or(SnapshotError::Unfit("an odd tag that is not there"))?;
            tag.set_odd(true);
            engine.oddities.insert(odd.tag, oddity);
        }
        engine.ahead = state.ahead.iter().map(|ahead| (ahead.tag, ahead.source_us)).collect();
        engine.lapse_again(&state.lapses)?;
        engine.remember_again(&state.memories)?;
        engine.incidents = state.incidents.into_iter().map(IncidentState::into_incident).collect();
        for (load, state) in engine.loads.iter_mut().zip(state.loads) {
            *load = state.into_load();
        }
        for alarm in state.alarms {
            engine.take_up(&alarm)?;
        }
        engine.schedule_everything();
        Ok(engine)
    }

    fn has_cases(&self) -> bool {
        self.alarms.iter().any(|alarm| alarm.facts.case.is_some())
    }

    fn take_up(&mut self, state: &AlarmState) -> Result<(), SnapshotError> {
        let mut alarm = state.to_alarm(&self.plan.site.id)?;
        let at = self.alarms.len() as u32;
        match alarm.origin {
            Origin::Watch(watch) => {
                let described = self.plan.watches.get(watch as usize);
                let described =
                    described.ok_or(SnapshotError::Unfit("an alarm of a watch that is not there"))?;
                let levels = match described.kind {
                    WatchKind::Limit(program) => self.plan.limits[program as usize].levels.len(),
                    WatchKind::Silence(_) => 0,
                };
                if levels != alarm.levels.len() {
                    return Err(SnapshotError::Unfit("an alarm with another number of levels"));
                }
                alarm.key.rule = Arc::clone(&self.plan.rules[described.rule as usize].id);
                alarm.key.subject = Arc::clone(self.plan.subject(described.tag));
                self.slots[watch as usize] = if alarm.is_live() { at | LIVE } else { at };
            }
            Origin::Clock | Origin::Fault | Origin::Load => {
                let active_clock = alarm.origin == Origin::Clock && alarm.is_active();
                self.active_clock_alarms += u32::from(active_clock);
                self.built_in.insert((Arc::clone(&alarm.key.rule), Arc::clone(&alarm.key.subject)), at);
            }
        }
        self.alarms.push(alarm);
        Ok(())
    }
}
