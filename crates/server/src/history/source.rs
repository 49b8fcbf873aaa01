//! The log of one site, read batch by batch from where the store stands.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use backon::ExponentialBackoff;
use davy_history::{Activation, Batch, HistoryError, Position, Standing, Store, Written};
use davy_journal::{JournalError, JournalReader};
use davy_model::Timestamp;
use davy_rules::Plan;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{JoinError, JoinHandle, spawn_blocking},
};
use tracing::{info, warn};

use super::{
    drain::backoff,
    translate::{Beginning, Translator, Unreadable},
};

/// Readings in one batch, about: as many as make an index cheap to add to; and as few as any database can take.
const READINGS_MAX: usize = 50_000;
const READINGS_MIN: usize = 1_000;
/// A batch that landed in less time may be followed by a larger one.
const QUICK: Duration = Duration::from_secs(3);

/// Why a site's log is not taken in now.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    /// The store does not take it.
    #[error(transparent)]
    Store(#[from] HistoryError),
    /// The journal does not give it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What it says cannot be understood.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The runtime ends.
    #[error("it stops")]
    Stopping(#[from] JoinError),
}

/// What a step did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// There is nothing new.
    Nothing,
    /// Something landed, and that is all there is for now.
    Landed,
    /// Something landed, and there is more.
    More,
}

/// The log of one site, on its way.
pub(super) struct Source {
    pub(super) site: Arc<str>,
    journal: PathBuf,
    reading: Option<Reading>,
    /// Made, and not known to have landed.
    pending: Option<Batch>,
    /// More is in the journal than went into what is pending.
    more: bool,
    /// What follows what is pending, on its way out of the journal while that is written.
    ahead: Option<Ahead>,
    /// About how many readings go into a batch.
    readings: usize,
    /// While it is in trouble: how long it rests, and until when.
    backoff: Option<ExponentialBackoff>,
    rests_until: Option<Instant>,
}

/// The next batch, read by another thread, and the right to have it.
struct Ahead {
    task: JoinHandle<Result<Read, SourceError>>,
    _permit: OwnedSemaphorePermit,
}

/// Where reading stands, the batch that was read, and whether there is more in the journal.
type Read = (Reading, Option<Batch>, bool);

struct Reading {
    reader: JournalReader,
    translator: Translator,
    /// The next commit.
    next: u64,
}

/// A batch that landed.
pub(super) struct Landed {
    pub(super) written: Written,
    pub(super) number: u64,
    pub(super) at: Timestamp,
    pub(super) lost_commits: u64,
}

impl Source {
    pub(super) fn new(site: Arc<str>, journal: PathBuf) -> Source {
        Source {
            site,
            journal,
            reading: None,
            pending: None,
            more: false,
            ahead: None,
            readings: READINGS_MAX,
            backoff: None,
            rests_until: None,
        }
    }

    /// Whether it is to be left alone for now.
    pub(super) fn rests(&self) -> bool {
        self.rests_until.is_some_and(|until| Instant::now() < until)
    }

    /// Leaves it alone for a while.
    pub(super) fn rest(&mut self) {
        let pause = self.backoff.get_or_insert_with(backoff).next().unwrap_or_default();
        self.rests_until = Some(Instant::now() + pause);
    }

    /// Brings the next batch. While it is written, what follows is read, if `ahead` lets it.
    ///
    /// # Errors
    /// [`SourceError`]. What was not brought is brought the next time.
    pub(super) async fn step(
        &mut self,
        store: &dyn Store,
        plan: &Arc<Plan>,
        ahead: &Arc<Semaphore>,
    ) -> Result<(Step, Option<Landed>), SourceError> {
        let began = Instant::now();
        let result = self.try_step(store, plan, ahead).await;
        match &result {
            Ok(_) => {
                self.backoff = None;
                if began.elapsed() < QUICK {
                    self.readings = (self.readings * 2).min(READINGS_MAX);
                }
            }
            Err(error) => {
                // Where the store stands is asked anew: what was brought may have landed and nobody heard. And a batch that a
                // slow database cannot take in time has to become smaller.
                self.reading = None;
                self.ahead = None;
                self.pending = None;
                if !matches!(error, SourceError::Store(HistoryError::Moved { .. })) {
                    self.readings = (self.readings / 2).max(READINGS_MIN);
                }
            }
        }
        result
    }

    async fn try_step(
        &mut self,
        store: &dyn Store,
        plan: &Arc<Plan>,
        ahead: &Arc<Semaphore>,
    ) -> Result<(Step, Option<Landed>), SourceError> {
        if self.pending.is_none() {
            self.gather(store, plan).await?;
        }
        self.read_ahead(plan, ahead);
        let Some(batch) = &self.pending else { return Ok((Step::Nothing, None)) };
        let written = store.write(batch).await?;
        let lost_commits = batch.hole.map_or(0, |(first, last)| last + 1 - first);
        let landed = Landed { written, number: batch.until.number, at: batch.until.at, lost_commits };
        self.pending = None;
        Ok((if self.more { Step::More } else { Step::Landed }, Some(landed)))
    }

    /// Reads on in the journal until there is enough for a batch.
    async fn gather(&mut self, store: &dyn Store, plan: &Arc<Plan>) -> Result<(), SourceError> {
        if let Some(ahead) = self.ahead.take() {
            self.took(ahead.task.await??);
            return Ok(());
        }
        let reading = match self.reading.take() {
            Some(reading) => reading,
            None => {
                let standing = store.standing(&self.site).await?;
                let (journal, site, known) = (self.journal.clone(), Arc::clone(&self.site), Arc::clone(plan));
                spawn_blocking(move || open(&journal, site, standing.as_ref(), &known)).await??
            }
        };
        let read = self.read(reading, plan).await??;
        self.took(read);
        Ok(())
    }

    fn took(&mut self, (reading, batch, more): Read) {
        self.reading = Some(reading);
        self.pending = batch;
        self.more = more;
    }

    fn read(&self, reading: Reading, plan: &Arc<Plan>) -> JoinHandle<Result<Read, SourceError>> {
        let (known, readings) = (Arc::clone(plan), self.readings);
        spawn_blocking(move || read_on(reading, &known, readings))
    }

    /// Has the next batch read, where there is one and a batch more may be held.
    fn read_ahead(&mut self, plan: &Arc<Plan>, ahead: &Arc<Semaphore>) {
        if !self.more {
            return;
        }
        let Ok(permit) = Arc::clone(ahead).try_acquire_owned() else { return };
        if let Some(reading) = self.reading.take() {
            self.ahead = Some(Ahead { task: self.read(reading, plan), _permit: permit });
        }
    }
}

fn open(
    journal: &std::path::Path,
    site: Arc<str>,
    standing: Option<&Standing>,
    known: &Arc<Plan>,
) -> Result<Reading, SourceError> {
    let reader = JournalReader::open(journal)?;
    let first = reader.first_kept()?;
    let position = standing.map(|standing| &standing.position);
    let mut beginning =
        Beginning { after: position.cloned(), begins_era: false, hole: None, sequence: first.sequence - 1 };
    let next = match position {
        Some(position) if is_of(&reader, position)? => {
            beginning.sequence = position.sequence;
            let translator = Translator::new(site, beginning, standing, None, Some(known))?;
            return Ok(Reading { reader, translator, next: position.number + 1 });
        }
        Some(position) if position.number + 1 < first.number => position.number + 1,
        Some(position) => {
            info!(%site, commit = position.number, "the journal is another than history knows: a new era begins");
            beginning.begins_era = true;
            first.number
        }
        None => 1,
    };
    if next < first.number {
        warn!(%site, first = next, last = first.number - 1, "commits were let go before history had them");
        beginning.hole = Some((next, first.number - 1));
    }
    let base = base_of(&reader)?;
    let translator = Translator::new(site, beginning, standing, base.as_ref(), Some(known))?;
    Ok(Reading { reader, translator, next: first.number })
}

/// Whether the journal goes on from there.
fn is_of(reader: &JournalReader, position: &Position) -> Result<bool, JournalError> {
    Ok(reader.head_at(position.number)?.is_some_and(|head| head.hash == position.hash))
}

/// The files that were active where the journal begins, where it does not begin with them.
fn base_of(reader: &JournalReader) -> Result<Option<Activation>, JournalError> {
    let Some(files) = reader.base_files()? else { return Ok(None) };
    let before = reader.first_kept()?.number - 1;
    let at = reader.head_at(before)?.map_or(Timestamp::MIN, |head| head.at);
    Ok(Some(Activation { at, bundle: files.bundle }))
}

/// The next batch.
fn read_on(mut reading: Reading, known: &Arc<Plan>, readings: usize) -> Result<Read, SourceError> {
    let mut more = false;
    let mut commits = reading.reader.commits_from(reading.next);
    while let Some(commit) = commits.next() {
        let commit = commit?;
        let hash = commits.hash().expect("a commit was just given");
        reading.next = commit.number + 1;
        reading.translator.take(commit, hash, Some(known))?;
        if reading.translator.is_full(readings) {
            more = true;
            break;
        }
    }
    drop(commits);
    let batch = reading.translator.batch();
    Ok((reading, batch, more))
}

#[cfg(test)]
mod tests;
