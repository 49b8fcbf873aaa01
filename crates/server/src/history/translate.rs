//! What a stretch of a site's log is to history: names in place of places, units, and what areas come to.

use std::{mem, sync::Arc};

use davy_history::{
    Activation, Batch, NodeEvent, Position, RiskBook, Row, Scope, Series, Standing, StoredTransition,
};
use davy_journal::{Commit, Hash, encode_transition};
use davy_model::{Bundle, Input, ReadingBlock, Site, TagIndex, Timestamp, Transition};
use davy_rules::{Plan, compile};

/// Transitions in one batch, about.
const TRANSITIONS_MAX: usize = 2_000;
/// Commits in one batch at the most: a heartbeat is one, too.
const COMMITS_MAX: usize = 5_000;

/// The files of the log cannot be read any more.
#[derive(Debug, thiserror::Error)]
#[error("revision {revision} does not compile: {why}")]
pub(super) struct Unreadable {
    revision: String,
    why: String,
}

/// Where a batch begins.
#[derive(Clone, Debug)]
pub(super) struct Beginning {
    /// Where the store stands.
    pub(super) after: Option<Position>,
    /// What is read is of another journal.
    pub(super) begins_era: bool,
    /// The commits between where the store stands and where the journal begins.
    pub(super) hole: Option<(u64, u64)>,
    /// The last transition before what is read.
    pub(super) sequence: u64,
}

/// Makes batches of commits, one after the other.
pub(super) struct Translator {
    site: Arc<str>,
    active: Option<Active>,
    risks: RiskBook,
    beginning: Beginning,
    until: Option<Position>,
    commits: usize,
    batch: Gathered,
}

/// The files that the log's places are of.
struct Active {
    bundle: Arc<Bundle>,
    plan: Arc<Plan>,
    /// Place in the batch's list, by tag.
    places: Vec<Option<u32>>,
}

#[derive(Default)]
struct Gathered {
    series: Vec<Series>,
    readings: Vec<Row>,
    transitions: Vec<StoredTransition>,
    nodes: Vec<NodeEvent>,
    activations: Vec<Activation>,
    risks: Vec<davy_history::RiskChange>,
}

impl Active {
    fn of(bundle: &Arc<Bundle>, known: Option<&Arc<Plan>>) -> Result<Active, Unreadable> {
        let plan = match known.filter(|plan| plan.revision == bundle.revision) {
            Some(plan) => Arc::clone(plan),
            None => Arc::new(compile(bundle).map_err(|found| Unreadable {
                revision: bundle.revision.to_string(),
                why: found.first().map(ToString::to_string).unwrap_or_default(),
            })?),
        };
        let places = vec![None; plan.site.tags.len()];
        Ok(Active { bundle: Arc::clone(bundle), plan, places })
    }
}

impl Translator {
    /// From where a store stands, or from the files that were active where the log begins. `known` spares compiling them.
    pub(super) fn new(
        site: Arc<str>,
        beginning: Beginning,
        standing: Option<&Standing>,
        base: Option<&Activation>,
        known: Option<&Arc<Plan>>,
    ) -> Result<Translator, Unreadable> {
        let mut risks = RiskBook::new(standing.map(|standing| standing.active.clone()).unwrap_or_default());
        // What stood in another journal stands no more, and its files are not those of this one.
        let (standing, ended) = match standing.filter(|_| beginning.begins_era) {
            Some(other) => (None, risks.close(other.position.at.offset_micros(1))),
            None => (standing, Vec::new()),
        };
        let bundle = base.map(|base| &base.bundle).or(standing.and_then(|standing| standing.bundle.as_ref()));
        let batch = Gathered {
            activations: base.cloned().into_iter().collect(),
            risks: ended,
            ..Gathered::default()
        };
        Ok(Translator {
            site,
            active: bundle.map(|bundle| Active::of(bundle, known)).transpose()?,
            risks,
            beginning,
            until: None,
            commits: 0,
            batch,
        })
    }

    /// Takes the next commit, which has that hash.
    pub(super) fn take(
        &mut self,
        commit: Commit,
        hash: Hash,
        known: Option<&Arc<Plan>>,
    ) -> Result<(), Unreadable> {
        let Commit { number, at, inputs, transitions } = commit;
        for input in inputs {
            self.input(at, input, known)?;
        }
        let sequence = transitions.last().map(|last| last.sequence);
        for transition in transitions {
            self.transition(transition);
        }
        let before = self.until.as_ref().map_or(self.beginning.sequence, |until| until.sequence);
        let revision =
            self.active.as_ref().map_or_else(|| "".into(), |active| Arc::clone(&active.bundle.revision));
        self.until = Some(Position { number, hash, sequence: sequence.unwrap_or(before), at, revision });
        self.commits += 1;
        Ok(())
    }

    /// Whether that is enough for one batch.
    pub(super) fn is_full(&self, readings_max: usize) -> bool {
        self.batch.readings.len() >= readings_max
            || self.batch.transitions.len() >= TRANSITIONS_MAX
            || self.commits >= COMMITS_MAX
    }

    /// What was taken since the last batch; nothing when nothing was.
    pub(super) fn batch(&mut self) -> Option<Batch> {
        let until = self.until.take()?;
        let next =
            Beginning { after: Some(until.clone()), begins_era: false, hole: None, sequence: until.sequence };
        let Beginning { after, begins_era, hole, .. } = mem::replace(&mut self.beginning, next);
        let Gathered { series, readings, transitions, nodes, activations, risks } =
            mem::take(&mut self.batch);
        self.commits = 0;
        if let Some(active) = &mut self.active {
            active.places.fill(None);
        }
        Some(Batch {
            site: Arc::clone(&self.site),
            after,
            begins_era,
            hole,
            until,
            series,
            readings,
            transitions,
            nodes,
            activations,
            risks,
        })
    }

    fn input(&mut self, at: Timestamp, input: Input, known: Option<&Arc<Plan>>) -> Result<(), Unreadable> {
        match input {
            Input::Activate(bundle) => {
                self.active = Some(Active::of(&bundle, known)?);
                self.batch.activations.push(Activation { at, bundle });
            }
            Input::Readings(block) => self.readings(&block),
            Input::Node { node, change } => {
                let nodes = self.active.as_ref().map(|active| &active.plan.site.edge_nodes);
                if let Some(node) = nodes.and_then(|nodes| nodes.get(node.0 as usize)) {
                    self.batch.nodes.push(NodeEvent { edge_node: Arc::clone(&node.id), at, change });
                }
            }
            Input::Command(_) | Input::Fault(_) | Input::Tick | Input::Heartbeat(_) | Input::Restarted => {}
        }
        Ok(())
    }

    fn readings(&mut self, block: &ReadingBlock) {
        let Some(Active { plan, places, .. }) = &mut self.active else { return };
        let Gathered { series, readings, .. } = &mut self.batch;
        let policy = plan.site.time;
        let mut rest = block.readings.as_slice();
        for head in &block.messages {
            let (own, later) = rest.split_at(head.len as usize);
            rest = later;
            for reading in own {
                let TagIndex(tag) = reading.tag;
                let place = *places[tag as usize].get_or_insert_with(|| {
                    series.push(Series::of(plan.site.tag(reading.tag)));
                    u32::try_from(series.len() - 1).expect("a site has fewer tags than that")
                });
                let time = policy.believed(reading.source_time, head.arrival);
                let (value, quality) = (reading.value, reading.quality);
                readings.push(Row { series: place, time, arrival: head.arrival, value, quality });
            }
        }
    }

    fn transition(&mut self, transition: Transition) {
        let scopes =
            self.active.as_ref().map(|active| scopes(&active.plan.site, &transition)).unwrap_or_default();
        let changed =
            self.risks.note(&transition.alarm, &transition.facts, &scopes, transition.recorded_time);
        self.batch.risks.extend(changed);
        let record = encode_transition(&transition);
        self.batch.transitions.push(StoredTransition { transition: Arc::new(transition), record, scopes });
    }
}

/// What an alarm counts for: the areas of its tags with those around them, and their hazard sources.
fn scopes(site: &Site, transition: &Transition) -> Vec<Scope> {
    let mut scopes: Vec<Scope> = Vec::new();
    for tag in transition.tags.iter().filter_map(|name| site.tag_index(name)).map(|index| site.tag(index)) {
        let mut area = tag.area.as_deref();
        // A loop among areas is refused when files are read; this ends all the same.
        for _ in 0..site.areas.len() {
            let Some(id) = area else { break };
            scopes.push(format!("area/{id}").into());
            area = site.areas.iter().find(|one| *one.id == *id).and_then(|one| one.parent.as_deref());
        }
        if let Some(source) = &tag.hazard_source {
            scopes.push(format!("hazard_source/{source}").into());
        }
    }
    scopes.sort();
    scopes.dedup();
    scopes
}

#[cfg(test)]
mod tests;
