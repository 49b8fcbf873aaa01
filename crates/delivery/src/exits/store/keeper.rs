//! The thread that writes what exits remember.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::sync::mpsc::{self, error::TryRecvError};

use super::{Bounds, NOTES_LEN_MAX, Note, Shared, Work, file::StoreFile};

/// How long a disk that failed is left alone.
const RETRY: Duration = Duration::from_millis(500);
/// Notes that wait for a disk that takes none.
const WAITING_LEN_MAX: usize = 4096;
/// Notes between two looks at the bounds.
const TRIM_EVERY: usize = 64;

pub(super) struct Keeper {
    file: StoreFile,
    bounds: Bounds,
    shared: Arc<Shared>,
    work: mpsc::Receiver<Work>,
    waiting: VecDeque<Note>,
    since_trim: usize,
}

impl Keeper {
    pub(super) fn new(
        file: StoreFile,
        bounds: Bounds,
        shared: Arc<Shared>,
        work: mpsc::Receiver<Work>,
    ) -> Keeper {
        Keeper { file, bounds, shared, work, waiting: VecDeque::new(), since_trim: TRIM_EVERY }
    }

    pub(super) fn run(mut self) {
        let mut is_open = true;
        while is_open {
            // What a failing disk did not take is tried again by itself.
            if self.waiting.is_empty() {
                let Some(first) = self.work.blocking_recv() else { break };
                self.take(first);
            }
            is_open = self.gather();
            self.write();
            if !self.waiting.is_empty() && is_open {
                std::thread::sleep(RETRY);
            }
        }
        if !self.waiting.is_empty() {
            tracing::warn!(
                notes = self.waiting.len(),
                "what exits told last is in no file: it is told again"
            );
        }
    }

    /// Takes what has come meanwhile. False when no more will come.
    fn gather(&mut self) -> bool {
        for _ in 1..NOTES_LEN_MAX {
            match self.work.try_recv() {
                Ok(next) => self.take(next),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        true
    }

    fn take(&mut self, work: Work) {
        match work {
            Work::Note(note) => self.keep(note),
            Work::Ask(question) => {
                self.write();
                question(&mut self.file);
            }
        }
    }

    fn keep(&mut self, note: Note) {
        self.waiting.push_back(note);
        while self.waiting.len() > WAITING_LEN_MAX {
            let lost = self.waiting.pop_front();
            let is_letter = matches!(&lost, Some(Note::Told(told)) if told.letter.is_some());
            let count = if is_letter { &self.shared.lost_letters } else { &self.shared.lost_notes };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// All that waits, in one transaction.
    fn write(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let newest = self.waiting.iter().filter_map(Note::at).max();
        let bounds = (self.since_trim >= TRIM_EVERY).then_some(self.bounds).zip(newest);
        let written = self.file.write(self.waiting.make_contiguous(), bounds);
        let failed_before = self.shared.is_failing.swap(written.is_err(), Ordering::Relaxed);
        match written {
            Ok(trimmed) => {
                self.since_trim = if bounds.is_some() { 0 } else { self.since_trim + self.waiting.len() };
                self.waiting.clear();
                self.shared.evicted_entries.fetch_add(trimmed.entries, Ordering::Relaxed);
                self.shared.evicted_letters.fetch_add(trimmed.letters, Ordering::Relaxed);
            }
            Err(error) => {
                self.shared.failures.fetch_add(1, Ordering::Relaxed);
                if !failed_before {
                    tracing::error!(%error, "what exits tell is not noted: alerts go out all the same, and are told again after a restart");
                }
            }
        }
    }
}
