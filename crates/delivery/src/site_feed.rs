//! One site's transitions as they are committed.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use davy_model::{Timestamp, Transition, Vitals};
use parking_lot::Mutex;
use tokio::sync::broadcast;

use crate::{Book, Mark, recent::Recent};

/// A transition on its way to consumers.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    /// The transition.
    pub transition: Arc<Transition>,
    /// On disk. False while the journal fails: alarms go out all the same.
    pub durable: bool,
}

/// A sign of life that came all the way through the alarm path: intake, engine, journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Of which site.
    pub site: Arc<str>,
    /// 1, 2, 3... since the site's log began.
    pub number: u64,
    /// The site's last transition then.
    pub sequence: u64,
    /// The commit it is in.
    pub commit: u64,
    /// When that was decided.
    pub recorded_time: Timestamp,
    /// The revision of the site's active files; empty before the first.
    pub revision: Arc<str>,
    /// How long it waited in front of the engine.
    pub input_lag: Duration,
    /// When readings of the site were last judged; `None` when none were since the start.
    pub last_judged: Option<Timestamp>,
    /// What the engine sees, and what is kept quiet.
    pub vitals: Vitals,
}

#[derive(Clone, Debug)]
pub(crate) enum Item {
    Alert(Delivered),
    /// One that was told before it was on disk is there now.
    Written(u64),
    Heartbeat(Heartbeat),
}

/// One site's feed.
#[derive(Debug)]
pub struct SiteFeed {
    site: Arc<str>,
    journal: PathBuf,
    book: Book,
    recent: Mutex<Recent>,
    sequence: AtomicU64,
    durable: AtomicU64,
    /// The last transition that a subscriber read from the journal, which has it before it is published.
    read: AtomicU64,
    sender: broadcast::Sender<Item>,
}

/// How many items a subscriber may be behind before it reads from the journal instead.
const LIVE_LEN_MAX: usize = 4096;

impl SiteFeed {
    /// The feed of a site whose last transition is `sequence`, with the journal that has the past.
    pub fn new(site: Arc<str>, journal: PathBuf, sequence: u64) -> SiteFeed {
        let (sender, _) = broadcast::channel(LIVE_LEN_MAX);
        let (durable, read, sequence) =
            (AtomicU64::new(sequence), AtomicU64::new(sequence), AtomicU64::new(sequence));
        let (book, recent) = (Book::default(), Mutex::default());
        SiteFeed { site, journal, book, recent, sequence, durable, read, sender }
    }

    /// It with the last transition of its journal known.
    #[must_use]
    pub fn after(self, last: Option<&Transition>) -> SiteFeed {
        last.into_iter().for_each(|last| self.recent.lock().note(last));
        self
    }

    /// The site's id.
    pub fn site(&self) -> &Arc<str> {
        &self.site
    }

    /// The file that has the past.
    pub fn journal(&self) -> &Path {
        &self.journal
    }

    /// The alarms as they stand.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The last transition published.
    pub fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Acquire)
    }

    /// The last transition known to be on disk: the last one published, but for what was told while the journal fails, or the
    /// last one that was read from the journal before it was published. A place to resume from is no later, since after a crash
    /// other transitions may have those numbers.
    pub fn written_sequence(&self) -> u64 {
        self.durable.load(Ordering::Acquire).max(self.read.load(Ordering::Acquire))
    }

    /// The last transition that there is, published or read from the journal before it is.
    pub fn last_sequence(&self) -> u64 {
        self.sequence().max(self.read.load(Ordering::Acquire))
    }

    /// Notes that the journal has transitions up to there.
    pub(crate) fn note_read(&self, sequence: u64) {
        self.read.fetch_max(sequence, Ordering::AcqRel);
    }

    /// The last transition published that is on disk: what comes next is what the book does not have yet.
    pub fn durable_mark(&self) -> Mark {
        let sequence = self.durable.load(Ordering::Acquire);
        Mark { sequence, recorded_time: self.recorded_time(sequence) }
    }

    /// Whether a mark is one of this site's journal; `None` when only the journal can tell.
    pub fn has(&self, mark: Mark) -> Option<bool> {
        let Some(recorded) = mark.recorded_time else { return Some(true) };
        self.recorded_time(mark.sequence).map(|found| found == recorded)
    }

    /// When a transition was recorded, if it is one of the latest.
    pub(crate) fn recorded_time(&self, sequence: u64) -> Option<Timestamp> {
        self.recent.lock().recorded_time(sequence)
    }

    /// Tells everyone. Transitions come in the order of their sequence; of one told before, it is told that it is on disk now.
    pub fn publish(&self, delivered: Delivered) {
        let sequence = delivered.transition.sequence;
        let is_known = sequence <= self.sequence();
        if !is_known {
            self.book.note(&delivered.transition);
            self.recent.lock().note(&delivered.transition);
            self.sequence.store(sequence, Ordering::Release);
        }
        // After the book: whoever takes the mark first and looks into the book then finds there what the mark is of. Before it is
        // told: whoever hears it may resume after it.
        if delivered.durable {
            self.durable.fetch_max(sequence, Ordering::AcqRel);
        }
        let item = match (is_known, delivered.durable) {
            (false, _) => Item::Alert(delivered),
            (true, true) => Item::Written(sequence),
            (true, false) => return,
        };
        // Nobody listening is no error.
        let _ = self.sender.send(item);
    }

    /// Tells everyone that the alarm path works.
    pub fn beat(&self, heartbeat: Heartbeat) {
        // Nobody listening is no error.
        let _ = self.sender.send(Item::Heartbeat(heartbeat));
    }

    /// How many subscribers there are.
    pub fn subscribers(&self) -> usize {
        self.sender.receiver_count()
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Item> {
        self.sender.subscribe()
    }
}
