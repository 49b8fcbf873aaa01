//! What becomes of alarms when other files become active: all stand on, but those that nobody watches any more.

use std::{collections::BTreeMap, sync::Arc};

use davy_rules::Plan;

/// Why alarms of a rule are withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// The rule.
    pub rule: Arc<str>,
    /// What of it is no longer watched, sorted.
    pub subjects: Vec<Arc<str>>,
}

/// The alarms that would be withdrawn if they stood: of rules that are gone, of another kind or no alarms any more, and of subjects that their
/// rule does not watch any more. By rule.
pub fn withdrawals(before: &Plan, after: &Plan) -> Vec<Withdrawal> {
    let mut gone: BTreeMap<&Arc<str>, Vec<Arc<str>>> = BTreeMap::new();
    for (place, watch) in before.watches.iter().enumerate() {
        let rule = &before.rules[watch.rule as usize];
        if rule.is_alarm && after.same_watch(before, place as u32).is_none() {
            gone.entry(&rule.id).or_default().push(Arc::clone(before.subject(watch.tag)));
        }
    }
    let withdrawal = |(rule, mut subjects): (&Arc<str>, Vec<Arc<str>>)| {
        subjects.sort();
        Withdrawal { rule: Arc::clone(rule), subjects }
    };
    gone.into_iter().map(withdrawal).collect()
}
