//! The alarms of a site as they stand: what a list shows, and a snapshot begins with.

use std::sync::Arc;

use dashmap::DashMap;
use davy_model::{AlarmKey, Transition, TransitionKind};

/// One alarm, told by its transitions.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its last transition: how it stands.
    pub last: Arc<Transition>,
    /// The transition that raised its last occurrence.
    pub raised: Option<Arc<Transition>>,
    /// The last transition that a value decided: what its value, limit and evidence are.
    pub decided: Option<Arc<Transition>>,
}

/// The alarms of a site that ever stood, as they are now. There are at most as many as (rule, subject) pairs.
#[derive(Debug, Default)]
pub struct Book {
    entries: DashMap<AlarmKey, Entry>,
}

impl Book {
    /// Writes a transition down.
    pub fn note(&self, transition: &Arc<Transition>) {
        let mut entry = self.entries.entry(transition.alarm.clone()).or_insert_with(|| Entry {
            last: Arc::clone(transition),
            raised: None,
            decided: None,
        });
        entry.last = Arc::clone(transition);
        if transition.kind == TransitionKind::Raised {
            entry.raised = Some(Arc::clone(transition));
        }
        if transition.value.is_some() {
            entry.decided = Some(Arc::clone(transition));
        }
    }

    /// The alarm, if it ever stood.
    pub fn get(&self, alarm: &AlarmKey) -> Option<Entry> {
        self.entries.get(alarm).map(|entry| entry.value().clone())
    }

    /// The alarms that are not plainly normal, sorted by key.
    pub fn standing(&self) -> Vec<Entry> {
        let stand = self.entries.iter().filter(|entry| entry.last.facts.stands());
        let mut entries: Vec<Entry> = stand.map(|entry| entry.value().clone()).collect();
        entries.sort_by(|a, b| a.last.alarm.cmp(&b.last.alarm));
        entries
    }
}
