//! What those who show a commit's readings need to know beside its inputs: which of them the engine did not take for the last of
//! their tags, and which plans its activations made active.

use std::sync::Arc;

use davy_engine::Engine;
use davy_model::{Input, ReadingBlock};
use davy_rules::Plan;

/// Of one commit. Nothing is kept where every reading was judged and no files changed, which is the rule.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    readings: u32,
    /// Readings by their place in the commit, from 0: older ones, repeated ones, ones that others of the same message followed.
    passed_over: Vec<u32>,
    /// In the order of the activations.
    pub(crate) plans: Vec<Arc<Plan>>,
}

impl Shown {
    /// Takes an input that was just judged; `judged_before` readings had been judged before it.
    pub(crate) fn note(&mut self, input: &Input, judged_before: u64, engine: &Engine) {
        match input {
            Input::Readings(block) => self.block(block, engine.counts().judged - judged_before, engine),
            Input::Activate(_) => self.plans.push(Arc::clone(engine.plan())),
            Input::Node { .. }
            | Input::Command(_)
            | Input::Fault(_)
            | Input::Tick
            | Input::Heartbeat(_)
            | Input::Restarted => {}
        }
    }

    fn block(&mut self, block: &ReadingBlock, judged: u64, engine: &Engine) {
        let first = self.readings;
        self.readings += u32::try_from(block.readings.len()).unwrap_or(u32::MAX);
        if judged == block.readings.len() as u64 {
            return;
        }
        let is_last = |reading| judged > 0 && engine.holds(reading);
        let passed = (first..).zip(&block.readings).filter(|(_, reading)| !is_last(reading));
        self.passed_over.extend(passed.map(|(place, _)| place));
    }

    /// Whether there is a reading in it.
    pub(crate) fn has_readings(&self) -> bool {
        self.readings > 0
    }

    /// Goes over the commit's readings, one after the other.
    pub(crate) fn places(&self) -> Places<'_> {
        Places { at: 0, rest: &self.passed_over }
    }
}

/// The readings of a commit, one after the other.
pub(crate) struct Places<'a> {
    at: u32,
    rest: &'a [u32],
}

impl Places<'_> {
    /// Goes on to the next reading, and says whether it was passed over.
    #[inline]
    pub(crate) fn passes_over_next(&mut self) -> bool {
        let at = self.at;
        self.at += 1;
        match self.rest.split_first() {
            Some((place, rest)) if *place == at => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}
