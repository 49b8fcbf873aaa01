//! One site being served: its engine's two threads, and what the rest of the house holds of it.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use arc_swap::ArcSwap;
use davy_delivery::SiteFeed;
use davy_intake::{Ack, Answer, Inbox, Parcel, SiteDoor};
use davy_journal::{Cursor, JournalError};
use davy_model::{Command, Input, Text, Timestamp};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::{
    beats::Beats,
    clock::Clock,
    commit_thread::CommitThread,
    committer::{CommitState, Work},
    done::Done,
    failure::Failure,
    line::Line,
    link::Forwarded,
    live::Live,
    recover::RecoverError,
    source::Loaded,
    write_thread::{WriteThread, WriterEnd},
    writer::Offers,
};

/// How many judged commits may wait for the one being flushed.
const COMMITS_AHEAD: usize = 1;
/// How many former sets of files are kept at hand, to explain what they decided.
const FORMER_MAX: usize = 8;

/// One site being served.
pub(crate) struct SiteService {
    pub(crate) id: Arc<str>,
    pub(crate) feed: Arc<SiteFeed>,
    pub(crate) inbox: Inbox,
    pub(crate) state: Arc<CommitState>,
    /// Where its readings are told as they become durable.
    pub(crate) live: Arc<Live>,
    /// The files now active, or about to be.
    pub(crate) loaded: ArcSwap<Loaded>,
    /// The files before, the newest last.
    former: Mutex<VecDeque<Arc<Loaded>>>,
    offers: Offers,
    /// The last commands that were done under an id of their own.
    done: Arc<Mutex<Done>>,
    beats: Arc<Beats>,
    threads: Mutex<Option<Threads>>,
    /// Its record, where a lower Davy judges it: then nothing here does.
    pub(crate) forwarded: Option<Forwarded>,
}

struct Threads {
    /// For consumers' cursors.
    work: SyncSender<Work>,
    writer: JoinHandle<WriterEnd>,
    committer: JoinHandle<Result<(), JournalError>>,
}

/// The journal of a site.
pub(crate) fn journal_path(data_dir: &Path, site: &str) -> PathBuf {
    data_dir.join(format!("{site}.sqlite"))
}

impl SiteService {
    /// Starts the two threads of a site's line, and gives what the rest of the house holds of it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(
        line: Line,
        clock: &Clock,
        stop: &CancellationToken,
        failed: &Failure,
    ) -> Result<(SiteService, Arc<SiteDoor>), RecoverError> {
        let Line { id, loaded, writer, committer, feed, inbox, door, offers, beats } = line;
        let (state, live) = (Arc::clone(&committer.state), Arc::clone(&committer.live));
        let done = Arc::clone(&writer.done);
        let (work, waiting) = sync_channel(COMMITS_AHEAD);
        let writing = WriteThread {
            writer,
            clock: clock.clone(),
            committer: work.clone(),
            stop: stop.clone(),
            closing: false,
        };
        let committing = CommitThread { committer, work: waiting };
        let threads = spawn(&id, work, writing, committing, failed)?;
        let service = SiteService {
            id,
            feed,
            inbox,
            state,
            live,
            loaded: ArcSwap::from_pointee(loaded),
            former: Mutex::default(),
            offers,
            done,
            beats,
            threads: Mutex::new(Some(threads)),
            forwarded: None,
        };
        Ok((service, door))
    }

    /// What the rest of the house holds of a site that a lower Davy judges: no file, no inbox, no thread.
    pub(crate) fn forwarded(forwarded: Forwarded) -> SiteService {
        let feed = Arc::clone(forwarded.feed());
        let (inbox, _) = Inbox::new(0);
        SiteService {
            id: Arc::clone(feed.site()),
            inbox,
            state: Arc::clone(forwarded.state()),
            live: Arc::default(),
            loaded: ArcSwap::from_pointee(Loaded::of_nothing(feed.site())),
            former: Mutex::default(),
            offers: Offers::default(),
            done: Arc::default(),
            beats: Arc::new(Beats::after(0)),
            threads: Mutex::new(None),
            feed,
            forwarded: Some(forwarded),
        }
    }

    /// What people call it.
    pub(crate) fn title(&self) -> Text {
        let told = self.forwarded.as_ref().and_then(Forwarded::title);
        told.unwrap_or_else(|| self.loaded.load().plan.site.title.clone())
    }
}

fn spawn(
    id: &Arc<str>,
    work: SyncSender<Work>,
    writing: WriteThread,
    committing: CommitThread,
    failed: &Failure,
) -> Result<Threads, RecoverError> {
    let thread = |name: String| std::thread::Builder::new().name(name);
    let no_thread =
        |error: std::io::Error| RecoverError::Journal(JournalError::Misuse(format!("no thread: {error}")));
    let (of, says) = (Arc::clone(id), failed.clone());
    let committer = thread(format!("commit-{id}")).spawn(move || {
        committing.run().inspect_err(|error| says.report(format!("the journal of {of}: {error}")))
    });
    let committer = committer.map_err(no_thread)?;
    let (of, says) = (Arc::clone(id), failed.clone());
    let writer = thread(format!("write-{id}")).spawn(move || {
        let end = writing.run();
        if let WriterEnd::Judge(error) = &end {
            says.report(format!("the engine of {of}: {error}"));
        }
        end
    });
    Ok(Threads { work, writer: writer.map_err(no_thread)?, committer })
}

/// A command got no answer: the site stops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoAnswer;

impl SiteService {
    /// Whether that very command was done before, under the same id. It may not be on disk yet: [`SiteService::command`] waits.
    pub(crate) fn has_done(&self, command: &Command) -> bool {
        self.done.lock().has(command)
    }

    /// Has an operator's command judged, and waits until the answer is durable.
    pub(crate) async fn command(&self, command: Command) -> Result<Answer, NoAnswer> {
        let (say, hear) = oneshot::channel();
        let ack = Ack::Call(Box::new(move |answer| {
            // Whoever asked may have gone.
            let _ = say.send(answer);
        }));
        let revision = Arc::clone(&self.loaded.load().bundle.revision);
        self.inbox.put(Parcel::new(revision, Input::Command(command), ack)).await.map_err(|_| NoAnswer)?;
        hear.await.map_err(|_| NoAnswer)
    }

    /// What the writer takes when it activates files: held, it holds the engine still.
    #[cfg(test)]
    pub(crate) fn offers(&self) -> &Offers {
        &self.offers
    }

    fn keep_former(&self, loaded: Arc<Loaded>) {
        let mut former = self.former.lock();
        former.push_back(loaded);
        if former.len() > FORMER_MAX {
            former.pop_front();
        }
    }

    /// The files of a revision, if they are active or were a little while ago.
    pub(crate) fn files_of(&self, revision: &str) -> Option<Arc<Loaded>> {
        let active = self.loaded.load_full();
        if active.bundle.revision.as_ref() == revision {
            return Some(active);
        }
        self.former.lock().iter().find(|loaded| loaded.bundle.revision.as_ref() == revision).map(Arc::clone)
    }

    /// Sends a heartbeat down the alarm path. One that finds no room is not sent: that is what its absence says.
    pub(crate) fn beat(&self, now: Timestamp) {
        self.beats.send(now, |number| {
            self.inbox.try_put(Parcel::new("".into(), Input::Heartbeat(number), Ack::None)).is_ok()
        });
    }

    /// Makes other files active, and waits until that is durable.
    pub(crate) async fn activate(&self, loaded: Loaded) -> Result<(), NoAnswer> {
        let (say, hear) = oneshot::channel();
        let ack = Ack::Call(Box::new(move |answer| {
            let _ = say.send(answer);
        }));
        self.offers.lock().push(Arc::clone(&loaded.plan));
        let input = Input::Activate(Arc::clone(&loaded.bundle));
        let parcel = Parcel::new(Arc::clone(&loaded.bundle.revision), input, ack);
        self.keep_former(self.loaded.swap(Arc::new(loaded)));
        self.inbox.put(parcel).await.map_err(|_| NoAnswer)?;
        hear.await.map_err(|_| NoAnswer)?.map_err(|_| NoAnswer)
    }

    /// Notes how far a consumer has come, and waits until that is durable.
    pub(crate) async fn confirm(&self, cursor: Cursor) -> Result<Result<(), JournalError>, NoAnswer> {
        if let Some(forwarded) = &self.forwarded {
            return tokio::task::block_in_place(|| forwarded.confirm(&cursor)).map_err(|_| NoAnswer);
        }
        self.commit(|told| Work::Cursor(cursor, told)).await
    }

    /// Forgets how far a consumer has come, and waits until that is durable.
    pub(crate) async fn forget_cursor(&self, name: String) -> Result<Result<(), JournalError>, NoAnswer> {
        if let Some(forwarded) = &self.forwarded {
            return tokio::task::block_in_place(|| forwarded.forget_cursor(&name)).map_err(|_| NoAnswer);
        }
        self.commit(|told| Work::ForgetCursor(name, told)).await
    }

    async fn commit(
        &self,
        work: impl FnOnce(oneshot::Sender<Result<(), JournalError>>) -> Work,
    ) -> Result<Result<(), JournalError>, NoAnswer> {
        let committer = self.threads.lock().as_ref().map(|threads| threads.work.clone()).ok_or(NoAnswer)?;
        let (say, hear) = oneshot::channel();
        let work = work(say);
        // The committer may be busy, and its queue is short.
        let sent = tokio::task::spawn_blocking(move || committer.send(work).is_ok());
        if !sent.await.unwrap_or(false) {
            return Err(NoAnswer);
        }
        hear.await.map_err(|_| NoAnswer)
    }

    /// Waits for the threads to end, after the stop was asked for.
    pub(crate) fn join(&self) -> Result<(), JournalError> {
        if let Some(forwarded) = &self.forwarded {
            return forwarded.close();
        }
        let Some(threads) = self.threads.lock().take() else { return Ok(()) };
        drop(threads.work);
        // A panic is reported where it happens; there is nothing to add.
        let _ = threads.writer.join();
        threads.committer.join().unwrap_or(Ok(()))
    }
}
