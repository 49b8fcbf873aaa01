//! The engine's state as bytes, and back. Field numbers are never reused: every released version must load.

use std::sync::Arc;

use davy_model::{AlarmFacts, Condition, Quality, Shelving, TagIndex, Tier, Timestamp};
use davy_rules::{Plan, WatchKind};
use prost::Message;

use crate::{
    Engine,
    alarm::{Alarm, NEVER, Origin, Silence},
    engine::LIVE,
    hold::{Hold, LevelState, Seen},
    nodes::NodeState,
    oddity::Oddity,
    tag::TagState,
};

/// Version of the layout below.
pub const SNAPSHOT_SCHEMA: u32 = 1;

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

#[derive(Clone, PartialEq, Message)]
struct State {
    #[prost(uint32, tag = "1")]
    schema: u32,
    #[prost(string, tag = "2")]
    revision: String,
    #[prost(sint64, tag = "3")]
    clock_us: i64,
    #[prost(uint64, tag = "4")]
    sequence: u64,
    #[prost(message, optional, tag = "5")]
    tags: Option<Tags>,
    #[prost(message, repeated, tag = "6")]
    nodes: Vec<Node>,
    #[prost(message, repeated, tag = "7")]
    alarms: Vec<AlarmState>,
    #[prost(message, repeated, tag = "8")]
    retired: Vec<Retired>,
    #[prost(bool, repeated, tag = "9")]
    modes_on: Vec<bool>,
    #[prost(message, repeated, tag = "10")]
    oddities: Vec<OddityState>,
}

#[derive(Clone, PartialEq, Message)]
struct Tags {
    #[prost(sfixed64, repeated, tag = "1")]
    source_us: Vec<i64>,
    #[prost(sfixed64, repeated, tag = "2")]
    clock_us: Vec<i64>,
    #[prost(sfixed64, repeated, tag = "3")]
    heard_us: Vec<i64>,
    #[prost(double, repeated, tag = "4")]
    value: Vec<f64>,
    #[prost(fixed32, repeated, tag = "5")]
    node: Vec<u32>,
    #[prost(bytes = "vec", tag = "6")]
    quality: Vec<u8>,
    #[prost(bytes = "vec", tag = "7")]
    flags: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Node {
    #[prost(sint64, tag = "1")]
    heard_us: i64,
    #[prost(sint64, optional, tag = "2")]
    lost_us: Option<i64>,
    #[prost(bool, tag = "3")]
    has_silent_tags: bool,
}

#[derive(Clone, PartialEq, Message)]
struct AlarmState {
    /// Place of the watch; absent for alarms of clocks and of Davy's own parts.
    #[prost(uint32, optional, tag = "1")]
    watch: Option<u32>,
    #[prost(string, tag = "2")]
    rule: String,
    #[prost(string, tag = "3")]
    subject: String,
    #[prost(bool, tag = "4")]
    is_clock: bool,
    #[prost(message, optional, tag = "5")]
    facts: Option<Facts>,
    #[prost(uint64, tag = "6")]
    occurrence: u64,
    #[prost(uint32, tag = "7")]
    step: u32,
    #[prost(sint64, optional, tag = "8")]
    first_out_us: Option<i64>,
    #[prost(message, repeated, tag = "9")]
    levels: Vec<Level>,
    #[prost(uint32, optional, tag = "10")]
    latch_tier: Option<u32>,
    #[prost(bool, tag = "11")]
    node_lost: bool,
    #[prost(bool, tag = "12")]
    unsounded: bool,
    #[prost(sint64, optional, tag = "13")]
    settle_us: Option<i64>,
    #[prost(sint64, optional, tag = "14")]
    re_alarm_us: Option<i64>,
    #[prost(sint64, optional, tag = "15")]
    re_alarm_every_us: Option<i64>,
    #[prost(sint64, tag = "16")]
    odd_us: i64,
    #[prost(uint64, tag = "17")]
    raised_sequence: u64,
    #[prost(uint64, tag = "18")]
    last_sequence: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Facts {
    #[prost(bool, tag = "1")]
    active: bool,
    #[prost(bool, tag = "2")]
    acknowledged: bool,
    #[prost(bool, tag = "3")]
    latched: bool,
    #[prost(message, optional, tag = "4")]
    shelving: Option<Shelf>,
    #[prost(string, optional, tag = "5")]
    suppressed_by: Option<String>,
    #[prost(bool, tag = "6")]
    in_service: bool,
    #[prost(uint32, tag = "7")]
    tier: u32,
    #[prost(uint32, tag = "8")]
    tier_highest: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Shelf {
    #[prost(sint64, tag = "1")]
    until_us: i64,
    #[prost(bool, tag = "2")]
    one_shot: bool,
    #[prost(string, tag = "3")]
    by: String,
}

/// 0 normal, 1 rising, 2 active, 3 falling.
#[derive(Clone, PartialEq, Message)]
struct Level {
    #[prost(uint32, tag = "1")]
    state: u32,
    #[prost(message, optional, tag = "2")]
    hold: Option<HoldState>,
}

#[derive(Clone, PartialEq, Message)]
struct HoldState {
    #[prost(sint64, tag = "1")]
    since_us: i64,
    #[prost(sint64, tag = "2")]
    elapsed_us: i64,
    #[prost(sint64, tag = "3")]
    counted_us: i64,
    #[prost(message, optional, tag = "4")]
    first: Option<SeenState>,
    #[prost(message, optional, tag = "5")]
    last: Option<SeenState>,
    #[prost(uint32, tag = "6")]
    readings: u32,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct SeenState {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(uint32, tag = "2")]
    quality: u32,
    #[prost(sint64, tag = "3")]
    source_us: i64,
    #[prost(sint64, tag = "4")]
    arrival_us: i64,
    #[prost(sint64, tag = "5")]
    judged_us: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Retired {
    #[prost(string, tag = "1")]
    rule: String,
    #[prost(string, tag = "2")]
    subject: String,
    #[prost(uint64, tag = "3")]
    occurrence: u64,
    #[prost(uint32, tag = "4")]
    step: u32,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct OddityState {
    #[prost(uint32, tag = "1")]
    tag: u32,
    #[prost(uint32, tag = "2")]
    readings: u32,
    #[prost(sint64, tag = "3")]
    source_us: i64,
    #[prost(sint64, tag = "4")]
    arrival_us: i64,
}

const UNFIT_QUALITY: SnapshotError = SnapshotError::Unfit("a quality code nobody knows");
const UNFIT_TIER: SnapshotError = SnapshotError::Unfit("a tier code nobody knows");

impl Engine {
    /// The whole state. [`Engine::restore`] under the same plan goes on exactly as this engine would.
    pub fn snapshot(&self) -> Vec<u8> {
        let state = State {
            schema: SNAPSHOT_SCHEMA,
            revision: self.plan.revision.to_string(),
            clock_us: self.clock_us,
            sequence: self.sequence,
            tags: Some(Tags::of(&self.tags)),
            nodes: self.nodes.iter().map(Node::of).collect(),
            alarms: self.alarms.iter().map(AlarmState::of).collect(),
            retired: self.retired.iter().map(|(key, numbers)| Retired::of(key, *numbers)).collect(),
            modes_on: self.modes.iter().map(|mode| mode.on).collect(),
            oddities: self.oddities.iter().map(|(tag, oddity)| OddityState::of(*tag, *oddity)).collect(),
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
            let oddity =
                Oddity { readings: odd.readings, source_us: odd.source_us, arrival_us: odd.arrival_us };
            engine.oddities.insert(odd.tag, oddity);
        }
        for alarm in state.alarms {
            engine.take_up(&alarm)?;
        }
        engine.schedule_everything();
        Ok(engine)
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
                alarm.key.subject = Arc::clone(&self.plan.site.tag(TagIndex(described.tag.0)).name);
                self.slots[watch as usize] = if alarm.is_live() { at | LIVE } else { at };
            }
            Origin::Clock | Origin::Fault => {
                let active_clock = alarm.origin == Origin::Clock && alarm.is_active();
                self.active_clock_alarms += u32::from(active_clock);
                self.built_in.insert((Arc::clone(&alarm.key.rule), Arc::clone(&alarm.key.subject)), at);
            }
        }
        self.alarms.push(alarm);
        Ok(())
    }
}

impl Tags {
    fn of(tags: &[TagState]) -> Tags {
        Tags {
            source_us: tags.iter().map(|tag| tag.source_us).collect(),
            clock_us: tags.iter().map(|tag| tag.clock_us).collect(),
            heard_us: tags.iter().map(|tag| tag.heard_us).collect(),
            value: tags.iter().map(|tag| tag.value).collect(),
            node: tags.iter().map(|tag| tag.node).collect(),
            quality: tags.iter().map(|tag| tag.quality).collect(),
            flags: tags.iter().map(TagState::flags).collect(),
        }
    }

    fn into_states(self, tags: usize, nodes: usize) -> Result<Vec<TagState>, SnapshotError> {
        let lengths = [self.source_us.len(), self.clock_us.len(), self.heard_us.len(), self.value.len()];
        let more = [self.node.len(), self.quality.len(), self.flags.len()];
        if lengths.iter().chain(&more).any(|&len| len != tags) {
            return Err(SnapshotError::Unfit("another number of tags"));
        }
        let state = |at: usize| {
            let mut state = TagState::unheard(self.heard_us[at]).with_flags(self.flags[at]);
            state.source_us = self.source_us[at];
            state.clock_us = self.clock_us[at];
            state.value = self.value[at];
            // An edge node that is not there is nobody's.
            state.node = if (self.node[at] as usize) < nodes { self.node[at] } else { crate::tag::NONE };
            state.quality = self.quality[at];
            state
        };
        Ok((0..tags).map(state).collect())
    }
}

impl Node {
    fn of(node: &NodeState) -> Node {
        Node { heard_us: node.heard_us, lost_us: node.lost_us, has_silent_tags: node.has_silent_tags }
    }

    fn to_state(&self) -> NodeState {
        NodeState { heard_us: self.heard_us, lost_us: self.lost_us, has_silent_tags: self.has_silent_tags }
    }
}

impl Retired {
    fn of(key: &(Arc<str>, Arc<str>), (occurrence, step): (u64, u32)) -> Retired {
        Retired { rule: key.0.to_string(), subject: key.1.to_string(), occurrence, step }
    }
}

impl OddityState {
    fn of(tag: u32, odd: Oddity) -> OddityState {
        OddityState { tag, readings: odd.readings, source_us: odd.source_us, arrival_us: odd.arrival_us }
    }
}

fn unless_never(at_us: i64) -> Option<i64> {
    (at_us != NEVER).then_some(at_us)
}

impl AlarmState {
    fn of(alarm: &Alarm) -> AlarmState {
        let watch = match alarm.origin {
            Origin::Watch(watch) => Some(watch),
            Origin::Clock | Origin::Fault => None,
        };
        let named = |text: &Arc<str>| if watch.is_none() { text.to_string() } else { String::new() };
        AlarmState {
            watch,
            rule: named(&alarm.key.rule),
            subject: named(&alarm.key.subject),
            is_clock: alarm.origin == Origin::Clock,
            facts: Some(Facts::of(&alarm.facts)),
            occurrence: alarm.occurrence,
            step: alarm.step,
            first_out_us: alarm.first_out.map(Timestamp::as_micros),
            levels: alarm.levels.iter().map(Level::of).collect(),
            latch_tier: alarm.latch_tier.map(|tier| u32::from(tier.code())),
            node_lost: alarm.silence == Silence::NodeLost,
            unsounded: alarm.unsounded,
            settle_us: unless_never(alarm.settle_us),
            re_alarm_us: unless_never(alarm.re_alarm_us),
            re_alarm_every_us: alarm.re_alarm_every_us,
            odd_us: alarm.odd_us,
            raised_sequence: alarm.raised_sequence,
            last_sequence: alarm.last_sequence,
        }
    }

    fn to_alarm(&self, site: &Arc<str>) -> Result<Alarm, SnapshotError> {
        let origin = match self.watch {
            Some(watch) => Origin::Watch(watch),
            None if self.is_clock => Origin::Clock,
            None => Origin::Fault,
        };
        let mut alarm =
            Alarm::new(origin, site, &self.rule.as_str().into(), &self.subject.as_str().into(), Tier::Blue);
        alarm.facts =
            self.facts.as_ref().ok_or(SnapshotError::Unfit("an alarm without facts"))?.to_facts()?;
        alarm.occurrence = self.occurrence;
        alarm.step = self.step;
        alarm.first_out = self.first_out_us.map(Timestamp::from_micros);
        alarm.levels = self.levels.iter().map(Level::to_state).collect::<Result<_, _>>()?;
        alarm.latch_tier = self.latch_tier.map(tier).transpose()?;
        alarm.silence = if self.node_lost { Silence::NodeLost } else { Silence::Quiet };
        alarm.unsounded = self.unsounded;
        alarm.settle_us = self.settle_us.unwrap_or(NEVER);
        alarm.re_alarm_us = self.re_alarm_us.unwrap_or(NEVER);
        alarm.re_alarm_every_us = self.re_alarm_every_us;
        alarm.odd_us = self.odd_us;
        alarm.raised_sequence = self.raised_sequence;
        alarm.last_sequence = self.last_sequence;
        Ok(alarm)
    }
}

fn tier(code: u32) -> Result<Tier, SnapshotError> {
    u8::try_from(code).ok().and_then(Tier::from_code).ok_or(UNFIT_TIER)
}

impl Facts {
    fn of(facts: &AlarmFacts) -> Facts {
        Facts {
            active: facts.condition == Condition::Active,
            acknowledged: facts.acknowledged,
            latched: facts.latched,
            shelving: facts.shelving.as_ref().map(|shelving| Shelf {
                until_us: shelving.until.as_micros(),
                one_shot: shelving.one_shot,
                by: shelving.by.to_string(),
            }),
            suppressed_by: facts.suppressed_by.as_ref().map(ToString::to_string),
            in_service: facts.in_service,
            tier: u32::from(facts.tier.code()),
            tier_highest: u32::from(facts.tier_highest.code()),
        }
    }

    fn to_facts(&self) -> Result<AlarmFacts, SnapshotError> {
        Ok(AlarmFacts {
            condition: if self.active { Condition::Active } else { Condition::Normal },
            acknowledged: self.acknowledged,
            latched: self.latched,
            shelving: self.shelving.as_ref().map(|shelf| Shelving {
                until: Timestamp::from_micros(shelf.until_us),
                one_shot: shelf.one_shot,
                by: shelf.by.as_str().into(),
            }),
            suppressed_by: self.suppressed_by.as_deref().map(Into::into),
            in_service: self.in_service,
            tier: tier(self.tier)?,
            tier_highest: tier(self.tier_highest)?,
        })
    }
}

impl Level {
    fn of(state: &LevelState) -> Level {
        let number = match state {
            LevelState::Normal => 0,
            LevelState::Rising(_) => 1,
            LevelState::Active => 2,
            LevelState::Falling(_) => 3,
        };
        Level { state: number, hold: state.hold().map(HoldState::of) }
    }

    fn to_state(&self) -> Result<LevelState, SnapshotError> {
        let hold = || {
            let hold = self.hold.as_ref().ok_or(SnapshotError::Unfit("a delay that is not there"))?;
            hold.to_hold().map(Box::new)
        };
        match self.state {
            0 => Ok(LevelState::Normal),
            1 => hold().map(LevelState::Rising),
            2 => Ok(LevelState::Active),
            3 => hold().map(LevelState::Falling),
            _ => Err(SnapshotError::Unfit("a level state nobody knows")),
        }
    }
}

impl HoldState {
    fn of(hold: &Hold) -> HoldState {
        HoldState {
            since_us: hold.since_us,
            elapsed_us: hold.elapsed_us,
            counted_us: hold.counted_us,
            first: Some(SeenState::of(hold.first)),
            last: Some(SeenState::of(hold.last)),
            readings: hold.readings,
        }
    }

    fn to_hold(&self) -> Result<Hold, SnapshotError> {
        let seen = |state: Option<SeenState>| state.unwrap_or_default().to_seen();
        Ok(Hold {
            since_us: self.since_us,
            elapsed_us: self.elapsed_us,
            counted_us: self.counted_us,
            first: seen(self.first)?,
            last: seen(self.last)?,
            readings: self.readings,
        })
    }
}

impl SeenState {
    fn of(seen: Seen) -> SeenState {
        SeenState {
            value: seen.value,
            quality: u32::from(seen.quality.code()),
            source_us: seen.source_us,
            arrival_us: seen.arrival_us,
            judged_us: seen.judged_us,
        }
    }

    fn to_seen(self) -> Result<Seen, SnapshotError> {
        let quality = u8::try_from(self.quality).ok().and_then(Quality::from_code).ok_or(UNFIT_QUALITY)?;
        Ok(Seen {
            value: self.value,
            quality,
            source_us: self.source_us,
            arrival_us: self.arrival_us,
            judged_us: self.judged_us,
        })
    }
}
