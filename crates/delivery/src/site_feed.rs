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
use tokio::sync::broadcast;

use crate::Book;

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
    Heartbeat(Heartbeat),
}

/// One site's feed.
#[derive(Debug)]
pub struct SiteFeed {
    site: Arc<str>,
    journal: PathBuf,
    book: Book,
    sequence: AtomicU64,
    durable: AtomicU64,
    sender: broadcast::Sender<Item>,
}

/// How many items a subscriber may be behind before it reads from the journal instead.
const LIVE_LEN_MAX: usize = 4096;

impl SiteFeed {
    /// The feed of a site whose last transition is `sequence`, with the journal that has the past.
    pub fn new(site: Arc<str>, journal: PathBuf, sequence: u64) -> SiteFeed {
        let (sender, _) = broadcast::channel(LIVE_LEN_MAX);
        let (durable, sequence) = (AtomicU64::new(sequence), AtomicU64::new(sequence));
        SiteFeed { site, journal, book: Book::default(), sequence, durable, sender }
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

    /// The last transition on disk: the last one published, but for what was told while the journal fails. A place to resume from
    /// is no later, since after a crash other transitions may have those numbers.
    pub fn durable_sequence(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Tells everyone. Transitions come in the order of their sequence; one told before is not told again.
    pub fn publish(&self, delivered: Delivered) {
        let sequence = delivered.transition.sequence;
        if delivered.durable {
            self.durable.fetch_max(sequence, Ordering::AcqRel);
        }
        if sequence <= self.sequence() {
            return;
        }
        self.book.note(&delivered.transition);
        self.sequence.store(sequence, Ordering::Release);
        // Nobody listening is no error.
        let _ = self.sender.send(Item::Alert(delivered));
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
