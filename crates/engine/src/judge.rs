//! One site's log, from its first entry on: the files it was judged by are entries like any other.

use std::sync::Arc;

use davy_model::{Bundle, Input, Refusal, Timestamp, Transition};
use davy_rules::{Diagnostic, Plan, compile};

use crate::{Counts, Engine, SnapshotError};

/// Drives an engine from a log. Live and replay go through here alike.
#[derive(Default)]
pub struct Judge {
    engine: Option<Engine>,
    offered: Option<Arc<Plan>>,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was applied.
    Done,
    /// An operator's command was refused, and changed nothing.
    Refused(Refusal),
}

impl Outcome {
    /// What whoever asked is told.
    ///
    /// # Errors
    /// Why the command was refused.
    pub fn answer(self) -> Result<(), Refusal> {
        match self {
            Outcome::Done => Ok(()),
            Outcome::Refused(refusal) => Err(refusal),
        }
    }
}

/// A log that cannot be judged. It stops loudly; nothing is guessed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum JudgeError {
    /// The log does not begin with the site's files.
    #[error("the log does not begin with the site's files")]
    NotActivated,
    /// Files in the log no longer compile: this Davy is older than the one that wrote them, or they are damaged.
    #[error("files of revision {revision} in the log do not compile: {}", .diagnostics.first().map_or_else(String::new, ToString::to_string))]
    Files {
        /// Of which revision.
        revision: Arc<str>,
        /// What is wrong with them.
        diagnostics: Vec<Diagnostic>,
    },
    /// The snapshot does not fit.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

impl Judge {
    /// A judge before the first entry of a log.
    pub fn new() -> Judge {
        Judge::default()
    }

    /// A judge as a snapshot left it, with the files that were active then.
    ///
    /// # Errors
    /// [`JudgeError::Files`] or [`JudgeError::Snapshot`].
    pub fn restore(bundle: &Bundle, snapshot: &[u8]) -> Result<Judge, JudgeError> {
        let plan = Arc::new(compiled(bundle)?);
        Ok(Judge { engine: Some(Engine::restore(plan, snapshot)?), offered: None })
    }

    /// Takes a plan compiled elsewhere, so that activating it costs no compilation here.
    pub fn offer(&mut self, plan: Arc<Plan>) {
        self.offered = Some(plan);
    }

    /// Takes one entry recorded at `now`; what it changes is added to `out`.
    ///
    /// # Errors
    /// [`JudgeError`] when the log cannot be judged at all.
    pub fn apply(
        &mut self,
        now: Timestamp,
        input: &Input,
        out: &mut Vec<Transition>,
    ) -> Result<Outcome, JudgeError> {
        if let Input::Activate(bundle) = input {
            return self.activate(now, bundle, out);
        }
        let engine = self.engine.as_mut().ok_or(JudgeError::NotActivated)?;
        Ok(match engine.apply(now, input, out) {
            Ok(()) => Outcome::Done,
            Err(refusal) => Outcome::Refused(refusal),
        })
    }

    fn activate(
        &mut self,
        now: Timestamp,
        bundle: &Bundle,
        out: &mut Vec<Transition>,
    ) -> Result<Outcome, JudgeError> {
        let offered = self.offered.take().filter(|plan| plan.revision == bundle.revision);
        let plan = match offered {
            Some(plan) => plan,
            None => Arc::new(compiled(bundle)?),
        };
        match &mut self.engine {
            Some(engine) => engine.activate(now, plan, out),
            None => self.engine = Some(Engine::new(plan, now)),
        }
        Ok(Outcome::Done)
    }

    /// The engine, once files are active.
    pub fn engine(&self) -> Option<&Engine> {
        self.engine.as_ref()
    }

    /// When something will be due if nothing else comes.
    pub fn next_deadline(&mut self) -> Option<Timestamp> {
        self.engine.as_mut().and_then(Engine::next_deadline)
    }

    /// What became of the readings given so far.
    pub fn counts(&self) -> Counts {
        self.engine.as_ref().map(Engine::counts).unwrap_or_default()
    }
}

fn compiled(bundle: &Bundle) -> Result<Plan, JudgeError> {
    compile(bundle)
        .map_err(|diagnostics| JudgeError::Files { revision: Arc::clone(&bundle.revision), diagnostics })
}
