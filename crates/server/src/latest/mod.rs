//! The last reading of every tag of every site, as the engine took them, in memory: for whoever looks, never for whoever judges.
//!
//! A committer writes it once a commit, after the flush, under one guard of its site; whoever reads holds that guard for one
//! page.

mod table;

use std::sync::Arc;

use dashmap::DashMap;
use davy_engine::Engine;
use davy_model::{Input, TagIndex};
use davy_rules::Plan;

pub(crate) use self::table::Seen;
use self::table::Table;
use crate::shown::Shown;

/// The last readings of all sites.
#[derive(Debug, Default)]
pub(crate) struct Latest {
    sites: DashMap<Arc<str>, Table>,
}

impl Latest {
    /// Begins a site: with what its engine holds, or with nothing where it has none yet.
    pub(crate) fn begin(&self, site: &Arc<str>, plan: &Arc<Plan>, engine: Option<&Engine>) {
        let table = engine.map_or_else(|| Table::empty(plan), Table::of);
        self.sites.insert(Arc::clone(site), table);
    }

    /// Takes a commit that is on disk.
    pub(crate) fn note(&self, site: &str, inputs: &[Input], shown: &Shown) {
        if !shown.has_readings() && shown.plans.is_empty() {
            return;
        }
        let Some(mut table) = self.sites.get_mut(site) else { return };
        let (mut plans, mut passed) = (shown.plans.iter(), shown.places());
        for input in inputs {
            match input {
                Input::Readings(block) => table.note(block, &mut passed),
                Input::Activate(_) => {
                    if let Some(plan) = plans.next() {
                        table.activate(plan);
                    }
                }
                Input::Node { .. }
                | Input::Command(_)
                | Input::Fault(_)
                | Input::Tick
                | Input::Heartbeat(_)
                | Input::Restarted => {}
            }
        }
    }

    /// The plan that a site's tags are of.
    pub(crate) fn plan(&self, site: &str) -> Option<Arc<Plan>> {
        self.sites.get(site).map(|table| Arc::clone(&table.plan))
    }

    /// The last readings of tags of that plan; nothing when another became active meanwhile.
    pub(crate) fn read(&self, site: &str, plan: &Arc<Plan>, tags: &[TagIndex]) -> Option<Vec<Option<Seen>>> {
        let table = self.sites.get(site).filter(|table| Arc::ptr_eq(&table.plan, plan))?;
        Some(tags.iter().map(|tag| table.of_tag(*tag)).collect())
    }
}

#[cfg(test)]
mod tests;
