//! A site that a lower Davy judges: its transitions in a journal of their own, and nothing that decides.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use davy_delivery::{Delivered, Heartbeat, SiteFeed};
use davy_journal::{Commit, Cursor, Journal, JournalError, JournalReader, Options, Place, Snapshot};
use davy_model::{Text, Tier, Timestamp, Transition};
use parking_lot::Mutex;
use tracing::{error, info};

use crate::{committer::CommitState, keeper::Keeper, retention::Retention};

/// Commits after which a mark is set up to which the journal may be let go.
const MARK_EVERY: u64 = 256;
/// Transitions read at a time when the book is filled.
const PAGE_LEN: usize = 1000;

/// A site that a lower Davy brings.
pub(crate) struct Forwarded {
    /// Who brings it.
    pub(crate) lower: Arc<str>,
    feed: Arc<SiteFeed>,
    state: Arc<CommitState>,
    record: Mutex<Option<Record>>,
    told: Mutex<Told>,
}

/// Its journal, as long as it is open.
struct Record {
    journal: Journal,
    keeper: Keeper,
    /// The last commit that may be let go.
    marked: u64,
    /// Up to there, transitions were said to be missing for ever.
    missing_to: u64,
}

/// What is told of it, and not stored.
#[derive(Default)]
struct Told {
    title: Option<Text>,
    risk_level: Option<Tier>,
    heard: Option<Instant>,
    /// Its last transition where it is judged.
    head: Option<u64>,
}

/// What became of transitions that were brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The last that is on disk.
    pub(crate) sequence: u64,
    /// How many were new.
    pub(crate) new: u64,
    /// How many are missing before them.
    pub(crate) missing: u64,
}

/// Why transitions were not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("a transition of {found} was brought as one of {site}")]
    Foreign { site: Arc<str>, found: Arc<str> },
    #[error("transition {found} of {site} was brought where {due} is due")]
    OutOfOrder { site: Arc<str>, found: u64, due: u64 },
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("Davy is stopping")]
    Stopping,
}

impl Forwarded {
    /// Takes up the journal, and how the alarms stand from it.
    ///
    /// # Errors
    /// As the journal.
    pub(crate) fn open(
        site: &Arc<str>,
        lower: &Arc<str>,
        place: &Place,
        retention: Retention,
    ) -> Result<Forwarded, JournalError> {
        let (journal, head) = Journal::open_with(place, site, Options::default())?;
        let last = JournalReader::open(place)?.transition(head.sequence)?;
        let feed = SiteFeed::new(Arc::clone(site), place.path.clone(), head.sequence).after(last.as_ref());
        let feed = Arc::new(feed);
        fill_book(&feed, place)?;
        let state = Arc::new(CommitState::default());
        state.number.store(head.number, Ordering::Release);
        let marked = journal.snapshots()?.last().copied().unwrap_or(0);
        let record = Record { journal, keeper: Keeper::new(retention), marked, missing_to: head.sequence };
        info!(%site, %lower, sequence = head.sequence, "journal of a lower Davy's site taken up");
        Ok(Forwarded {
            lower: Arc::clone(lower),
            feed,
            state,
            record: Mutex::new(Some(record)),
            told: Mutex::default(),
        })
    }

    pub(crate) fn feed(&self) -> &Arc<SiteFeed> {
        &self.feed
    }

    pub(crate) fn state(&self) -> &Arc<CommitState> {
        &self.state
    }

    /// When the last commit was: the clock may not be behind it.
    pub(crate) fn last_at(&self) -> Timestamp {
        self.record.lock().as_ref().map_or(Timestamp::MIN, |record| record.journal.head().at)
    }

    /// Notes that transitions up to there cannot be brought any more.
    pub(crate) fn excuse(&self, to_sequence: u64) {
        if let Some(record) = self.record.lock().as_mut() {
            record.missing_to = record.missing_to.max(to_sequence);
        }
    }

    /// Takes transitions in their order; those that are here already change nothing. It blocks until the disk has them.
    ///
    /// # Errors
    /// [`Unfit`]; nothing was taken then.
    pub(crate) fn take(&self, now: Timestamp, brought: Vec<Transition>) -> Result<Taken, Unfit> {
        let mut record = self.record.lock();
        let record = record.as_mut().ok_or(Unfit::Stopping)?;
        let head = record.journal.head();
        let site = self.feed.site();
        if let Some(foreign) = brought.iter().find(|transition| transition.alarm.site != *site) {
            let found = Arc::clone(&foreign.alarm.site);
            return Err(Unfit::Foreign { site: Arc::clone(site), found });
        }
        let fresh: Vec<Transition> =
            brought.into_iter().filter(|transition| transition.sequence > head.sequence).collect();
        let Some(first) = fresh.first().map(|first| first.sequence) else {
            return Ok(Taken { sequence: head.sequence, ..Taken::default() });
        };
        let missing_to = head.sequence.max(record.missing_to);
        let due = first.min(missing_to.saturating_add(1)).max(head.sequence + 1);
        let misplaced =
            fresh.iter().zip(due..=u64::MAX).find(|(transition, due)| transition.sequence != *due);
        if let Some((transition, due)) = misplaced {
            return Err(Unfit::OutOfOrder { site: Arc::clone(site), found: transition.sequence, due });
        }
        let at = now.max(head.at);
        let commit = Commit { number: head.number + 1, at, inputs: Vec::new(), transitions: fresh };
        self.append(record, &commit)?;
        let taken = Taken {
            sequence: record.journal.head().sequence,
            new: commit.transitions.len() as u64,
            missing: first - head.sequence - 1,
        };
        self.state.number.store(commit.number, Ordering::Release);
        for transition in commit.transitions {
            self.feed.publish(Delivered { transition: Arc::new(transition), durable: true });
        }
        self.keep(record, at);
        Ok(taken)
    }

    fn append(&self, record: &mut Record, commit: &Commit) -> Result<(), JournalError> {
        let done = record.journal.append(std::slice::from_ref(commit));
        let was_failing = self.state.failing.swap(done.is_err(), Ordering::AcqRel);
        match &done {
            Err(error) if !was_failing => {
                error!(site = %self.feed.site(), %error, "what a lower Davy brings cannot be written: it keeps it");
            }
            Ok(_) if was_failing => {
                info!(site = %self.feed.site(), "what a lower Davy brings can be written again");
            }
            Err(_) | Ok(_) => {}
        }
        done.map(drop)
    }

    /// There is no engine whose state would have to be kept: an empty one marks what may be let go.
    fn keep(&self, record: &mut Record, at: Timestamp) {
        let number = record.journal.head().number;
        if number >= record.marked + MARK_EVERY {
            let mark = Snapshot { number, at, schema: 0, bytes: Vec::new() };
            if record.journal.save_snapshot(&mark).is_ok() {
                record.marked = number;
            }
        }
        record.keeper.step(&mut record.journal, &self.state.kept);
    }

    /// Tells everyone that the site's alarm path works, all the way to here.
    pub(crate) fn beat(&self, heartbeat: Heartbeat, risk_level: Option<Tier>, title: Option<Text>) {
        let mut told = self.told.lock();
        told.risk_level = risk_level;
        told.title = title;
        told.heard = Some(Instant::now());
        told.head = Some(heartbeat.sequence);
        drop(told);
        self.state.note_heartbeat(heartbeat.clone());
        self.feed.beat(heartbeat);
    }

    /// Notes its last transition where it is judged, as a hello says.
    pub(crate) fn note_head(&self, sequence: u64) {
        self.told.lock().head = Some(sequence);
    }

    /// How many transitions are there and not here, as was told last; `None` when nothing was since the start.
    pub(crate) fn behind(&self) -> Option<u64> {
        let head = self.told.lock().head;
        head.map(|head| head.saturating_sub(self.feed.sequence()))
    }

    /// What people call it, as it was told last.
    pub(crate) fn title(&self) -> Option<Text> {
        self.told.lock().title.clone()
    }

    /// Its risk level, as it was told last.
    pub(crate) fn risk_level(&self) -> Option<Tier> {
        self.told.lock().risk_level
    }

    /// How long ago its last heartbeat was heard; `None` when none was since the start.
    pub(crate) fn heard_age(&self) -> Option<Duration> {
        self.told.lock().heard.map(|heard| heard.elapsed())
    }

    /// Notes how far a consumer has come. It blocks until the disk has it.
    pub(crate) fn confirm(&self, cursor: &Cursor) -> Result<Result<(), JournalError>, Unfit> {
        let mut record = self.record.lock();
        let record = record.as_mut().ok_or(Unfit::Stopping)?;
        Ok(record.journal.set_cursor(cursor))
    }

    /// Forgets how far a consumer has come. It blocks until the disk has it.
    pub(crate) fn forget_cursor(&self, name: &str) -> Result<Result<(), JournalError>, Unfit> {
        let mut record = self.record.lock();
        let record = record.as_mut().ok_or(Unfit::Stopping)?;
        Ok(record.journal.forget_cursor(name))
    }

    /// Ends cleanly. What is brought afterwards is refused.
    ///
    /// # Errors
    /// As the journal.
    pub(crate) fn close(&self) -> Result<(), JournalError> {
        let record = self.record.lock().take();
        record.map_or(Ok(()), |record| record.journal.close().map(drop))
    }
}

/// How each alarm stands, from what is remembered of the transitions let go, and all that are kept.
fn fill_book(feed: &SiteFeed, place: &Place) -> Result<(), JournalError> {
    let reader = JournalReader::open(place)?;
    let note = |transition| feed.book().note(&Arc::new(transition));
    reader.remembered()?.into_iter().for_each(note);
    let mut after = reader.first_kept()?.sequence - 1;
    loop {
        let page = reader.transitions_after(after, PAGE_LEN)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.sequence;
        page.into_iter().for_each(note);
    }
}

#[cfg(test)]
mod tests;
