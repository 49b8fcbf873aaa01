//! A condition that needs a response, and its whole life.

use std::{fmt, sync::Arc};

use crate::{Case, Tier, Timestamp};

/// What the process does now, for one rule on one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// No limit is passed.
    Normal,
    /// A limit is passed, and its on-delay runs.
    Pending,
    /// The alarm condition holds.
    Active,
}

impl Condition {
    /// The word on the wire and in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Condition::Normal => "normal",
            Condition::Pending => "pending",
            Condition::Active => "active",
        }
    }
}

/// The facts of an alarm. The ISA-18.2 state shown is derived from them, never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmFacts {
    /// What the process does now.
    pub condition: Condition,
    /// Whether an operator has seen the alarm as it stands.
    pub acknowledged: bool,
    /// Held after its condition returned to normal, until reset.
    pub latched: bool,
    /// Quieted by an operator.
    pub shelving: Option<Shelving>,
    /// Quieted by plant logic: what asked for it.
    pub suppressed_by: Option<Arc<str>>,
    /// False while out of service.
    pub in_service: bool,
    /// How grave it is now; of a normal alarm, how grave it was last.
    pub tier: Tier,
    /// How grave it has been in this occurrence.
    pub tier_highest: Tier,
    /// The response to it, while one is open. It has no say in the state.
    pub case: Option<Box<Case>>,
}

/// Quieted by an operator, for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelving {
    /// When it ends by itself.
    pub until: Timestamp,
    /// Ends when the condition returns to normal, if that is earlier.
    pub one_shot: bool,
    /// Who did it.
    pub by: Arc<str>,
}

/// The alarm states of ISA-18.2 / IEC 62682.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmState {
    /// NORM.
    Normal,
    /// UNACK: active, not acknowledged.
    ActiveUnacknowledged,
    /// ACKED: active, acknowledged.
    ActiveAcknowledged,
    /// RTNUN: returned to normal, not acknowledged.
    ReturnedUnacknowledged,
    /// LTUNK: returned, held by its latch, not acknowledged.
    LatchedUnacknowledged,
    /// LTACK: returned, held by its latch, acknowledged.
    LatchedAcknowledged,
    /// SHLVD: quieted by an operator.
    Shelved,
    /// DSUPR: quieted by design.
    Suppressed,
    /// OOSRV: out of service.
    OutOfService,
}

impl AlarmFacts {
    /// An alarm that never stood.
    pub fn normal(tier: Tier) -> AlarmFacts {
        AlarmFacts {
            condition: Condition::Normal,
            acknowledged: true,
            latched: false,
            shelving: None,
            suppressed_by: None,
            in_service: true,
            tier,
            tier_highest: tier,
            case: None,
        }
    }

    /// The ISA-18.2 state. Out of service speaks before suppressed, suppressed before shelved.
    pub fn state(&self) -> AlarmState {
        if !self.in_service {
            return AlarmState::OutOfService;
        }
        if self.suppressed_by.is_some() {
            return AlarmState::Suppressed;
        }
        if self.shelving.is_some() {
            return AlarmState::Shelved;
        }
        match (self.condition, self.latched, self.acknowledged) {
            (Condition::Active, _, false) => AlarmState::ActiveUnacknowledged,
            (Condition::Active, _, true) => AlarmState::ActiveAcknowledged,
            (Condition::Normal | Condition::Pending, true, false) => AlarmState::LatchedUnacknowledged,
            (Condition::Normal | Condition::Pending, true, true) => AlarmState::LatchedAcknowledged,
            (Condition::Normal | Condition::Pending, false, false) => AlarmState::ReturnedUnacknowledged,
            (Condition::Normal | Condition::Pending, false, true) => AlarmState::Normal,
        }
    }

    /// Whether somebody quieted it: then it is judged as ever, and does not sound.
    pub fn is_quieted(&self) -> bool {
        !self.in_service || self.suppressed_by.is_some() || self.shelving.is_some()
    }

    /// Whether the alarm belongs on a list of standing alarms: anything but plainly normal, and whatever nobody has closed.
    pub fn stands(&self) -> bool {
        self.is_quieted() || self.calls_for_care() || self.case.is_some()
    }

    /// Whether it counts for a risk level. One that is out of service or suppressed says nothing of the process; one that is
    /// shelved is only quiet.
    pub fn counts_for_risk(&self) -> bool {
        self.condition == Condition::Active && self.in_service && self.suppressed_by.is_none()
    }

    /// Whether there is something for people to see to, quieted or not.
    pub fn calls_for_care(&self) -> bool {
        self.condition == Condition::Active || self.latched || !self.acknowledged
    }
}

impl AlarmState {
    /// All states.
    pub const ALL: [AlarmState; 9] = [
        AlarmState::Normal,
        AlarmState::ActiveUnacknowledged,
        AlarmState::ActiveAcknowledged,
        AlarmState::ReturnedUnacknowledged,
        AlarmState::LatchedUnacknowledged,
        AlarmState::LatchedAcknowledged,
        AlarmState::Shelved,
        AlarmState::Suppressed,
        AlarmState::OutOfService,
    ];

    /// The word on the wire and on the terminal.
    pub const fn word(self) -> &'static str {
        match self {
            AlarmState::Normal => "normal",
            AlarmState::ActiveUnacknowledged => "active_unacknowledged",
            AlarmState::ActiveAcknowledged => "active_acknowledged",
            AlarmState::ReturnedUnacknowledged => "returned_unacknowledged",
            AlarmState::LatchedUnacknowledged => "latched_unacknowledged",
            AlarmState::LatchedAcknowledged => "latched_acknowledged",
            AlarmState::Shelved => "shelved",
            AlarmState::Suppressed => "suppressed",
            AlarmState::OutOfService => "out_of_service",
        }
    }

    /// The state that `word` names.
    pub fn from_word(word: &str) -> Option<AlarmState> {
        AlarmState::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl fmt::Display for AlarmState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
