//! What the engine keeps of an alarm. Made when something first happens to it, and kept for its occurrence number.

use std::{collections::VecDeque, sync::Arc};

use davy_model::{AlarmFacts, AlarmKey, Condition, Tier, Timestamp};

use crate::{duty::Lateness, hold::LevelState, load::Quiet};

/// Never due.
pub(crate) const NEVER: i64 = i64::MAX;

/// What makes an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A watch, by its place in the plan.
    Watch(u32),
    /// A clock that cannot be believed.
    Clock,
    /// A part of Davy that fails.
    Fault,
    /// More than a person can take.
    Load,
}

/// Why a tag is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Nothing usable came.
    Quiet,
    /// Its edge node is lost.
    NodeLost,
}

/// One alarm's record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alarm {
    pub(crate) origin: Origin,
    pub(crate) key: AlarmKey,
    pub(crate) facts: AlarmFacts,
    pub(crate) occurrence: u64,
    pub(crate) step: u32,
    pub(crate) first_out: Option<Timestamp>,
    /// A limit's levels, in the program's order; empty for other kinds.
    pub(crate) levels: Vec<LevelState>,
    /// The gravest level that latches and was reached in this occurrence.
    pub(crate) latch_tier: Option<Tier>,
    /// A silence's cause.
    pub(crate) silence: Silence,
    /// Raised or let out of quiet by a backlog, not sounded yet.
    pub(crate) unsounded: bool,
    /// When [`crate::timers::Due::Settle`] is due, arrival µs.
    pub(crate) settle_us: i64,
    /// When it sounds again, arrival µs.
    pub(crate) re_alarm_us: i64,
    /// How long after it sounded it sounds again, µs.
    pub(crate) re_alarm_every_us: Option<i64>,
    /// When a delay may be complete, arrival µs.
    pub(crate) hold_us: i64,
    /// When its tag, node or part was last odd, arrival µs; of clock alarms.
    pub(crate) odd_us: i64,
    /// The incident that its occurrence is a part of.
    pub(crate) incident: Option<Arc<str>>,
    /// The desk it was escalated to last.
    pub(crate) desk: Option<Arc<str>>,
    /// How many steps of escalation are behind it.
    pub(crate) escalations: u32,
    /// When it first sounded in this occurrence, or anew: nobody's time begins before, arrival µs.
    pub(crate) sounded_us: Option<i64>,
    /// When it is escalated, arrival µs.
    pub(crate) escalate_us: i64,
    /// How late people are with it.
    pub(crate) late: Lateness,
    /// Its last raises, the oldest first, arrival µs.
    pub(crate) raises_us: VecDeque<i64>,
    /// While it chatters: when that is over, arrival µs.
    pub(crate) chatter_us: i64,
    /// Why it did not sound.
    pub(crate) quiet: Option<Quiet>,
    /// Number of the transition that raised it last.
    pub(crate) raised_sequence: u64,
    /// Number of its last transition.
    pub(crate) last_sequence: u64,
}

impl Alarm {
    pub(crate) fn new(
        origin: Origin,
        site: &Arc<str>,
        rule: &Arc<str>,
        subject: &Arc<str>,
        tier: Tier,
    ) -> Alarm {
        let key = AlarmKey { site: Arc::clone(site), rule: Arc::clone(rule), subject: Arc::clone(subject) };
        Alarm {
            origin,
            key,
            facts: AlarmFacts::normal(tier),
            occurrence: 0,
            step: 0,
            first_out: None,
            levels: Vec::new(),
            latch_tier: None,
            silence: Silence::Quiet,
            unsounded: false,
            settle_us: NEVER,
            re_alarm_us: NEVER,
            re_alarm_every_us: None,
            hold_us: NEVER,
            odd_us: i64::MIN,
            incident: None,
            desk: None,
            escalations: 0,
            sounded_us: None,
            escalate_us: NEVER,
            late: Lateness::none(),
            raises_us: VecDeque::new(),
            chatter_us: NEVER,
            quiet: None,
            raised_sequence: 0,
            last_sequence: 0,
        }
    }

    pub(crate) fn is_active(&self) -> bool {
        self.facts.condition == Condition::Active
    }

    /// Whether its tag's readings must be looked at even when they pass no limit.
    pub(crate) fn is_live(&self) -> bool {
        self.is_active() || self.levels.iter().any(|level| !level.is_normal())
    }
}
