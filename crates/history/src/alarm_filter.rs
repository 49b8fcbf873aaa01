//! Which transitions, and how many of them have something in common.

use davy_model::{Tier, Timestamp, TransitionKind};

use crate::Scope;

/// Which transitions. What is empty or absent does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmFilter {
    /// Of these sites.
    pub sites: Vec<String>,
    /// Recorded from there on.
    pub from: Option<Timestamp>,
    /// Recorded before.
    pub until: Option<Timestamp>,
    /// At least as grave.
    pub tier_at_least: Option<Tier>,
    /// Of these rules.
    pub rules: Vec<String>,
    /// Of these alarms' subjects.
    pub subjects: Vec<String>,
    /// Of one of these areas or hazard sources, or of an area within.
    pub scopes: Vec<Scope>,
    /// Of these kinds.
    pub kinds: Vec<TransitionKind>,
}

/// By what transitions are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grouping {
    /// By site.
    Site,
    /// By rule.
    Rule,
    /// By what the rule judges.
    Subject,
    /// By tier.
    Tier,
    /// By change.
    Kind,
    /// By the day it was recorded on: `2026-11-29`.
    Day,
    /// By the hour of that day: `2026-11-29T08`.
    Hour,
}

/// Which transitions are counted, and by what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CountQuery {
    /// Which.
    pub filter: AlarmFilter,
    /// By what, the first first. All of them together when there is none.
    pub by: Vec<Grouping>,
    /// How far the clock whose days and hours these are is ahead of UTC, s.
    pub utc_offset_s: i64,
    /// At most so many groups.
    pub limit: usize,
}

/// How many transitions have something in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// What, in the order of the groupings.
    pub keys: Vec<String>,
    /// How many.
    pub count: u64,
}
