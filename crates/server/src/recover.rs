//! Restart: the newest good snapshot, and the log after it, judged again and compared with what was written.

use davy_engine::{Judge, JudgeError};
use davy_journal::{Commit, Head, Journal, JournalError, JournalReader, Options, Place, Snapshot};
use davy_model::{Bundle, Input};
use prost::Message;
use tracing::{info, warn};

use crate::{counted::Counted, done::Done, snapshot::Kept};

/// A site's engine as its journal left it.
pub(crate) struct Recovered {
    pub(crate) journal: Journal,
    pub(crate) head: Head,
    pub(crate) judge: Judge,
    /// The last numbers of edge nodes' messages.
    pub(crate) counted: Counted,
    /// The last commands that were done under an id of their own.
    pub(crate) done: Done,
    /// The commit that made the active files active; 0 when there is none.
    pub(crate) activated_in: u64,
    /// Number of the last heartbeat.
    pub(crate) heartbeat: u64,
}

/// Why a site cannot take up its journal. It stops loudly; nothing is guessed.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The journal does not open or read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The log cannot be judged.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// The beginning of the log is gone, and no snapshot can take its place.
    #[error(
        "the journal begins with commit {first}, and no snapshot in it can be loaded: use the release that wrote it, or restore a copy"
    )]
    Rootless {
        /// The first commit kept.
        first: u64,
    },
    /// A whole journal is asked for, and this one has no beginning any more.
    #[error(
        "the journal begins with commit {first}: a new one cannot be made of it; judge it again without a copy, or make a copy \
         of its files"
    )]
    NoBeginning {
        /// The first commit kept.
        first: u64,
    },
    /// Judged again, the log gives other transitions than were written.
    #[error(
        "commit {commit} was judged otherwise when it was written: this release decides differently, or the record was changed"
    )]
    Differs {
        /// The first that differs.
        commit: u64,
    },
}

/// Opens the journal of `site` and brings its engine up to the end of it.
pub(crate) fn recover(place: &Place, site: &str, options: Options) -> Result<Recovered, RecoverError> {
    let (journal, head) = Journal::open_with(place, site, options)?;
    if head.number == 0 {
        return Ok(Recovered {
            journal,
            head,
            judge: Judge::new(),
            counted: Counted::default(),
            done: Done::default(),
            activated_in: 0,
            heartbeat: 0,
        });
    }
    let reader = JournalReader::open(place)?;
    let newest = journal.newest_snapshot()?;
    for damage in &newest.damaged {
        warn!(site, damage, "a snapshot is damaged, an older one is taken");
    }
    let loaded = newest.snapshot.and_then(|snapshot| match start_from(&reader, &snapshot) {
        Ok(Started { judge, counted, done, activated_in, .. }) => {
            Some((judge, counted, done, activated_in, snapshot.number + 1))
        }
        Err(error) => {
            warn!(site, %error, "the snapshot does not load, the whole log is judged again");
            None
        }
    });
    let first = journal.first_kept().number;
    let (judge, counted, done, activated_in, from) = match loaded {
        Some(loaded) => loaded,
        None if first > 1 => return Err(RecoverError::Rootless { first }),
        None => (Judge::new(), Counted::default(), Done::default(), 0, 1),
    };
    let mut recovered = Recovered { journal, head, judge, counted, done, activated_in, heartbeat: 0 };
    for commit in reader.commits_from(from) {
        recovered.judge_again(&commit?)?;
    }
    if recovered.heartbeat == 0 {
        recovered.heartbeat = last_heartbeat(&reader, from)?;
    }
    info!(site, commits = head.number, judged_from = from, sequence = head.sequence, "journal taken up");
    Ok(recovered)
}

/// An engine as a snapshot left it.
pub(crate) struct Started {
    pub(crate) judge: Judge,
    counted: Counted,
    done: Done,
    activated_in: u64,
    /// The files that were active.
    pub(crate) bundle: Bundle,
}

/// Loads a snapshot.
pub(crate) fn start_from(reader: &JournalReader, snapshot: &Snapshot) -> Result<Started, RecoverError> {
    let kept = Kept::decode(snapshot.bytes.as_slice())
        .map_err(|error| JudgeError::from(davy_engine::SnapshotError::Decode(error.to_string())))?;
    let bundle = bundle_of(reader, kept.activated_in)?;
    let judge = Judge::restore(&bundle, &kept.engine)?;
    let mut counted = Counted::kept(&kept.seqs);
    if let Some(engine) = judge.engine() {
        counted.rearrange(&engine.plan().site);
    }
    let (done, activated_in) = (Done::kept(&kept.done), kept.activated_in);
    Ok(Started { judge, counted, done, activated_in, bundle })
}

fn bundle_of(reader: &JournalReader, commit: u64) -> Result<Bundle, RecoverError> {
    if let Some(files) = reader.base_files()?
        && files.activated_in == commit
    {
        return Ok(files.bundle.as_ref().clone());
    }
    let commit = reader.commits_from(commit).next().ok_or(JudgeError::NotActivated)??;
    let activated = commit.inputs.iter().rev().find_map(|input| match input {
        Input::Activate(bundle) => Some(bundle.as_ref().clone()),
        _ => None,
    });
    Ok(activated.ok_or(JudgeError::NotActivated)?)
}

/// The last heartbeat before commit `before`, looked for in the few commits where one must be.
fn last_heartbeat(reader: &JournalReader, before: u64) -> Result<u64, RecoverError> {
    const LOOKED_AT: u64 = 2000;
    let mut last = 0;
    let from = before.saturating_sub(LOOKED_AT).max(reader.first_kept()?.number);
    for commit in reader.commits_from(from) {
        last = heartbeat_in(&commit?).unwrap_or(last);
    }
    Ok(last)
}

fn heartbeat_in(commit: &Commit) -> Option<u64> {
    commit.inputs.iter().rev().find_map(|input| match input {
        Input::Heartbeat(number) => Some(*number),
        _ => None,
    })
}

impl Recovered {
    fn judge_again(&mut self, commit: &Commit) -> Result<(), RecoverError> {
        let mut made = Vec::with_capacity(commit.transitions.len());
        for input in &commit.inputs {
            let answer = self.judge.apply(commit.at, input, &mut made)?.answer();
            if let Input::Command(command) = input {
                self.done.note(command, &answer);
            }
            if let Some(engine) = self.judge.engine() {
                self.counted.note(input, &engine.plan().site);
            }
            if matches!(input, Input::Activate(_)) {
                self.activated_in = commit.number;
            }
        }
        if made != commit.transitions {
            return Err(RecoverError::Differs { commit: commit.number });
        }
        self.heartbeat = heartbeat_in(commit).unwrap_or(self.heartbeat);
        Ok(())
    }
}
