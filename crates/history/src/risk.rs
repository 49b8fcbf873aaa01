//! The risk level of areas and hazard sources: the gravest alarm that is active there.

use std::{collections::BTreeMap, sync::Arc};

use davy_model::{AlarmFacts, AlarmKey, Tier, Timestamp};

use crate::RiskChange;

/// An area or a hazard source, as it is stored: `area/tank-farm`, `hazard_source/R1`.
pub type Scope = Arc<str>;

/// What each scope of a site comes to.
#[derive(Clone, Debug, Default)]
pub struct RiskBook {
    active: BTreeMap<AlarmKey, (Tier, Vec<Scope>)>,
    levels: BTreeMap<Scope, Tier>,
}

impl RiskBook {
    /// From what is active.
    pub fn new(active: impl IntoIterator<Item = (AlarmKey, Tier, Vec<Scope>)>) -> RiskBook {
        let mut book = RiskBook::default();
        for (alarm, tier, scopes) in active {
            for scope in &scopes {
                let level = book.levels.entry(Arc::clone(scope)).or_insert(tier);
                *level = tier.max(*level);
            }
            book.active.insert(alarm, (tier, scopes));
        }
        book
    }

    /// Notes how an alarm stands from `at` on, and gives the scopes whose level that changes.
    pub fn note(
        &mut self,
        alarm: &AlarmKey,
        facts: &AlarmFacts,
        scopes: &[Scope],
        at: Timestamp,
    ) -> Vec<RiskChange> {
        let before = if facts.counts_for_risk() {
            self.active.insert(alarm.clone(), (facts.tier, scopes.to_vec()))
        } else {
            self.active.remove(alarm)
        };
        let mut touched: Vec<Scope> = before.map(|(_, scopes)| scopes).unwrap_or_default();
        if facts.counts_for_risk() {
            touched.extend(scopes.iter().map(Arc::clone));
        }
        touched.sort();
        touched.dedup();
        touched.into_iter().filter_map(|scope| self.settle(scope, at)).collect()
    }

    /// Nothing is known of its alarms any more: gives the end of every level.
    pub fn close(&mut self, at: Timestamp) -> Vec<RiskChange> {
        self.active.clear();
        let ended = std::mem::take(&mut self.levels).into_keys();
        ended.map(|scope| RiskChange { scope, at, tier: None }).collect()
    }

    fn settle(&mut self, scope: Scope, at: Timestamp) -> Option<RiskChange> {
        let there = self.active.values().filter(|(_, scopes)| scopes.contains(&scope));
        let tier = there.map(|(tier, _)| *tier).max();
        let before = match tier {
            Some(tier) => self.levels.insert(Arc::clone(&scope), tier),
            None => self.levels.remove(&scope),
        };
        (before != tier).then_some(RiskChange { scope, at, tier })
    }
}
