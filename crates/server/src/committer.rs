//! Makes commits durable, then tells everybody: consumers, and senders.
//!
//! While the disk fails, nothing is acknowledged and alarms go out all the same, marked not durable; what is judged
//! meanwhile waits in memory, up to a bound, and is written in order when the disk is back.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::Duration,
};

use davy_delivery::{Delivered, Heartbeat, SiteFeed};
use davy_intake::{Account, Ack, Fate, Inbox, Parcel};
use davy_journal::{Commit, Cursor, Journal, JournalError};
use davy_model::{Fault, Input, Text, Tier};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tracing::{error, info, warn};

use crate::pending::Pending;

/// Most commits written in one go.
const GROUP_MAX: usize = 64;
/// What may wait in memory for a failing disk, bytes.
const WAITING_BYTES_MAX: usize = 64 << 20;
/// How often a failing disk is tried again.
const RETRY_EVERY: Duration = Duration::from_millis(500);

/// What a committer is asked to do.
pub(crate) enum Work {
    /// Make a commit durable.
    Commit(Box<Pending>),
    /// Note how far a consumer has come.
    Cursor(Cursor, oneshot::Sender<Result<(), JournalError>>),
}

/// What others may see of a committer.
#[derive(Debug, Default)]
pub(crate) struct CommitState {
    pub(crate) number: AtomicU64,
    pub(crate) failing: AtomicBool,
    pub(crate) flush_us: AtomicU64,
    pub(crate) flushes: AtomicU64,
    heartbeat: Mutex<Option<Heartbeat>>,
}

impl CommitState {
    /// The last heartbeat that came all the way.
    pub(crate) fn last_heartbeat(&self) -> Option<Heartbeat> {
        self.heartbeat.lock().clone()
    }
}

pub(crate) struct Committer {
    pub(crate) journal: Journal,
    pub(crate) work: Receiver<Work>,
    pub(crate) feed: Arc<SiteFeed>,
    pub(crate) account: Arc<Account>,
    pub(crate) inbox: Inbox,
    pub(crate) state: Arc<CommitState>,
}

impl Committer {
    /// Commits until the writer is gone. Runs on a thread of its own.
    ///
    /// # Errors
    /// What the journal said, when it is damaged: nothing can be written any more.
    pub(crate) fn run(mut self) -> Result<(), JournalError> {
        let mut waiting = VecDeque::new();
        while let Ok(work) = self.work.recv() {
            self.take(work, &mut waiting);
            while waiting.len() < GROUP_MAX {
                let Ok(work) = self.work.try_recv() else { break };
                self.take(work, &mut waiting);
            }
            self.commit(&mut waiting)?;
        }
        self.journal.close().map(drop)
    }

    fn take(&mut self, work: Work, waiting: &mut VecDeque<Pending>) {
        match work {
            Work::Commit(pending) => waiting.push_back(*pending),
            Work::Cursor(cursor, told) => {
                // Whoever asked may have gone.
                let _ = told.send(self.journal.set_cursor(&cursor));
            }
        }
    }

    /// Writes all that waits, trying again for as long as the disk fails.
    fn commit(&mut self, waiting: &mut VecDeque<Pending>) -> Result<(), JournalError> {
        while !waiting.is_empty() {
            let group = waiting.len().min(GROUP_MAX);
            match self.append(waiting, group) {
                Ok(()) => {
                    self.recovered();
                    for pending in waiting.drain(..group) {
                        self.tell(pending);
                    }
                }
                Err(error) if error.is_retryable() => {
                    self.fails(&error);
                    if !self.wait_for_disk(waiting) {
                        return Err(error);
                    }
                }
                Err(error) => {
                    error!(site = %self.feed.site(), %error, "the journal cannot be written");
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn append(&mut self, waiting: &mut VecDeque<Pending>, group: usize) -> Result<(), JournalError> {
        let commits: Vec<Commit> =
            waiting.iter_mut().take(group).map(|pending| take_commit(&mut pending.commit)).collect();
        let started = std::time::Instant::now();
        let done = self.journal.append(&commits);
        let flush_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.state.flush_us.fetch_add(flush_us, Ordering::Relaxed);
        self.state.flushes.fetch_add(1, Ordering::Relaxed);
        for (pending, commit) in waiting.iter_mut().zip(commits) {
            pending.commit = commit;
        }
        done.map(drop)
    }

    /// Takes more work for a while, so that alarms go on. False when the writer is gone.
    fn wait_for_disk(&mut self, waiting: &mut VecDeque<Pending>) -> bool {
        for pending in waiting.iter_mut() {
            Self::tell_not_durable(&self.feed, pending);
        }
        let until = std::time::Instant::now() + RETRY_EVERY;
        loop {
            let left = until.saturating_duration_since(std::time::Instant::now());
            let bytes: usize = waiting.iter().map(Pending::weight_bytes).sum();
            if left.is_zero() {
                return true;
            }
            if bytes >= WAITING_BYTES_MAX {
                std::thread::sleep(left);
                return true;
            }
            match self.work.recv_timeout(left) {
                Ok(work) => {
                    self.take(work, waiting);
                    if let Some(pending) = waiting.back_mut() {
                        Self::tell_not_durable(&self.feed, pending);
                    }
                }
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    fn tell_not_durable(feed: &SiteFeed, pending: &mut Pending) {
        if mem::replace(&mut pending.told, true) {
            return;
        }
        for transition in &pending.commit.transitions {
            feed.publish(Delivered { transition: Arc::new(transition.clone()), durable: false });
        }
    }

    fn tell(&mut self, pending: Pending) {
        let Pending { commit, parcels, counts, unbound, heartbeats, snapshot, told: _ } = pending;
        self.state.number.store(commit.number, Ordering::Release);
        for (fate, readings) in [
            (Fate::Judged, counts.judged),
            (Fate::Duplicate, counts.duplicate),
            (Fate::OutOfOrder, counts.out_of_order),
            (Fate::TooOld, counts.too_old),
            (Fate::Unbound, unbound),
        ] {
            if readings > 0 {
                self.account.settle(fate, readings);
            }
        }
        for transition in commit.transitions {
            self.feed.publish(Delivered { transition: Arc::new(transition), durable: true });
        }
        // After the book shows what was decided: who asked for it will look there next.
        for (parcel, answer) in parcels {
            parcel.answered(answer);
        }
        for heartbeat in heartbeats {
            *self.state.heartbeat.lock() = Some(heartbeat.clone());
            self.feed.beat(heartbeat);
        }
        if let Some(snapshot) = snapshot
            && let Err(error) = self.journal.save_snapshot(&snapshot)
        {
            warn!(site = %self.feed.site(), %error, "the snapshot was not kept, the one before stays");
        }
    }

    fn fails(&self, error: &JournalError) {
        if self.state.failing.swap(true, Ordering::AcqRel) {
            return;
        }
        error!(site = %self.feed.site(), %error, "the journal fails: nothing is acknowledged, alarms are not durable");
        self.report(true, Text::both(
            format!("the journal cannot be written ({error}): nothing is acknowledged, alarms are not durable; look at the disk"),
            format!("日志无法写入（{error}）：不再确认数据，报警未落盘；请检查磁盘"),
        ));
    }

    fn recovered(&self) {
        if self.state.failing.swap(false, Ordering::AcqRel) {
            info!(site = %self.feed.site(), "the journal can be written again");
            self.report(false, Text::both("the journal can be written again", "日志恢复写入"));
        }
    }

    fn report(&self, active: bool, text: Text) {
        let fault = Fault { part: "journal".into(), active, tier: Tier::Red, text };
        let parcel = Parcel::new("".into(), Input::Fault(fault), Ack::None);
        if self.inbox.try_put(parcel).is_err() {
            warn!(site = %self.feed.site(), "the inbox is full: the fault is in this log only");
        }
    }
}

fn take_commit(commit: &mut Commit) -> Commit {
    let empty = Commit { number: commit.number, at: commit.at, inputs: Vec::new(), transitions: Vec::new() };
    mem::replace(commit, empty)
}
