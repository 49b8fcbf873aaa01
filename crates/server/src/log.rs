//! A journal as a log to be judged: from its first entry on; where that is no longer kept, from the oldest state of the engine
//! that is.

use std::{path::Path, sync::Arc};

use davy_engine::{Judge, JudgeError};
use davy_journal::{Commit, FirstKept, Head, JournalReader, hex};
use davy_model::{Bundle, Input, Timestamp};
use davy_workbench::{
    backtest::{Entry, Side},
    performance::Period,
};

use crate::recover::{RecoverError, start_from};

/// What a journal has to tell before it is judged.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The first entry and the last.
    pub period: Period,
    /// The files that were active last.
    pub bundle: Arc<Bundle>,
    /// How often files were made active, those among them with which it begins.
    pub activations: usize,
    /// The hash over everything, up to the last commit.
    pub head: String,
}

/// A journal that can be judged.
#[derive(Debug)]
pub struct JournalLog {
    reader: JournalReader,
    kept: FirstKept,
    begins: Option<Begins>,
}

/// A log that does not begin with its first entry.
#[derive(Debug)]
struct Begins {
    /// It begins after this commit, of which there is a state of the engine.
    after: Head,
    /// The files that were active then.
    bundle: Arc<Bundle>,
}

impl JournalLog {
    /// Opens a journal, and finds where it can be judged from.
    ///
    /// # Errors
    /// When it cannot be read; [`RecoverError::Rootless`] when its first entry is gone, and no state in it can be loaded.
    pub fn open(journal: &Path) -> Result<JournalLog, RecoverError> {
        let reader = JournalReader::open(journal)?;
        let kept = reader.first_kept()?;
        let begins = if kept.number > 1 { Some(begins(&reader, kept)?) } else { None };
        Ok(JournalLog { reader, kept, begins })
    }

    /// The site it is of.
    pub fn site(&self) -> &str {
        self.reader.site()
    }

    /// The first commit that is kept.
    pub fn first_kept(&self) -> u64 {
        self.kept.number
    }

    /// The first commit that is judged.
    pub fn first_judged(&self) -> u64 {
        self.after().number + 1
    }

    /// The record up to where judging begins.
    pub fn after(&self) -> Head {
        self.begins.as_ref().map_or_else(|| Head::of_nothing(self.reader.site()), |begins| begins.after)
    }

    /// What is to be known of a log that does not begin with its first entry; nothing of any other.
    pub fn remark(&self) -> Option<String> {
        let Begins { after, .. } = self.begins.as_ref()?;
        Some(format!(
            "the journal keeps commits from {} on, and is judged from {}, {}, on: what happened before is not counted, and \
             other rules begin there with nothing in their windows and delays",
            self.kept.number,
            self.first_judged(),
            after.at
        ))
    }

    /// The engine as it stood where the log begins.
    ///
    /// # Errors
    /// When its state cannot be read any more.
    pub fn judge(&self) -> Result<Judge, RecoverError> {
        match &self.begins {
            Some(begins) => state(&self.reader, begins.after.number).map(|(judge, _)| judge),
            None => Ok(Judge::new()),
        }
    }

    /// The log as it was, as a side of a backtest over [`JournalLog::entries`].
    ///
    /// # Errors
    /// As [`JournalLog::judge`].
    pub fn recorded(&self) -> Result<Side, RecoverError> {
        let judge = self.judge()?;
        Ok(if self.begins.is_some() { Side::recorded_from(judge) } else { Side::recorded() })
    }

    /// Looks through it for its time and its files.
    ///
    /// # Errors
    /// When it cannot be read, or has no files.
    pub fn survey(&self) -> Result<Recorded, RecoverError> {
        let head = self.reader.head()?;
        let mut first = None;
        let mut bundle = self.begins.as_ref().map(|begins| Arc::clone(&begins.bundle));
        let mut activations = usize::from(bundle.is_some());
        for commit in self.commits() {
            let commit = commit?;
            first = first.or(Some(commit.at));
            for input in commit.inputs {
                if let Input::Activate(files) = input {
                    bundle = Some(files);
                    activations += 1;
                }
            }
        }
        let from = first.or(self.begins.as_ref().map(|begins| begins.after.at));
        let (Some(from), Some(bundle)) = (from, bundle) else { return Err(JudgeError::NotActivated.into()) };
        let until = head.at.offset_micros(1);
        Ok(Recorded { period: Period { from, until }, bundle, activations, head: hex(&head.hash) })
    }

    /// When the first commit that is judged was.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn since(&self) -> Result<Timestamp, RecoverError> {
        match &self.begins {
            Some(begins) => Ok(begins.after.at),
            None => Ok(self.commits().next().ok_or(JudgeError::NotActivated)??.at),
        }
    }

    /// Just behind the last commit.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn until(&self) -> Result<Timestamp, RecoverError> {
        Ok(self.reader.head()?.at.offset_micros(1))
    }

    /// The entry that a log begins with which does not begin with its first: the files that were active then.
    pub fn opening(&self) -> Option<Entry> {
        let Begins { after, bundle } = self.begins.as_ref()?;
        let inputs = vec![Input::Activate(Arc::clone(bundle))];
        Some(Entry { at: after.at, inputs, transitions: Vec::new() })
    }

    /// The entries up to a moment, the opening one first, each commit checked against the one before. One that cannot be read
    /// is an error in its place, and the last.
    pub fn entries(&self, until: Timestamp) -> impl Iterator<Item = Result<Entry, RecoverError>> + '_ {
        let before = move |entry: &Result<Entry, _>| entry.as_ref().map_or(true, |it| it.at < until);
        let entry = |commit: Result<Commit, _>| {
            let Commit { at, inputs, transitions, .. } = commit?;
            Ok(Entry { at, inputs, transitions })
        };
        self.opening().map(Ok).into_iter().chain(self.commits().map(entry)).take_while(before)
    }

    /// The commits that are judged.
    pub fn commits(&self) -> davy_journal::Commits<'_> {
        self.reader.commits_from(self.first_judged())
    }

    /// The journal it is of.
    pub(crate) fn reader(&self) -> &JournalReader {
        &self.reader
    }
}

/// The oldest state of the engine that can be loaded.
fn begins(reader: &JournalReader, kept: FirstKept) -> Result<Begins, RecoverError> {
    for number in reader.snapshots()? {
        if let Ok((_, bundle)) = state(reader, number)
            && let Some(after) = reader.head_at(number)?
        {
            return Ok(Begins { after, bundle: Arc::new(bundle) });
        }
    }
    Err(RecoverError::Rootless { first: kept.number })
}

fn state(reader: &JournalReader, number: u64) -> Result<(Judge, Bundle), RecoverError> {
    let started = start_from(reader, &reader.snapshot(number)?)?;
    Ok((started.judge, started.bundle))
}
