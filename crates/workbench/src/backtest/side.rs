//! One rule set, judged over a log.

use std::{mem, sync::Arc};

use davy_engine::{Counts, Judge, JudgeError, Outcome};
use davy_model::{Bundle, Command, Input, NodeChange, Timestamp, Transition};
use davy_rules::Plan;

use super::{
    coverage::{Counting, Coverage},
    series::{LoggedSeries, Takers},
    translate::{Lost, Translation},
};
use crate::{ledger::Ledger, performance::Period};

/// Inputs that were recorded at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What came.
    pub inputs: Vec<Input>,
    /// What was decided of it then; empty where nobody knows.
    pub transitions: Vec<Transition>,
}

/// A rule set on its way through a log.
pub struct Side {
    judge: Judge,
    files: Files,
    /// The engine has the files that the first entry names.
    has_files: bool,
    ledger: Ledger,
    counting: Option<Counting>,
    lost: Lost,
    made: Vec<Transition>,
    transitions: u64,
    differs_at: Option<Timestamp>,
    commands: u64,
    commands_void: u64,
    last: Timestamp,
}

/// Under which files.
enum Files {
    /// Those that the log names, as they came.
    Recorded,
    /// These, all the time.
    Given { bundle: Arc<Bundle>, plan: Arc<Plan>, places: Translation },
}

/// What a rule set would have done.
#[derive(Debug)]
pub struct SideReport {
    /// What its alarms did.
    pub ledger: Ledger,
    /// The site and rules it ended with.
    pub plan: Arc<Plan>,
    /// How much of what should have been measured is in the log, where it was counted.
    pub coverage: Option<Coverage>,
    /// What became of the readings.
    pub counts: Counts,
    /// How many transitions it made, those of Davy's own alarms among them.
    pub transitions: u64,
    /// Judged under the log's own files: when the first transition differed from the recorded one. Never, or the log is
    /// not of this Davy.
    pub differs_at: Option<Timestamp>,
    /// What operators asked for in the log, and how much of it found nothing to act on here.
    pub commands: u64,
    /// Of these, those that found nothing to act on.
    pub commands_void: u64,
    /// Readings of tags that these files do not have, or have in another unit.
    pub readings_untaken: u64,
    /// Those tags.
    pub tags_untaken: Vec<Arc<str>>,
}

impl Side {
    /// The log as it was: every activation and command in its place.
    pub fn recorded() -> Side {
        Side::of(Files::Recorded)
    }

    /// The log as it was, from a moment on at which its engine stood so. Its first entry names the files that were active
    /// then, which that engine has.
    pub fn recorded_from(judge: Judge) -> Side {
        Side { judge, has_files: true, ..Side::of(Files::Recorded) }
    }

    /// The same log under these files from its beginning to its end.
    pub fn under(bundle: Arc<Bundle>, plan: Arc<Plan>) -> Side {
        Side::of(Files::Given { bundle, plan, places: Translation::Same })
    }

    fn of(files: Files) -> Side {
        Side {
            judge: Judge::new(),
            files,
            has_files: false,
            ledger: Ledger::new(),
            counting: None,
            lost: Lost::default(),
            made: Vec::new(),
            transitions: 0,
            differs_at: None,
            commands: 0,
            commands_void: 0,
            last: Timestamp::MIN,
        }
    }

    /// The same, and counts how much of what its tags should have measured within a period is in the log.
    ///
    /// # Panics
    /// Of the log as it was: its tags may change on the way.
    pub fn counting(mut self, period: Period) -> Side {
        let Files::Given { plan, .. } = &self.files else { panic!("the files are not known yet") };
        self.counting = Some(Counting::new(&plan.site, period));
        self
    }

    /// The same over a log of series, which has no tags: the places of its readings are places among these. The log begins
    /// with files all the same, of whatever site; from then on the edge nodes that would have sent something are there.
    ///
    /// # Panics
    /// Of the log as it was: a log of series was judged by nobody.
    pub fn of_series(mut self, series: Arc<[LoggedSeries]>) -> Side {
        let Files::Given { plan, places, .. } = &mut self.files else {
            panic!("a log of series has no files")
        };
        *places = Translation::Series(Takers::new(series, plan));
        self
    }

    /// What its alarms have done so far.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Judges one entry.
    ///
    /// # Errors
    /// [`JudgeError`] when the log does not begin with files, or its files do not compile.
    pub fn take(&mut self, entry: &Entry) -> Result<(), JudgeError> {
        self.last = entry.at;
        if mem::take(&mut self.has_files) {
            return Ok(());
        }
        for input in &entry.inputs {
            self.input(entry.at, input)?;
        }
        if matches!(self.files, Files::Recorded)
            && self.differs_at.is_none()
            && self.made != entry.transitions
        {
            self.differs_at = Some(entry.at);
        }
        self.transitions += self.made.len() as u64;
        self.made.drain(..).for_each(|transition| self.ledger.take(&transition));
        Ok(())
    }

    /// Lets time pass up to the end, and tells what came of it all.
    ///
    /// # Errors
    /// [`JudgeError::NotActivated`] when the log was empty.
    pub fn finish(mut self) -> Result<SideReport, JudgeError> {
        self.judge.apply(self.last, &Input::Tick, &mut self.made)?;
        self.transitions += self.made.len() as u64;
        self.made.drain(..).for_each(|transition| self.ledger.take(&transition));
        let engine = self.judge.engine().ok_or(JudgeError::NotActivated)?;
        Ok(SideReport {
            plan: Arc::clone(engine.plan()),
            counts: engine.counts(),
            ledger: self.ledger,
            coverage: self.counting.map(Counting::finish),
            transitions: self.transitions,
            differs_at: self.differs_at,
            commands: self.commands,
            commands_void: self.commands_void,
            readings_untaken: self.lost.readings,
            tags_untaken: self.lost.tags.into_iter().collect(),
        })
    }

    fn input(&mut self, at: Timestamp, input: &Input) -> Result<(), JudgeError> {
        let Files::Given { bundle, plan, places } = &mut self.files else {
            return self.apply(at, input);
        };
        match input {
            Input::Activate(log) => {
                let mut there = Vec::new();
                match places {
                    Translation::Series(takers) => there = takers.nodes(),
                    Translation::Same | Translation::Places { .. } => {
                        *places = Translation::new(log, bundle, plan, &mut self.lost)?;
                    }
                }
                if self.judge.engine().is_some() {
                    return self.apply(at, &Input::Tick);
                }
                self.judge.offer(Arc::clone(plan));
                let own = Input::Activate(Arc::clone(bundle));
                self.apply(at, &own)?;
                there
                    .into_iter()
                    .try_for_each(|node| self.apply(at, &Input::Node { node, change: NodeChange::Online }))
            }
            Input::Readings(block) => {
                let here = places.readings(block, &mut self.lost);
                if let Some(counting) = &mut self.counting {
                    counting.take(here.as_ref().unwrap_or(block));
                }
                match here {
                    Some(block) => self.apply(at, &Input::Readings(block)),
                    None => self.apply(at, input),
                }
            }
            Input::Node { node, change } => match places.node(*node) {
                Some(node) => self.apply(at, &Input::Node { node, change: *change }),
                None => self.apply(at, &Input::Tick),
            },
            // Other rules make other occurrences: what was meant is the alarm as it stands.
            Input::Command(command) => {
                self.apply(at, &Input::Command(Command { occurrence: None, ..command.clone() }))
            }
            _ => self.apply(at, input),
        }
    }

    fn apply(&mut self, at: Timestamp, input: &Input) -> Result<(), JudgeError> {
        let outcome = self.judge.apply(at, input, &mut self.made)?;
        if matches!(input, Input::Command(_)) {
            self.commands += 1;
            self.commands_void += u64::from(matches!(outcome, Outcome::Refused(_)));
        }
        Ok(())
    }
}
