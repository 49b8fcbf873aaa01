//! The audit log of this Davy: who did what, noted by one thread.
//!
//! What a caller asks for goes through [`Audit::see_through`]: who asked waits until it is on disk, or until the disk has refused it.
//! A log that fails stops nobody but those who ask with [`Audit::ready`] first.

mod caller;
mod deed;
mod exports;
mod health;
mod of_davy;
mod refusals;
mod thread;
mod waiting;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use davy_journal::{
    Disk, OwnDisk,
    audit::{AuditLog, AuditOptions, Entry, Filter, Opened, Outcome, Page, What, Who, page},
};
use davy_model::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{sync::watch, time::timeout};
use tokio_util::task::TaskTracker;
use tonic::{Code, Status};
use tracing::{error, warn};

use self::{
    caller::of_same_caller, exports::Exports, health::State, refusals::Refusals, thread::Writer,
    waiting::Waiting,
};
pub(crate) use self::{
    caller::{known_of, with_caller},
    deed::Deed,
    health::Health,
    refusals::RefusalOf,
    waiting::BYTES_MAX,
};
use crate::{
    clock::Clock,
    config::AuditConfig,
    port::in_its_place,
    rpc::status::{status, stopping},
};

/// The folder of the log in the data folder.
const FOLDER: &str = "audit";
/// The key in the data folder.
const KEY: &str = "audit.key";
/// A file of the log is followed by another one at this length, bytes.
const SEGMENT_BYTES: u64 = 16 << 20;
/// How long anybody waits for an entry to be on disk. A disk that is slower is as good as one that fails.
const WAIT: Duration = Duration::from_secs(2);

/// The log that was opened, before there is a clock.
pub(crate) struct Found {
    place: Place,
    log: Result<(AuditLog, Opened), String>,
}

/// Where the log is, and how it is kept.
#[derive(Clone, Debug)]
struct Place {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    key: PathBuf,
    options: AuditOptions,
}

/// What is told to the log.
pub(crate) struct Audit {
    waiting: Arc<Waiting>,
    health: Arc<Health>,
    state: watch::Receiver<State>,
    clock: Clock,
    refusals: Refusals,
    exports: Exports,
    /// What was begun for callers.
    begun: TaskTracker,
    place: Place,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Found {
    /// Opens the log. One that cannot be opened is tried again by the thread: no alarm waits for it.
    pub(crate) fn open(data_dir: &Path, node: &str, config: &AuditConfig) -> Found {
        let AuditConfig { keep, checkpoints } = config.clone();
        let place = Place {
            disk: Arc::new(OwnDisk),
            folder: data_dir.join(FOLDER),
            key: data_dir.join(KEY),
            options: AuditOptions { node: node.to_owned(), keep, checkpoints, segment_bytes: SEGMENT_BYTES },
        };
        let log = place.open();
        match &log {
            Ok((_, Opened { damaged: Some(what), .. })) => {
                error!(%what, "the audit log does not verify: run davy audit verify");
            }
            Ok((_, Opened { torn, .. })) if *torn > 0 => {
                warn!(bytes = torn, "the audit log ended in an entry that was being written: it was cut off");
            }
            Ok(_) => {}
            Err(why) => error!(%why, "the audit log cannot be opened"),
        }
        Found { place, log }
    }

    /// When its last entry was noted: the clock must not start before.
    pub(crate) fn last_at(&self) -> Timestamp {
        let last = self.log.as_ref().ok().and_then(|(_, opened)| opened.last_time.as_ref()?.parse().ok());
        last.unwrap_or(Timestamp::MIN)
    }

    /// Begins to write.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(self, clock: &Clock) -> io::Result<Audit> {
        let Found { place, log } = self;
        let (waiting, health) = (Arc::new(Waiting::default()), Arc::new(Health::default()));
        let (tell, state) = watch::channel(State::default());
        let writer = Writer::new(place.clone(), log, clock.clone(), (&waiting, &health), tell);
        let thread = std::thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run())?;
        let thread = Mutex::new(Some(thread));
        Ok(Audit {
            waiting,
            health,
            state,
            clock: clock.clone(),
            refusals: Refusals::default(),
            exports: Exports::default(),
            begun: TaskTracker::new(),
            place,
            thread,
        })
    }
}

impl Place {
    fn open(&self) -> Result<(AuditLog, Opened), String> {
        let opened = AuditLog::open(Arc::clone(&self.disk), &self.folder, &self.key, self.options.clone());
        opened.map_err(|error| error.to_string())
    }
}

impl Audit {
    /// Notes an entry, and waits for nothing.
    pub(crate) fn note(&self, entry: &Entry) -> u64 {
        self.waiting.put(|| self.clock.now(), entry)
    }

    /// Notes an entry that may wait for others, and waits for nothing.
    fn note_beside(&self, entry: &Entry) {
        self.waiting.put_beside(|| self.clock.now(), entry);
    }

    /// Sees what a caller asked for through to its end, and notes it with what came of it, unless there is nothing to note.
    ///
    /// Whoever asked may hang up, or be out of time: what was begun is ended all the same, and noted, and the call has its place
    /// until then.
    pub(crate) async fn see_through<T, D>(
        self: &Arc<Self>,
        work: impl Future<Output = (D, Result<T, Status>)> + Send + 'static,
    ) -> Result<T, Status>
    where
        T: Send + Sync + 'static,
        D: Into<Option<Deed>>,
    {
        let audit = Arc::clone(self);
        let noted = async move {
            // From then on nothing would be noted: nothing is begun.
            if audit.begun.is_closed() {
                return Err(stopping());
            }
            let (deed, answer) = work.await;
            if let Some(deed) = deed.into() {
                audit.tell(deed, &answer).await;
            }
            answer
        };
        self.begun.spawn(of_same_caller(in_its_place(noted))).await.map_err(|_| stopping())?
    }

    /// Returns once all that was begun for callers is done and noted, or takes too long.
    pub(crate) async fn all_seen_through(&self, within: Duration) {
        self.begun.close();
        if timeout(within, self.begun.wait()).await.is_err() {
            warn!(left = self.begun.len(), "what was begun for callers is not done in time");
        }
    }

    /// Notes what was asked for and what came of it. Returns once that is on disk, or the disk has refused it; at once
    /// when what was asked for was refused: nothing is done that could be lost from the log.
    async fn tell<T>(&self, deed: Deed, answer: &Result<T, Status>) {
        let entry = deed.entry(answer);
        if answer.as_ref().is_err_and(is_refusal) {
            self.note_beside(&entry);
        } else {
            self.on_disk(self.note(&entry)).await;
        }
    }

    /// Returns once all that was noted before is on disk, or the disk has refused it.
    pub(crate) async fn settled(&self) {
        self.on_disk(self.waiting.hurry()).await;
    }

    async fn on_disk(&self, number: u64) {
        let mut state = self.state.clone();
        let done = state.wait_for(|state| state.done >= number || state.fails);
        if timeout(WAIT, done).await.is_err() {
            warn!("the audit log is slow: an entry was not on disk in time");
        }
    }

    /// Notes that somebody was turned away, and waits for nothing, nor makes the disk hurry: it is no way to make Davy slow.
    pub(crate) fn turned_away(&self, who: Who, path: &str, code: &str, why: &str) {
        if let Some(left_out) = self.room_for(RefusalOf::Call) {
            let after = Some(json!({ "why": why, "left_out_before": left_out }));
            let outcome = Outcome::Refused(code.to_owned());
            let on = path.to_owned();
            self.note_beside(&Entry { who, what: What::Refused, on, before: None, after, outcome });
        }
    }

    /// Whether one more refusal may be noted, and how many of its kind were left out before it.
    pub(crate) fn room_for(&self, kind: RefusalOf) -> Option<u64> {
        self.refusals.room_for(kind, self.clock.now())
    }

    /// Notes that somebody reads on in history behind the first page of an answer, once for each question, and waits for nothing.
    pub(crate) fn taken_out(&self, question: &str, on: &str, asked: Value) {
        let entry = Deed::new(What::Export, "", on).asking(asked).entry(&Ok(()));
        if self.exports.is_new(&entry.who.name, question) {
            self.note_beside(&entry);
        }
    }

    /// Whether what can wait may be done now.
    ///
    /// # Errors
    /// `AUDIT_UNAVAILABLE` while the log cannot be written.
    pub(crate) fn ready(&self) -> Result<(), Status> {
        match self.health.trouble() {
            None => Ok(()),
            Some(why) => {
                let what =
                    format!("the audit log cannot be written ({why}): what can wait is not done meanwhile");
                Err(status(Code::Unavailable, "AUDIT_UNAVAILABLE", what))
            }
        }
    }

    /// How the log does.
    pub(crate) fn health(&self) -> &Health {
        &self.health
    }

    /// Entries of the log, the newest first.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn page(
        &self,
        filter: &Filter,
        before: Option<u64>,
        len: usize,
    ) -> Result<Page, davy_journal::JournalError> {
        page(&self.place.disk, &self.place.folder, filter, before, len)
    }

    /// Writes what waits, signs, and ends.
    pub(crate) fn stop(&self) {
        self.waiting.stop();
        if let Some(thread) = self.thread.lock().take() {
            // A thread that failed has told so.
            let _ = thread.join();
        }
    }
}

/// Whether an answer says that nothing was done. One that came too late, or of a fault, does not.
fn is_refusal(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::PermissionDenied
            | Code::Unauthenticated
    )
}

impl Drop for Audit {
    fn drop(&mut self) {
        self.waiting.stop();
    }
}

#[cfg(test)]
mod tests;
