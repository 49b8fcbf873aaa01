//! The thread that writes the ledger.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::Duration,
};

use davy_journal::{SideFile, SideFileError};

use super::{Counts, LedgerBounds, LedgerError, LedgerFile, Work};
use crate::consumers::{Known, consumer::News};

/// How often what was sent is written.
const WRITE_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) file: Option<LedgerFile>,
    pub(super) bounds: LedgerBounds,
    pub(super) known: Known,
    pub(super) counts: Arc<Counts>,
}

impl Writer {
    pub(super) fn run(mut self, work: &Receiver<Work>) {
        loop {
            let next = work.recv_timeout(WRITE_EVERY);
            self.write();
            match next {
                Ok(Work::Ask(question)) => question(self.open()),
                Ok(Work::Write) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// All that is new, in one transaction. What the disk does not take is counted, and let go.
    fn write(&mut self) {
        let known: Vec<_> =
            self.known.lock().iter().map(|(key, one)| (Arc::clone(key), Arc::clone(one))).collect();
        let news: Vec<(Arc<str>, News)> =
            known.into_iter().filter_map(|(key, consumer)| Some((key, consumer.news()?))).collect();
        if news.is_empty() {
            return;
        }
        let dropped: u64 = news.iter().map(|(_, news)| news.dropped).sum();
        self.counts.lost.fetch_add(dropped, Ordering::Relaxed);
        let bounds = self.bounds;
        let written = self.open().and_then(|file| file.write(&news, &bounds));
        let failed_before = self.counts.is_failing.swap(written.is_err(), Ordering::Relaxed);
        match written {
            Ok(evicted) => drop(self.counts.evicted.fetch_add(evicted, Ordering::Relaxed)),
            Err(error) => {
                let lost: usize = news.iter().map(|(_, news)| news.runs.len()).sum();
                self.counts.lost.fetch_add(lost as u64, Ordering::Relaxed);
                self.counts.failures.fetch_add(1, Ordering::Relaxed);
                if !failed_before {
                    tracing::error!(%error, "the ledger of consumers is not written: alerts go out all the same");
                }
            }
        }
    }

    /// The file; one that is damaged is put aside.
    fn open(&mut self) -> Result<&mut LedgerFile, LedgerError> {
        if self.file.is_none() {
            self.file = Some(match LedgerFile::open(&self.path) {
                Err(LedgerError::File(SideFileError::Damaged(what) | SideFileError::Foreign(what))) => {
                    let aside = SideFile::put_aside(&self.path)
                        .map_err(|error| SideFileError::Damaged(format!("{what}; {error}")))?;
                    tracing::error!(%what, aside = %aside.display(), "the ledger of consumers was put aside");
                    LedgerFile::open(&self.path)?
                }
                opened => opened?,
            });
        }
        self.file.as_mut().ok_or(LedgerError::Stopping)
    }
}
