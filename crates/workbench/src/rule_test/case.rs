//! A test as it was read: nothing in it can be mistaken any more.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use davy_model::{AlarmKey, CommandKind, Freshness, NodeChange, NodeIndex, Reading, Timestamp, Transition};
use davy_rules::Severity;

use super::want::Expectation;

/// One test of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What people call it; unique in its file.
    pub name: String,
    /// Where it begins.
    pub line: u32,
    /// Whether it stops anybody when it fails.
    pub severity: Severity,
    /// When it begins.
    pub(crate) start: Timestamp,
    /// For how long it runs.
    pub(crate) span: Duration,
    /// By tag, in the order in which they were measured.
    pub(crate) readings: Vec<Sent>,
    /// In the file's order.
    pub(crate) events: Vec<Event>,
    /// In the file's order.
    pub(crate) expect: Vec<Expectation>,
    /// Whether a transition that nobody expects is a difference.
    pub(crate) nothing_else: bool,
    /// Which alarms it looks at.
    pub(crate) scope: Scope,
}

/// One reading, who sends it, and when it arrives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sent {
    pub(crate) node: NodeIndex,
    pub(crate) arrival: Timestamp,
    pub(crate) freshness: Freshness,
    pub(crate) reading: Reading,
}

/// Something besides readings that happens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) line: u32,
    pub(crate) at: Duration,
    pub(crate) what: Happening,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Happening {
    /// An edge node comes or goes.
    Node(NodeIndex, NodeChange),
    /// Davy is down for so long.
    Down(Duration),
    /// Somebody asks something of an alarm.
    Command(Order),
}

/// What an operator asks for, and the word of the refusal that must come of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) alarm: AlarmKey,
    pub(crate) kind: CommandKind,
    pub(crate) by: Arc<str>,
    pub(crate) approved_by: Option<Arc<str>>,
    pub(crate) comment: Arc<str>,
    pub(crate) refused: Option<String>,
}

/// Which alarms a test looks at.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scope {
    /// Of these rules; of all, when none is named.
    pub(crate) rules: Vec<Arc<str>>,
    /// That judge one of these tags.
    pub(crate) tags: BTreeSet<Arc<str>>,
    /// And these, whatever they judge.
    pub(crate) alarms: BTreeSet<AlarmKey>,
}

impl Scope {
    /// Whether the test looks at the transition's alarm.
    pub(crate) fn holds(&self, transition: &Transition) -> bool {
        let alarm = &transition.alarm;
        let rule = self.rules.is_empty() || self.rules.contains(&alarm.rule);
        let tag = || {
            self.tags.contains(&alarm.subject) || transition.tags.iter().any(|tag| self.tags.contains(tag))
        };
        self.alarms.contains(alarm) || (rule && tag())
    }
}
