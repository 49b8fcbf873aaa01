//! The thread of a site's committer: takes what the writer hands on, and tries a failing disk again.

use std::{
    sync::{
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    },
    time::Instant,
};

use davy_journal::JournalError;

use crate::committer::{Committer, Progress, RETRY_EVERY, Work};

pub(crate) struct CommitThread {
    pub(crate) committer: Committer,
    pub(crate) work: Receiver<Work>,
}

impl CommitThread {
    /// Commits until the writer is gone.
    ///
    /// # Errors
    /// What the journal said, when it is damaged, or when the disk still fails at the end.
    pub(crate) fn run(mut self) -> Result<(), JournalError> {
        while let Some(work) = self.next() {
            self.committer.take(work);
            while !self.committer.has_group() {
                let Ok(work) = self.work.try_recv() else { break };
                self.committer.take(work);
            }
            self.commit()?;
            // Nobody may ever be idle: a step behind each flush keeps pace.
            self.committer.let_go();
        }
        self.committer.journal.close().map(drop)
    }

    /// Waits for work. While nothing waits, old commits go, a step at a time. `None` when the writer is gone.
    fn next(&mut self) -> Option<Work> {
        loop {
            match self.work.try_recv() {
                Ok(work) => return Some(work),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) if self.committer.let_go() => {}
                Err(TryRecvError::Empty) => return self.work.recv().ok(),
            }
        }
    }

    /// Writes all that waits, trying again for as long as the disk fails.
    fn commit(&mut self) -> Result<(), JournalError> {
        loop {
            let started = Instant::now();
            let flushed = self.committer.flush();
            let flush_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            if !matches!(flushed, Ok(0)) {
                self.committer.state.flush_us.fetch_add(flush_us, Ordering::Relaxed);
                self.committer.state.flushes.fetch_add(1, Ordering::Relaxed);
            }
            match self.committer.settle(flushed)? {
                Progress::Idle => return Ok(()),
                Progress::Durable => {}
                Progress::Failing(error) => {
                    if !self.wait_for_disk() {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Takes more work for a while, so that alarms go on. False when the writer is gone.
    fn wait_for_disk(&mut self) -> bool {
        let until = Instant::now() + RETRY_EVERY;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            if self.committer.is_full() {
                std::thread::sleep(left);
                return true;
            }
            match self.work.recv_timeout(left) {
                Ok(work) => self.committer.take(work),
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }
}
