//! Makes commits durable, then tells everybody: consumers, and senders. Without its thread.
//!
//! While the disk fails, nothing is acknowledged and alarms go out all the same, marked not durable; what is judged
//! meanwhile waits in memory, up to a bound, and is written in order when the disk is back.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use davy_delivery::{Delivered, Heartbeat, SiteFeed};
use davy_intake::{Account, Ack, Fate, Inbox, Parcel};
use davy_journal::{Commit, Cursor, Journal, JournalError};
use davy_model::{Fault, Input, Text, Tier};
use davy_rules::Plan;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tracing::{error, info, warn};

use crate::{
    keeper::Keeper,
    kept::Kept,
    latest::Latest,
    live::{Live, Told},
    pending::Pending,
    shown::Shown,
};

/// What the alarm of a failing journal is about.
pub(crate) const JOURNAL_PART: &str = "journal";
/// Most commits written in one go.
const GROUP_MAX: usize = 64;
/// What may wait in memory for a failing disk, bytes.
const WAITING_BYTES_MAX: usize = 64 << 20;
/// How often a failing disk is tried again.
pub(crate) const RETRY_EVERY: Duration = Duration::from_millis(500);

/// What a committer is asked to do.
pub(crate) enum Work {
    /// Make a commit durable.
    Commit(Box<Pending>),
    /// Note how far a consumer has come.
    Cursor(Cursor, oneshot::Sender<Result<(), JournalError>>),
    /// Forget how far a consumer has come.
    ForgetCursor(String, oneshot::Sender<Result<(), JournalError>>),
}

/// What others may see of a committer.
#[derive(Debug, Default)]
pub(crate) struct CommitState {
    pub(crate) number: AtomicU64,
    pub(crate) failing: AtomicBool,
    pub(crate) flush_us: AtomicU64,
    pub(crate) flushes: AtomicU64,
    /// What the journal keeps.
    pub(crate) kept: Kept,
    heartbeat: Mutex<Option<Heartbeat>>,
}

impl CommitState {
    /// Notes a heartbeat that came all the way.
    pub(crate) fn note_heartbeat(&self, heartbeat: Heartbeat) {
        *self.heartbeat.lock() = Some(heartbeat);
    }

    /// The last heartbeat that came all the way.
    pub(crate) fn last_heartbeat(&self) -> Option<Heartbeat> {
        self.heartbeat.lock().clone()
    }
}

/// How far a committer got.
#[derive(Debug)]
pub enum Progress {
    /// Nothing waited.
    Idle,
    /// Something is durable now, and everybody was told.
    Durable,
    /// The disk fails, as it says: try again in a while.
    Failing(JournalError),
}

pub(crate) struct Committer {
    pub(crate) journal: Journal,
    pub(crate) feed: Arc<SiteFeed>,
    pub(crate) account: Arc<Account>,
    pub(crate) inbox: Inbox,
    pub(crate) state: Arc<CommitState>,
    pub(crate) latest: Arc<Latest>,
    pub(crate) live: Arc<Live>,
    /// The files that the next commit to be told begins under.
    pub(crate) plan: Arc<Plan>,
    pub(crate) waiting: VecDeque<Pending>,
    pub(crate) keeper: Keeper,
}

impl Committer {
    /// Takes something to do.
    pub(crate) fn take(&mut self, work: Work) {
        match work {
            Work::Commit(mut pending) => {
                // Alarms go on while the disk fails.
                if self.state.failing.load(Ordering::Acquire) {
                    Self::tell_not_durable(&self.feed, &mut pending);
                }
                self.waiting.push_back(*pending);
            }
            Work::Cursor(cursor, told) => {
                // Whoever asked may have gone.
                let _ = told.send(self.journal.set_cursor(&cursor));
            }
            Work::ForgetCursor(name, told) => {
                let _ = told.send(self.journal.forget_cursor(&name));
            }
        }
    }

    /// Whether as much waits as one flush takes.
    pub(crate) fn has_group(&self) -> bool {
        self.waiting.len() >= GROUP_MAX
    }

    /// Whether so much waits that nothing more may be taken.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.iter().map(Pending::weight_bytes).sum::<usize>() >= WAITING_BYTES_MAX
    }

    /// Writes a group of what waits, in order; gives how many commits are on disk now.
    pub(crate) fn flush(&mut self) -> Result<usize, JournalError> {
        let group = self.waiting.len().min(GROUP_MAX);
        if group == 0 {
            return Ok(0);
        }
        let commits: Vec<Commit> =
            self.waiting.iter_mut().take(group).map(|pending| take_commit(&mut pending.commit)).collect();
        let done = self.journal.append(&commits);
        for (pending, commit) in self.waiting.iter_mut().zip(commits) {
            pending.commit = commit;
        }
        done.map(|_| group)
    }

    /// Lets old commits go, one step. True when another may follow at once.
    pub(crate) fn let_go(&mut self) -> bool {
        self.keeper.step(&mut self.journal, &self.state.kept)
    }

    /// Tells everybody what came of a flush.
    ///
    /// # Errors
    /// What the journal said, when it is damaged: nothing can be written any more.
    pub(crate) fn settle(&mut self, flushed: Result<usize, JournalError>) -> Result<Progress, JournalError> {
        match flushed {
            Ok(0) => Ok(Progress::Idle),
            Ok(group) => {
                self.recovered();
                let durable: Vec<Pending> = self.waiting.drain(..group).collect();
                for pending in durable {
                    self.tell(pending);
                }
                Ok(Progress::Durable)
            }
            Err(error) if error.is_retryable() => {
                self.fails(&error);
                self.waiting.iter_mut().for_each(|pending| Self::tell_not_durable(&self.feed, pending));
                Ok(Progress::Failing(error))
            }
            Err(error) => {
                error!(site = %self.feed.site(), %error, "the journal cannot be written");
                Err(error)
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
        let Pending { mut commit, parcels, counts, unbound, shown, heartbeats, snapshot, told: _ } = pending;
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
        self.show(&mut commit, &shown);
        for transition in commit.transitions {
            self.feed.publish(Delivered { transition: Arc::new(transition), durable: true });
        }
        // After the book shows what was decided: who asked for it will look there next.
        for (parcel, answer) in parcels {
            parcel.answered(answer);
        }
        for heartbeat in heartbeats {
            self.state.note_heartbeat(heartbeat.clone());
            self.feed.beat(heartbeat);
        }
        if let Some(snapshot) = snapshot
            && let Err(error) = self.journal.save_snapshot(&snapshot)
        {
            warn!(site = %self.feed.site(), %error, "the snapshot was not kept, the one before stays");
        }
    }

    /// Notes the commit's readings as the latest, and then tells them to whoever watches: who begins in between sees them twice
    /// rather than never.
    fn show(&mut self, commit: &mut Commit, shown: &Shown) {
        self.latest.note(self.feed.site(), &commit.inputs, shown);
        if shown.has_readings() && self.live.is_watched() {
            self.live.tell(Told::of(commit, &self.plan, shown));
        }
        if let Some(plan) = shown.plans.last() {
            self.plan = Arc::clone(plan);
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
        let fault = Fault { part: JOURNAL_PART.into(), active, tier: Tier::Red, text };
        let parcel = Parcel::new("".into(), Input::Fault(fault), Ack::None);
        // Senders may have filled the inbox while the disk failed, or before.
        if self.inbox.put_own(parcel).is_err() {
            warn!(site = %self.feed.site(), "the writer is gone: the fault is in this log only");
        }
    }
}

fn take_commit(commit: &mut Commit) -> Commit {
    let empty = Commit { number: commit.number, at: commit.at, inputs: Vec::new(), transitions: Vec::new() };
    mem::replace(commit, empty)
}
