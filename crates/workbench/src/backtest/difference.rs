//! Which alarms one rule set raises and another does not.

use std::{collections::BTreeSet, sync::Arc};

use davy_model::{AlarmKey, Tier, Timestamp};

use crate::{
    ledger::{Ledger, Occurrence},
    performance::Period,
};

/// What changes from one rule set to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Only the second raises them.
    pub gained: Vec<Occurred>,
    /// Only the first raised them.
    pub lost: Vec<Occurred>,
    /// Both raise them, at another time or another tier.
    pub moved: Vec<Moved>,
    /// Both raise them alike.
    pub same: u64,
}

/// An occurrence of an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurred {
    /// Of which.
    pub alarm: AlarmKey,
    /// Its number.
    pub number: u64,
    /// When it became true, on the tag's clock.
    pub raised: Timestamp,
    /// When it was over.
    pub cleared: Option<Timestamp>,
    /// How grave it became.
    pub tier: Tier,
}

/// An occurrence that both raise, each in its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Of which.
    pub alarm: AlarmKey,
    /// When the first raised it, and how grave it became.
    pub before: (Timestamp, Tier),
    /// When the second did.
    pub after: (Timestamp, Tier),
}

/// Compares two ledgers of one log within a period. Two occurrences of an alarm are the same
/// when they stand at a common time; each has one partner at most, the earliest.
pub fn difference(before: &Ledger, after: &Ledger, period: Period) -> Difference {
    let mut found = Difference::default();
    let keys = before.alarms().iter().chain(after.alarms()).map(|alarm| alarm.key.clone());
    let keys: BTreeSet<AlarmKey> = keys.collect();
    let (firsts, seconds) = (by_alarm(before), by_alarm(after));
    for key in keys {
        let of = |ledger: &Ledger, lists: &[Vec<Occurrence>]| {
            ledger.find(&key).map(|place| lists[place as usize].clone()).unwrap_or_default()
        };
        found.pair(&key, &of(before, &firsts), &of(after, &seconds), period);
    }
    found.gained.sort_by_key(|gained| gained.raised);
    found.lost.sort_by_key(|lost| lost.raised);
    found.moved.sort_by_key(|moved| moved.after.0);
    found
}

fn by_alarm(ledger: &Ledger) -> Vec<Vec<Occurrence>> {
    let mut lists = vec![Vec::new(); ledger.alarms().len()];
    for found in ledger.occurrences() {
        lists[found.alarm as usize].push(*found);
    }
    lists
}

impl Difference {
    fn pair(&mut self, key: &AlarmKey, before: &[Occurrence], after: &[Occurrence], period: Period) {
        let (mut first, mut second) = (0, 0);
        while first < before.len() || second < after.len() {
            match (before.get(first), after.get(second)) {
                (Some(old), Some(new)) if meet(old, new) => {
                    self.both(key, old, new, period);
                    (first, second) = (first + 1, second + 1);
                }
                (Some(old), new) if new.is_none_or(|new| old.raised <= new.raised) => {
                    self.one(key, old, period, true);
                    first += 1;
                }
                (_, Some(new)) => {
                    self.one(key, new, period, false);
                    second += 1;
                }
                (_, None) => break,
            }
        }
    }

    fn both(&mut self, key: &AlarmKey, old: &Occurrence, new: &Occurrence, period: Period) {
        if !period.holds(old.raised) && !period.holds(new.raised) {
            return;
        }
        let (before, after) = ((old.raised, old.tier), (new.raised, new.tier));
        if before == after {
            self.same += 1;
        } else {
            self.moved.push(Moved { alarm: key.clone(), before, after });
        }
    }

    fn one(&mut self, key: &AlarmKey, found: &Occurrence, period: Period, is_lost: bool) {
        if !period.holds(found.raised) {
            return;
        }
        let list = if is_lost { &mut self.lost } else { &mut self.gained };
        let Occurrence { number, raised, cleared, tier, .. } = *found;
        list.push(Occurred { alarm: key.clone(), number, raised, cleared, tier });
    }

    /// The rules whose alarms differ.
    pub fn rules(&self) -> Vec<Arc<str>> {
        let ones = self.gained.iter().chain(&self.lost).map(|found| Arc::clone(&found.alarm.rule));
        let mut rules: Vec<Arc<str>> =
            ones.chain(self.moved.iter().map(|moved| Arc::clone(&moved.alarm.rule))).collect();
        rules.sort();
        rules.dedup();
        rules
    }
}

fn meet(old: &Occurrence, new: &Occurrence) -> bool {
    let end = |found: &Occurrence| found.cleared.unwrap_or(Timestamp::MAX);
    old.raised <= end(new) && new.raised <= end(old)
}
