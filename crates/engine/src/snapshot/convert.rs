//! Between the engine's state and a snapshot's layout.

use std::sync::Arc;

use davy_model::{AlarmFacts, Condition, Quality, Shelving, Tier, Timestamp};

use super::{
    SnapshotError,
    layout::{
        AlarmState, CaseState, Facts, HoldState, LateState, Level, Node, OddityState, Retired, SeenState,
        Shelf, Tags,
    },
    loads::{quiet_code, quiet_of},
};
use crate::{
    alarm::{Alarm, NEVER, Origin, Silence},
    duty::Lateness,
    hold::{Hold, LevelState, Seen},
    load::{CHATTER_RULE, FLOOD_RULE},
    nodes::NodeState,
    oddity::Oddity,
    tag::{NONE, TagState},
};

const UNFIT_QUALITY: SnapshotError = SnapshotError::Unfit("a quality code nobody knows");
const UNFIT_TIER: SnapshotError = SnapshotError::Unfit("a tier code nobody knows");

impl Tags {
    pub(super) fn of(tags: &[TagState]) -> Tags {
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

    pub(super) fn into_states(self, tags: usize, nodes: usize) -> Result<Vec<TagState>, SnapshotError> {
        let lengths = [self.source_us.len(), self.clock_us.len(), self.heard_us.len(), self.value.len()];
        let more = [self.node.len(), self.quality.len(), self.flags.len()];
        if lengths.iter().chain(&more).any(|&len| len != tags) {
            return Err(SnapshotError::Unfit("another number of tags"));
        }
        let state = |at: usize| {
            let mut state = TagState::unheard(self.heard_us[at]).with_flags(self.flags[at]);
            state.source_us = self.source_us[at];
            state.clock_us = self.clock_us[at];
            // Older snapshots have a number where there was none yet.
            state.value = if state.is_seen() { self.value[at] } else { f64::NAN };
            // An edge node that is not there is nobody's.
            state.node = if (self.node[at] as usize) < nodes { self.node[at] } else { NONE };
            state.quality = self.quality[at];
            state
        };
        Ok((0..tags).map(state).collect())
    }
}

impl Node {
    pub(super) fn of(node: &NodeState) -> Node {
        Node {
            heard_us: node.heard_us,
            is_lost: node.is_lost,
            lost_us: node.lost_us,
            has_waiting_tags: node.has_waiting_tags,
        }
    }

    pub(super) fn to_state(&self) -> NodeState {
        NodeState {
            heard_us: self.heard_us,
            is_lost: self.is_lost,
            lost_us: self.lost_us,
            has_waiting_tags: self.has_waiting_tags,
        }
    }
}

impl Retired {
    pub(super) fn of(key: &(Arc<str>, Arc<str>), (occurrence, step): (u64, u32)) -> Retired {
        Retired { rule: key.0.to_string(), subject: key.1.to_string(), occurrence, step }
    }
}

impl OddityState {
    pub(super) fn of(tag: u32, odd: Oddity) -> OddityState {
        OddityState {
            tag,
            readings: odd.readings,
            source_us: odd.source_us,
            arrival_us: odd.arrival_us,
            last_us: odd.last_us,
        }
    }
}

pub(super) fn quality(code: u32) -> Result<Quality, SnapshotError> {
    u8::try_from(code).ok().and_then(Quality::from_code).ok_or(UNFIT_QUALITY)
}

pub(super) fn unless_never(at_us: i64) -> Option<i64> {
    (at_us != NEVER).then_some(at_us)
}

impl AlarmState {
    pub(super) fn of(alarm: &Alarm) -> AlarmState {
        let watch = match alarm.origin {
            Origin::Watch(watch) => Some(watch),
            Origin::Clock | Origin::Fault | Origin::Load => None,
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
            incident: alarm.incident.as_deref().map(str::to_owned),
            desk: alarm.desk.as_deref().map(str::to_owned),
            escalations: alarm.escalations,
            sounded_us: alarm.sounded_us,
            escalate_us: unless_never(alarm.escalate_us),
            raises_us: alarm.raises_us.iter().copied().collect(),
            chatter_us: unless_never(alarm.chatter_us),
            quiet: quiet_code(alarm.quiet),
            late: LateState::of(&alarm.late),
        }
    }

    pub(super) fn to_alarm(&self, site: &Arc<str>) -> Result<Alarm, SnapshotError> {
        let origin = match self.watch {
            Some(watch) => Origin::Watch(watch),
            None if self.is_clock => Origin::Clock,
            None if self.rule == FLOOD_RULE || self.rule == CHATTER_RULE => Origin::Load,
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
        alarm.incident = self.incident.as_deref().map(Into::into);
        alarm.desk = self.desk.as_deref().map(Into::into);
        alarm.escalations = self.escalations;
        alarm.sounded_us = self.sounded_us;
        alarm.escalate_us = self.escalate_us.unwrap_or(NEVER);
        alarm.late = self.late.as_ref().map_or(Lateness::none(), LateState::to_lateness);
        alarm.raises_us = self.raises_us.iter().copied().collect();
        alarm.chatter_us = self.chatter_us.unwrap_or(NEVER);
        alarm.quiet = quiet_of(self.quiet)?;
        alarm.settle_us = self.settle_us.unwrap_or(NEVER);
        alarm.re_alarm_us = self.re_alarm_us.unwrap_or(NEVER);
        if self.re_alarm_every_us.is_some_and(|every_us| every_us <= 0) {
            return Err(SnapshotError::Unfit("a re-alarm without a pause"));
        }
        alarm.re_alarm_every_us = self.re_alarm_every_us;
        alarm.odd_us = self.odd_us;
        alarm.raised_sequence = self.raised_sequence;
        alarm.last_sequence = self.last_sequence;
        Ok(alarm)
    }
}

pub(super) fn tier(code: u32) -> Result<Tier, SnapshotError> {
    u8::try_from(code).ok().and_then(Tier::from_code).ok_or(UNFIT_TIER)
}

impl Facts {
    pub(super) fn of(facts: &AlarmFacts) -> Facts {
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
            case: facts.case.as_deref().map(CaseState::of),
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
            case: self.case.as_ref().map(|case| case.to_case().map(Box::new)).transpose()?,
        })
    }
}

impl Level {
    pub(super) fn of(state: &LevelState) -> Level {
        let number = match state {
            LevelState::Normal => 0,
            LevelState::Rising(_) => 1,
            LevelState::Active => 2,
            LevelState::Falling(_) => 3,
        };
        Level { state: number, hold: state.hold().map(HoldState::of) }
    }

    pub(super) fn to_state(&self) -> Result<LevelState, SnapshotError> {
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
    pub(super) fn of(hold: &Hold) -> HoldState {
        HoldState {
            since_us: hold.since_us,
            elapsed_us: hold.elapsed_us,
            counted_us: hold.counted_us,
            first: Some(SeenState::of(hold.first)),
            last: Some(SeenState::of(hold.last)),
            readings: hold.readings,
            stands_still: hold.stands_still,
            resumed_us: (hold.resumed_us != i64::MIN).then_some(hold.resumed_us),
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
            stands_still: self.stands_still,
            resumed_us: self.resumed_us.unwrap_or(i64::MIN),
        })
    }
}

impl SeenState {
    pub(super) fn of(seen: Seen) -> SeenState {
        SeenState {
            value: seen.value,
            quality: u32::from(seen.quality.code()),
            source_us: seen.source_us,
            arrival_us: seen.arrival_us,
            judged_us: seen.judged_us,
        }
    }

    pub(super) fn to_seen(self) -> Result<Seen, SnapshotError> {
        Ok(Seen {
            value: self.value,
            quality: quality(self.quality)?,
            source_us: self.source_us,
            arrival_us: self.arrival_us,
            judged_us: self.judged_us,
        })
    }
}
