//! The file of dead letters: what was refused at night is there in the morning, whatever became of Davy meanwhile.
//!
//! Promise: nobody but a thread of its own ever waits for it. The inboxes in memory are the queue to it and lead; it follows
//! within [`PACE`], after a kill too, and holds what they hold, no more. A disk that does not take it costs nothing but that
//! a restart would lose what is not in it: it is tried again, and said. A damaged file is put aside, and a new one is begun.

mod file;
mod findings;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;

use self::file::{Content, FileError, LetterFile};
use crate::DeadLetters;

/// The least time between two transactions. A flood of letters costs the disk no more than 1 MiB in that time.
const PACE: Duration = Duration::from_millis(100);
/// How long a disk that failed is left alone.
const RETRY: Duration = Duration::from_secs(1);
/// Letters written at once, bytes; one that is longer goes alone.
const BATCH_BYTES: usize = 1 << 20;

/// The inboxes that are kept in a file, each under its name.
pub type Inboxes = Vec<(Arc<str>, Arc<DeadLetters>)>;

/// The file of dead letters, and who writes it.
#[derive(Debug)]
pub struct LetterStore {
    shared: Arc<Shared>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    inboxes: Inboxes,
    stops: AtomicBool,
    is_failing: AtomicBool,
    failures: AtomicU64,
}

/// What the thread holds.
#[derive(Debug)]
struct Keeper {
    shared: Arc<Shared>,
    file: Option<LetterFile>,
    /// The inboxes have what a former process left.
    is_restored: bool,
    /// The file was told that numbers are being given.
    is_begun: bool,
}

impl LetterStore {
    /// Opens the file, gives the inboxes what it holds, and follows them from then on. A file that cannot be opened or
    /// written keeps nobody from starting: it is tried again.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(path: PathBuf, inboxes: Inboxes) -> io::Result<LetterStore> {
        let shared = Arc::new(Shared {
            path,
            inboxes,
            stops: AtomicBool::new(false),
            is_failing: AtomicBool::new(false),
            failures: AtomicU64::new(0),
        });
        let mut keeper =
            Keeper { shared: Arc::clone(&shared), file: None, is_restored: false, is_begun: false };
        let opened = keeper.open().map(|()| false);
        keeper.note(&opened);
        let thread = thread::Builder::new().name("letters".to_owned()).spawn(move || keeper.run())?;
        for (_, inbox) in &shared.inboxes {
            inbox.kept_by(thread.thread().clone());
        }
        Ok(LetterStore { shared, keeper: Mutex::new(Some(thread)) })
    }

    /// Whether the last try failed: the inboxes go on in memory.
    pub fn is_failing(&self) -> bool {
        self.shared.is_failing.load(Ordering::Relaxed)
    }

    /// Tries that failed.
    pub fn failures(&self) -> u64 {
        self.shared.failures.load(Ordering::Relaxed)
    }

    /// Writes what is left, if the disk takes it, and closes the file. Blocks for as long as that takes.
    pub fn stop(&self) {
        self.shared.stops.store(true, Ordering::Release);
        let Some(keeper) = self.keeper.lock().take() else { return };
        keeper.thread().unpark();
        // A panic is reported where it happens; there is nothing to add.
        let _ = keeper.join();
    }
}

impl Drop for LetterStore {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Keeper {
    fn run(mut self) {
        loop {
            let stops = self.shared.stops.load(Ordering::Acquire);
            let written = self.write();
            self.note(&written);
            match written {
                Err(_) if stops => break,
                Err(_) => thread::sleep(RETRY),
                Ok(true) if stops => {}
                Ok(false) if stops => return self.close(),
                Ok(has_more) => {
                    thread::sleep(PACE);
                    if !has_more {
                        // Whoever kept a letter meanwhile has woken us already.
                        thread::park();
                    }
                }
            }
        }
        let lost: usize = self.shared.inboxes.iter().map(|(_, inbox)| inbox.unsaved_len()).sum();
        tracing::warn!(letters = lost, file = %self.shared.path.display(), "dead letters are in no file, and end here");
    }

    /// Brings the file up to date, or a step nearer. Whether there is more to write.
    fn write(&mut self) -> Result<bool, FileError> {
        self.open()?;
        let written = self.write_open();
        if written.as_ref().is_err_and(FileError::is_damage) {
            // It is put aside when it is opened again; then all there is goes into the new one.
            self.file = None;
        }
        written
    }

    fn write_open(&mut self) -> Result<bool, FileError> {
        let Some(file) = &mut self.file else { return Ok(false) };
        if !self.is_begun {
            let numbers = self.shared.inboxes.iter().map(|(name, inbox)| (&**name, inbox.last_number()));
            file.begin(numbers)?;
            self.is_begun = true;
        }
        let mut has_more = false;
        for (name, inbox) in &self.shared.inboxes {
            if let Some(unsaved) = inbox.unsaved(BATCH_BYTES) {
                file.write(name, &unsaved)?;
                inbox.note_saved(&unsaved);
                has_more |= unsaved.has_more;
            }
        }
        Ok(has_more)
    }

    fn open(&mut self) -> Result<(), FileError> {
        if self.file.is_some() {
            return Ok(());
        }
        let path = &self.shared.path;
        let (file, content) = match LetterFile::open(path) {
            Err(error) if error.is_damage() => {
                let aside = file::put_aside(path)?;
                tracing::error!(file = %path.display(), %error, aside = %aside.display(),
                    "the file of dead letters is damaged and was put aside; a new one is begun");
                LetterFile::open(path)?
            }
            opened => opened?,
        };
        self.file = Some(file);
        self.take_in(content);
        Ok(())
    }

    /// What a former process left goes to the inboxes, once; a file opened later has to be told all.
    fn take_in(&mut self, mut content: Content) {
        self.is_begun = false;
        for (name, inbox) in &self.shared.inboxes {
            match self.is_restored {
                false => inbox.restore(content.remove(&**name).unwrap_or_default()),
                true => inbox.forget_saved(),
            }
        }
        self.is_restored = true;
    }

    fn close(mut self) {
        let Some(file) = self.file.take() else { return };
        let numbers = self.shared.inboxes.iter().map(|(name, inbox)| (&**name, inbox.last_number()));
        if let Err(error) = file.close(numbers) {
            tracing::warn!(%error, "the file of dead letters was not closed; it is whole all the same");
        }
    }

    /// Counts and says what became of a try; a failure that goes on is said once.
    fn note(&self, tried: &Result<bool, FileError>) {
        let (shared, file) = (&self.shared, self.shared.path.display());
        let failed_before = shared.is_failing.swap(tried.is_err(), Ordering::Relaxed);
        match tried {
            Ok(_) if failed_before => tracing::info!(%file, "dead letters are written to their file again"),
            Ok(_) => {}
            Err(error) => {
                shared.failures.fetch_add(1, Ordering::Relaxed);
                if !failed_before {
                    tracing::error!(%file, %error,
                        "dead letters cannot be written to their file: they are kept in memory, and it is tried again");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
