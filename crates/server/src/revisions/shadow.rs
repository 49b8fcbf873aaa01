//! A revision judged beside what is active: the engine itself, over the same journal, without a voice.
//!
//! It reads what the line has written and holds nothing of it up. While it has to catch up it works half of the time, on
//! one core. After a restart it begins at the journal's beginning again, or the oldest snapshot in it: what it shows depends on nothing but the journal.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use davy_journal::JournalReader;
use davy_model::Timestamp;
use davy_workbench::{
    backtest::{Difference, Entry, Side, difference},
    ledger::Ledger,
    performance::Period,
};
use parking_lot::Mutex;
use tracing::warn;

use crate::{Loaded, RecoverError, log::JournalLog};

/// How long it works at a time.
const SLICE: Duration = Duration::from_millis(50);
/// How often it looks for more, once it has read everything.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What is to be judged, from when on its alarms count, and over which journal.
pub(super) struct Task {
    pub(super) revision: String,
    pub(super) loaded: Loaded,
    pub(super) since: Timestamp,
    pub(super) journal: PathBuf,
}

/// The shadows of all sites, one each at most.
#[derive(Default)]
pub(super) struct Shadows(Mutex<BTreeMap<String, Shadow>>);

struct Shadow {
    revision: String,
    judged: Arc<Mutex<Judged>>,
    /// Dropped, it ends.
    _running: Sender<()>,
}

/// How far it has come.
struct Judged {
    side: Side,
    /// What did happen.
    live: Ledger,
    /// The next commit; `None` before the first look.
    next: Option<u64>,
    /// From when on it was judged.
    from: Timestamp,
    until: Timestamp,
    is_current: bool,
    problem: String,
}

/// What a revision in shadow has shown.
pub(crate) struct Seen {
    pub(crate) period: Period,
    pub(crate) active: u64,
    pub(crate) shadow: u64,
    pub(crate) difference: Difference,
    pub(crate) is_current: bool,
    /// Why it is judged no more; empty while it is.
    pub(crate) problem: String,
}

impl Shadows {
    /// Judges a revision from now on.
    pub(super) fn begin(&self, site: &str, task: Task) {
        let Task { revision, loaded, since, journal } = task;
        let (running, stop) = channel();
        let judged = Arc::new(Mutex::new(Judged {
            side: Side::under(Arc::clone(&loaded.bundle), Arc::clone(&loaded.plan)),
            live: Ledger::new(),
            next: None,
            from: since,
            until: since,
            is_current: false,
            problem: String::new(),
        }));
        let shadow = Shadow { revision, judged: Arc::clone(&judged), _running: running };
        self.0.lock().insert(site.to_owned(), shadow);
        let of = judged.clone();
        let work = move || {
            if let Err(error) = follow(&journal, &of, &stop) {
                warn!(%error, journal = %journal.display(), "a revision is in shadow no more");
                of.lock().problem = error.to_string();
            }
        };
        if let Err(error) = thread::Builder::new().name(format!("shadow-{site}")).spawn(work) {
            judged.lock().problem = format!("no thread: {error}");
        }
    }

    /// No longer, if it is that one.
    pub(super) fn end(&self, site: &str, revision: &str) {
        let mut shadows = self.0.lock();
        if shadows.get(site).is_some_and(|shadow| shadow.revision == revision) {
            shadows.remove(site);
        }
    }

    /// The revision of a site that is in shadow.
    pub(super) fn of(&self, site: &str) -> Option<String> {
        self.0.lock().get(site).map(|shadow| shadow.revision.clone())
    }

    /// What it has shown.
    pub(super) fn seen(&self, site: &str, revision: &str) -> Option<Seen> {
        let shadows = self.0.lock();
        let shadow = shadows.get(site).filter(|shadow| shadow.revision == revision)?;
        let judged = shadow.judged.lock();
        let until = judged.until.max(judged.from).offset_micros(1);
        let period = Period { from: judged.from, until };
        let raises = |ledger: &Ledger| {
            ledger.occurrences().iter().filter(|found| period.holds(found.raised)).count() as u64
        };
        let ledger = judged.side.ledger();
        Some(Seen {
            period,
            active: raises(&judged.live),
            shadow: raises(ledger),
            difference: difference(&judged.live, ledger, period),
            is_current: judged.is_current,
            problem: judged.problem.clone(),
        })
    }
}

/// Judges what the journal holds, and what comes, until nobody wants it any more.
fn follow(journal: &Path, judged: &Mutex<Judged>, stop: &Receiver<()>) -> Result<(), RecoverError> {
    let log = JournalLog::open(journal)?;
    begin(&log, &mut judged.lock())?;
    loop {
        let began = Instant::now();
        let at_the_end = slice(log.reader(), judged, began)?;
        let pause = if at_the_end { LOOK_EVERY } else { began.elapsed() };
        if stop.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            return Ok(());
        }
    }
}

/// Takes what the log begins with, where that is not its first commit.
fn begin(log: &JournalLog, judged: &mut Judged) -> Result<(), RecoverError> {
    if let Some(opening) = log.opening() {
        judged.side.take(&opening)?;
        judged.from = judged.from.max(opening.at);
    }
    judged.next = Some(log.first_judged());
    Ok(())
}

/// Works for a while. Whether there is nothing left.
fn slice(reader: &JournalReader, judged: &Mutex<Judged>, began: Instant) -> Result<bool, RecoverError> {
    let next = judged.lock().next;
    for commit in reader.commits_from(next.unwrap_or(1)) {
        let commit = commit?;
        let mut judged = judged.lock();
        let entry = Entry { at: commit.at, inputs: commit.inputs, transitions: commit.transitions };
        judged.side.take(&entry)?;
        entry.transitions.iter().for_each(|told| judged.live.take(told));
        judged.until = commit.at;
        judged.next = Some(commit.number + 1);
        if began.elapsed() > SLICE {
            return Ok(false);
        }
    }
    judged.lock().is_current = true;
    Ok(true)
}
