//! What alarms did over a time, as far as their load, their worth and their differences are made of it.

mod occurrence;

use std::{collections::BTreeMap, sync::Arc};

use davy_model::{AlarmFacts, AlarmKey, Tier, Timestamp, Transition, TransitionKind};

pub use occurrence::Occurrence;

/// Occurrences and calls that are kept at most: some 200 MiB. What comes after is counted.
const KEPT_MAX: usize = 1_000_000;

/// Every occurrence of every alarm of the site's own rules, out of the transitions that told of it. What Davy tells of
/// itself (a flood, a clock, a failing disk) is left out: it is no alarm of the plant.
#[derive(Clone, Debug)]
pub struct Ledger {
    alarms: Vec<LedgerAlarm>,
    places: BTreeMap<AlarmKey, u32>,
    occurrences: Vec<Occurrence>,
    calls: Vec<Call>,
    unkept: u64,
}

/// One alarm, as its last transition left it.
#[derive(Clone, Debug)]
pub struct LedgerAlarm {
    /// Which.
    pub key: AlarmKey,
    /// The tags that it was ever decided from; of an alarm that counts others, what these are about.
    pub tags: Vec<Arc<str>>,
    /// The desk that was asked last.
    pub desk: Option<Arc<str>>,
    /// How it stands.
    pub facts: AlarmFacts,
    /// Its occurrence that is not over.
    open: Option<u32>,
}

/// An alarm called for attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it could be heard, arrival time.
    pub at: Timestamp,
    /// Which alarm, a place among [`Ledger::alarms`].
    pub alarm: u32,
    /// How grave.
    pub tier: Tier,
}

/// Rules whose id begins so are Davy's own.
const OWN: &str = "davy-";

impl Ledger {
    /// A ledger of nothing.
    pub fn new() -> Ledger {
        Ledger {
            alarms: Vec::new(),
            places: BTreeMap::new(),
            occurrences: Vec::new(),
            calls: Vec::new(),
            unkept: 0,
        }
    }

    /// Takes one transition; they come in the order of their sequence.
    pub fn take(&mut self, transition: &Transition) {
        if transition.alarm.rule.starts_with(OWN) {
            return;
        }
        let place = self.place(transition);
        let alarm = &mut self.alarms[place as usize];
        alarm.facts = transition.facts.clone();
        alarm.desk.clone_from(&transition.desk);
        if transition.kind == TransitionKind::Raised {
            let counted = transition.evidence.alarms.iter().map(|seen| &seen.alarm.subject);
            for tag in transition.tags.iter().chain(counted) {
                if !alarm.tags.contains(tag) {
                    alarm.tags.push(Arc::clone(tag));
                }
            }
            alarm.open = None;
            if self.occurrences.len() < KEPT_MAX {
                alarm.open = Some(u32::try_from(self.occurrences.len()).unwrap_or(u32::MAX));
                self.occurrences.push(Occurrence::raised(place, transition));
            } else {
                self.unkept += 1;
            }
        }
        if calls(transition) {
            self.call(Call { at: transition.arrival_time, alarm: place, tier: transition.facts.tier });
        }
        if let Some(open) = self.alarms[place as usize].open {
            self.occurrences[open as usize].take(transition, calls(transition));
        }
    }

    /// The same, with only what happened to the alarms of some rules.
    pub fn of_rules(&self, counts: &dyn Fn(&str) -> bool) -> Ledger {
        let ours: Vec<bool> = self.alarms.iter().map(|alarm| counts(&alarm.key.rule)).collect();
        let mut kept = self.clone();
        kept.occurrences.retain(|found| ours[found.alarm as usize]);
        kept.calls.retain(|call| ours[call.alarm as usize]);
        // Their places are no longer those of the occurrences.
        kept.alarms.iter_mut().for_each(|alarm| alarm.open = None);
        kept
    }

    /// The alarms that something happened to, in the order in which it first did.
    pub fn alarms(&self) -> &[LedgerAlarm] {
        &self.alarms
    }

    /// The alarm of an occurrence or a call.
    pub fn alarm(&self, place: u32) -> &LedgerAlarm {
        &self.alarms[place as usize]
    }

    /// The place of an alarm, if anything happened to it.
    pub fn find(&self, key: &AlarmKey) -> Option<u32> {
        self.places.get(key).copied()
    }

    /// The occurrences, in the order in which they were raised.
    pub fn occurrences(&self) -> &[Occurrence] {
        &self.occurrences
    }

    /// The calls for attention, in their order.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// How many occurrences and calls were too many to keep.
    pub fn unkept(&self) -> u64 {
        self.unkept
    }

    fn call(&mut self, call: Call) {
        if self.calls.len() < KEPT_MAX {
            self.calls.push(call);
        } else {
            self.unkept += 1;
        }
    }

    fn place(&mut self, transition: &Transition) -> u32 {
        if let Some(place) = self.places.get(&transition.alarm) {
            return *place;
        }
        let place = u32::try_from(self.alarms.len()).unwrap_or(u32::MAX);
        self.places.insert(transition.alarm.clone(), place);
        self.alarms.push(LedgerAlarm {
            key: transition.alarm.clone(),
            tags: Vec::new(),
            desk: None,
            facts: transition.facts.clone(),
            open: None,
        });
        place
    }
}

impl Default for Ledger {
    fn default() -> Ledger {
        Ledger::new()
    }
}

/// Whether a person is asked to look at something new. A reminder of what stands already is none, and neither is asking
/// another person.
fn calls(transition: &Transition) -> bool {
    let is_old = matches!(transition.kind, TransitionKind::ReAlarmed | TransitionKind::Escalated);
    transition.sounds && !is_old
}
