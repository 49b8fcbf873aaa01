//! Who was sent what, when, and when it was confirmed: one file, by a thread of its own.

mod file;
mod look;
mod thread;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use davy_journal::SideFileError;
use davy_model::Timestamp;
use parking_lot::Mutex;
use tokio::sync::oneshot;

pub(super) use self::file::LedgerFile;
pub use self::look::{Delivery, DeliveryQuery};
use self::thread::Writer;
use super::{Known, consumer::Standing};

/// How much the ledger keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerBounds {
    /// Runs of one consumer.
    pub of_one_max: u64,
    /// Runs of all.
    pub of_all_max: u64,
    /// For so long.
    pub keep: Duration,
}

impl Default for LedgerBounds {
    fn default() -> LedgerBounds {
        let keep = Duration::from_secs(90 * 86_400);
        LedgerBounds { of_one_max: 100_000, of_all_max: 1_000_000, keep }
    }
}

/// Why the ledger does not answer.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be used.
    #[error("consumers.db: {0}")]
    File(#[from] SideFileError),
    /// The disk, or SQLite.
    #[error("consumers.db: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Its thread has ended.
    #[error("Davy is stopping")]
    Stopping,
}

/// What the ledger lost or let go since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerDrops {
    /// Transactions that the disk did not take; what was in them is lost.
    pub failures: u64,
    /// Runs that found no room on their way to the file, or were in a transaction that failed.
    pub lost: u64,
    /// Runs past the bounds.
    pub evicted: u64,
    /// Whether the last transaction failed.
    pub is_failing: bool,
}

#[derive(Debug, Default)]
struct Counts {
    failures: AtomicU64,
    lost: AtomicU64,
    evicted: AtomicU64,
    is_failing: AtomicBool,
}

type Question = Box<dyn FnOnce(Result<&mut LedgerFile, LedgerError>) + Send>;

enum Work {
    /// There is much to write.
    Write,
    Ask(Question),
}

/// Questions on their way to the thread.
const QUESTIONS_MAX: usize = 16;

/// The file as it was found, before anybody writes it.
pub(super) struct Found {
    path: PathBuf,
    file: Option<LedgerFile>,
}

/// The file, and who writes it.
#[derive(Debug)]
pub(super) struct Ledger {
    work: Mutex<Option<SyncSender<Work>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    counts: Arc<Counts>,
}

impl Ledger {
    /// Reads how consumers stood, if there is a file: where nobody is durable, none is made.
    pub(super) fn read(path: &Path, now: Timestamp) -> (Found, BTreeMap<Arc<str>, Standing>) {
        let mut found = Found { path: path.to_owned(), file: None };
        if !path.exists() {
            return (found, BTreeMap::new());
        }
        let opened = LedgerFile::open(path).and_then(|file| {
            let standing = file.standing(now)?;
            Ok((file, standing))
        });
        match opened {
            Ok((file, standing)) => {
                found.file = Some(file);
                (found, standing)
            }
            Err(error) => {
                tracing::error!(%error, "the ledger of consumers cannot be read: alerts go out all the same");
                (found, BTreeMap::new())
            }
        }
    }

    /// Has a question answered by the file, after everything that was sent before.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut LedgerFile) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let work = self.work.lock().clone().ok_or(LedgerError::Stopping)?;
        let (say, hear) = oneshot::channel();
        let question: Question = Box::new(move |file| {
            // Whoever asked may have gone.
            let _ = say.send(file.and_then(question));
        });
        let sent = tokio::task::spawn_blocking(move || work.send(Work::Ask(question)).is_ok()).await;
        if !sent.unwrap_or(false) {
            return Err(LedgerError::Stopping);
        }
        hear.await.map_err(|_| LedgerError::Stopping)?
    }

    /// There is much to write. Waits for nothing: one that is busy comes by itself.
    pub(super) fn call(&self) {
        if let Some(work) = &*self.work.lock() {
            let _ = work.try_send(Work::Write);
        }
    }

    pub(super) fn drops(&self) -> LedgerDrops {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        LedgerDrops {
            failures: of(&self.counts.failures),
            lost: of(&self.counts.lost),
            evicted: of(&self.counts.evicted),
            is_failing: self.counts.is_failing.load(Ordering::Relaxed),
        }
    }

    pub(super) fn stop(&self) {
        drop(self.work.lock().take());
        let Some(thread) = self.thread.lock().take() else { return };
        // A panic is reported where it happens; there is nothing to add.
        let _ = thread.join();
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Found {
    /// Begins to write.
    pub(super) fn start(self, bounds: LedgerBounds, known: Known) -> std::io::Result<Ledger> {
        let Found { path, file } = self;
        let counts = Arc::new(Counts::default());
        let (work, waiting) = sync_channel(QUESTIONS_MAX);
        let writer = Writer { path, file, bounds, known, counts: Arc::clone(&counts) };
        let builder = std::thread::Builder::new().name("consumers".to_owned());
        let thread = builder.spawn(move || writer.run(&waiting))?;
        Ok(Ledger { work: Mutex::new(Some(work)), thread: Mutex::new(Some(thread)), counts })
    }
}
