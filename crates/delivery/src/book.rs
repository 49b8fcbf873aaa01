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

/// The alarms of a site that are not plainly normal.
#[derive(Debug, Default)]
pub struct Book {
    entries: DashMap<AlarmKey, Entry>,
}

impl Book {
    /// Writes a transition down. An alarm that became plainly normal leaves the book.
    pub fn note(&self, transition: &Arc<Transition>) {
        if !transition.facts.stands() {
            self.entries.remove(&transition.alarm);
            return;
        }
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

    /// The alarm, if it is not plainly normal.
    pub fn get(&self, alarm: &AlarmKey) -> Option<Entry> {
        self.entries.get(alarm).map(|entry| entry.value().clone())
    }

    /// All alarms in it, sorted by key.
    pub fn all(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.entries.iter().map(|entry| entry.value().clone()).collect();
        entries.sort_by(|a, b| a.last.alarm.cmp(&b.last.alarm));
        entries
    }

    /// How many alarms are in it.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing stands.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
