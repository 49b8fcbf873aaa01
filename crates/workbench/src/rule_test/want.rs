//! What a test expects.

use std::{fmt, sync::Arc, time::Duration};

use davy_model::{AlarmFacts, AlarmKey, AlarmState, Condition, Tier, Transition, TransitionKind};

use super::offset::Offset;

/// Figures that differ by less than this part of themselves are the same: units were converted on the way.
const NOISE: f64 = 1e-9;

/// One thing that must be so.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expectation {
    pub(crate) line: u32,
    pub(crate) at: Duration,
    /// How much earlier or later it may be.
    pub(crate) within: Duration,
    pub(crate) alarm: AlarmKey,
    pub(crate) tier: Option<Tier>,
    pub(crate) what: What,
}

/// What must be so.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// How the alarm stands.
    State(StateWanted),
    /// What changes.
    Transition(TransitionWanted),
}

/// How an alarm must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StateWanted {
    /// Its condition holds, whatever operators did about it.
    Active,
    /// Exactly so.
    Is(AlarmState),
}

/// What must change, and how.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TransitionWanted {
    pub(crate) kind: TransitionKind,
    pub(crate) limit: Option<Arc<str>>,
    pub(crate) sounds: Option<bool>,
    pub(crate) late: Option<bool>,
    /// When it became true, on the tag's clock, give or take what `within` says.
    pub(crate) measured: Option<Duration>,
    pub(crate) value: Option<ValueWanted>,
}

/// A value, and how far off it may be, in the unit that the alarm's value has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ValueWanted {
    pub(crate) value: f64,
    pub(crate) tolerance: f64,
    /// As the file has it.
    pub(crate) written: String,
}

impl Expectation {
    /// Whether `transition`, at `at`, is the one that is expected.
    pub(crate) fn is_met_by(
        &self,
        wanted: &TransitionWanted,
        transition: &Transition,
        at: Offset,
        measured: Offset,
    ) -> bool {
        let limit = transition.limit.as_ref().map(|limit| &limit.name);
        self.alarm == transition.alarm
            && wanted.kind == transition.kind
            && at.is_within(self.within, self.at.into())
            && self.tier.is_none_or(|tier| tier == transition.facts.tier)
            && wanted.limit.as_ref().is_none_or(|name| limit == Some(name))
            && wanted.sounds.is_none_or(|sounds| sounds == transition.sounds)
            && wanted.late.is_none_or(|late| late == transition.late)
            && wanted.measured.is_none_or(|wanted| measured.is_within(self.within, wanted.into()))
            && wanted.value.as_ref().is_none_or(|wanted| wanted.is_met_by(transition))
    }

    /// Whether an alarm with these facts stands as is expected.
    pub(crate) fn is_met_by_state(&self, wanted: StateWanted, facts: &AlarmFacts) -> bool {
        let state = match wanted {
            StateWanted::Active => facts.condition == Condition::Active,
            StateWanted::Is(state) => facts.state() == state,
        };
        state && self.tier.is_none_or(|tier| tier == facts.tier)
    }
}

impl ValueWanted {
    fn is_met_by(&self, transition: &Transition) -> bool {
        transition.value.is_some_and(|got| {
            let noise = NOISE * self.value.abs().max(got.abs());
            (got - self.value).abs() <= self.tolerance + noise
        })
    }
}

/// As it would be told: `raised orange L1 at 1m50s within 12s`.
impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::State(StateWanted::Active) => f.write_str("active")?,
            What::State(StateWanted::Is(state)) => write!(f, "{state}")?,
            What::Transition(wanted) => write!(f, "{}", wanted.kind)?,
        }
        if let Some(tier) = self.tier {
            write!(f, " {tier}")?;
        }
        if let What::Transition(wanted) = &self.what {
            write!(f, "{wanted}")?;
        }
        write!(f, " at {}", Offset::from(self.at))?;
        if !self.within.is_zero() {
            write!(f, " within {}", Offset::from(self.within))?;
        }
        write!(f, " of {}:{}", self.alarm.rule, self.alarm.subject)
    }
}

/// What comes after the kind and the tier.
impl fmt::Display for TransitionWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(limit) = &self.limit {
            write!(f, " {limit}")?;
        }
        if let Some(value) = &self.value {
            write!(f, ", {}", value.written)?;
        }
        if let Some(sounds) = self.sounds {
            f.write_str(if sounds { ", sounding" } else { ", silent" })?;
        }
        if let Some(late) = self.late {
            f.write_str(if late { ", late" } else { ", not late" })?;
        }
        if let Some(measured) = self.measured {
            write!(f, ", measured at {}", Offset::from(measured))?;
        }
        Ok(())
    }
}
