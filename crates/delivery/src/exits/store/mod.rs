//! What exits remember, in one file: how far each is in each site, what it told whom with which answer, what was refused.
//!
//! Promise: a cursor in the file never passes what a receiver answered for. Notes are written by a thread of their own, many
//! in one flush; what is noted and not yet flushed when the process dies is told once more, under the same id. A disk that
//! takes nothing holds no alert up: notes wait in memory, bounded and counted.

mod file;
mod keeper;
mod look;
mod write;

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

use davy_journal::SideFileError;
use davy_model::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

pub(super) use self::file::{Content, Known};
pub use self::look::{DeadLetter, LedgerEntry, LetterQuery};
use self::{file::StoreFile, keeper::Keeper};

/// How much the file keeps of each exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Entries of the ledger.
    pub ledger_len_max: u64,
    /// Dead letters.
    pub letters_len_max: u64,
    /// Both, for so long.
    pub keep: std::time::Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        let keep = std::time::Duration::from_secs(90 * 86_400);
        Bounds { ledger_len_max: 100_000, letters_len_max: 10_000, keep }
    }
}

/// Notes on their way to the disk.
const NOTES_LEN_MAX: usize = 256;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It does not say what such a file says.
    #[error("{0}")]
    Damaged(String),
    /// The disk, or SQLite.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The system.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its thread has ended.
    #[error("Davy is stopping")]
    Stopping,
}

/// Why a receiver takes nothing, since when, and how often it was tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Since when.
    pub since: Timestamp,
    /// Why, at the last attempt.
    pub why: String,
    /// Attempts in a row that failed.
    pub attempts: u32,
}

/// What became of something that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The receiver has it.
    Delivered,
    /// It will never take it: it is in dead letters.
    Refused,
}

/// Something to be remembered.
#[derive(Clone, Debug)]
pub(super) enum Note {
    /// A receiver answered.
    Told(Box<Told>),
    /// Everything of a site up to there was not for this exit, or was told before.
    Passed { exit: Arc<str>, site: Arc<str>, sequence: u64, at: Timestamp },
    /// A receiver takes nothing, or takes things again.
    Trouble { exit: Arc<str>, trouble: Option<Trouble> },
    /// A dead letter was sent again.
    LetterTold { exit: Arc<str>, number: u64, at: Timestamp, refused: Option<String> },
}

/// A receiver's answer.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) exit: Arc<str>,
    pub(super) site: Arc<str>,
    pub(super) sequence: u64,
    pub(super) id: String,
    pub(super) at: Timestamp,
    pub(super) fate: Fate,
    pub(super) attempts: u32,
    pub(super) answer: String,
    /// The cursor moves there; of what is not on disk itself, it stands still.
    pub(super) cursor: Option<u64>,
    /// What was refused.
    pub(super) letter: Option<Vec<u8>>,
}

impl From<SideFileError> for StoreError {
    fn from(error: SideFileError) -> StoreError {
        match error {
            SideFileError::Sqlite(error) => StoreError::Sqlite(error),
            SideFileError::Foreign(what) | SideFileError::Damaged(what) => StoreError::Damaged(what),
        }
    }
}

type Question = Box<dyn FnOnce(&mut StoreFile) + Send>;

enum Work {
    Note(Note),
    Ask(Question),
}

/// The file, and who writes it.
#[derive(Debug)]
pub struct ExitStore {
    work: Mutex<Option<mpsc::Sender<Work>>>,
    keeper: Mutex<Option<JoinHandle<()>>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    is_failing: AtomicBool,
    failures: AtomicU64,
    lost_notes: AtomicU64,
    lost_letters: AtomicU64,
    evicted_entries: AtomicU64,
    evicted_letters: AtomicU64,
}

/// What the file lost or let go since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// Transactions that the disk did not take.
    pub failures: u64,
    /// Notes given up while the disk took none: what they were about may be told again after a restart.
    pub lost_notes: u64,
    /// Dead letters given up so.
    pub lost_letters: u64,
    /// Ledger entries past the bounds.
    pub evicted_entries: u64,
    /// Dead letters past the bounds.
    pub evicted_letters: u64,
}

impl ExitStore {
    /// Opens the file, or makes it. One that is damaged is put aside, and a new one is begun: `Content::is_new_after_damage`.
    ///
    /// # Errors
    /// [`StoreError`] when the disk gives no file, or the system no thread.
    pub(super) fn open(path: &Path, bounds: Bounds) -> Result<(ExitStore, Content), StoreError> {
        let (file, content) = StoreFile::open(path)?;
        let shared = Arc::new(Shared::default());
        let (work, waiting) = mpsc::channel(NOTES_LEN_MAX);
        let keeper = Keeper::new(file, bounds, Arc::clone(&shared), waiting);
        let thread = std::thread::Builder::new().name("exits".to_owned()).spawn(move || keeper.run())?;
        let keeper = Mutex::new(Some(thread));
        Ok((ExitStore { work: Mutex::new(Some(work)), keeper, shared }, content))
    }

    /// Has it remembered, in order, soon. Waits while many others wait.
    pub(super) async fn note(&self, note: Note) {
        let Some(work) = self.work.lock().clone() else { return };
        // Its thread ends after whoever notes.
        let _ = work.send(Work::Note(note)).await;
    }

    /// Asks the file, after everything noted before.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut StoreFile) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let work = self.work.lock().clone().ok_or(StoreError::Stopping)?;
        let (say, hear) = oneshot::channel();
        let question: Question = Box::new(move |file| {
            // Whoever asked may have gone.
            let _ = say.send(question(file));
        });
        work.send(Work::Ask(question)).await.map_err(|_| StoreError::Stopping)?;
        hear.await.map_err(|_| StoreError::Stopping)?
    }

    /// Whether the last transaction failed.
    pub fn is_failing(&self) -> bool {
        self.shared.is_failing.load(Ordering::Relaxed)
    }

    /// What was lost or let go.
    pub fn drops(&self) -> Drops {
        let shared = &self.shared;
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Drops {
            failures: of(&shared.failures),
            lost_notes: of(&shared.lost_notes),
            lost_letters: of(&shared.lost_letters),
            evicted_entries: of(&shared.evicted_entries),
            evicted_letters: of(&shared.evicted_letters),
        }
    }

    /// Writes what is left and closes the file. Blocks for as long as that takes.
    pub(super) fn stop(&self) {
        drop(self.work.lock().take());
        let Some(keeper) = self.keeper.lock().take() else { return };
        // A panic is reported where it happens; there is nothing to add.
        let _ = keeper.join();
    }
}

impl Drop for ExitStore {
    fn drop(&mut self) {
        self.stop();
    }
}
