//! One site being served: its engine's two threads, and what the rest of the house holds of it.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use arc_swap::ArcSwap;
use davy_delivery::SiteFeed;
use davy_engine::Known;
use davy_intake::{Ack, Answer, Inbox, InboxReceiver, Keeping, Parcel, SiteDoor};
use davy_journal::{Cursor, JournalError, JournalReader};
use davy_model::{Command, Input, Transition};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    committer::{CommitState, Committer, Work},
    recover::{RecoverError, Recovered, recover},
    source::Loaded,
    writer::{Offers, Writer, WriterEnd},
};

/// How many judged commits may wait for the one being flushed.
const COMMITS_AHEAD: usize = 1;
/// How many former sets of files are kept at hand, to explain what they decided.
const FORMER_MAX: usize = 8;
/// How many transitions of a standing alarm are read to say how it stands.
const STORY_LEN_MAX: usize = 64;

/// One site being served.
pub(crate) struct SiteService {
    pub(crate) id: Arc<str>,
    pub(crate) feed: Arc<SiteFeed>,
    pub(crate) inbox: Inbox,
    pub(crate) state: Arc<CommitState>,
    /// The files now active, or about to be.
    pub(crate) loaded: ArcSwap<Loaded>,
    /// The files before, the newest last.
    former: Mutex<VecDeque<Arc<Loaded>>>,
    offers: Offers,
    heartbeat: AtomicU64,
    threads: Mutex<Option<Threads>>,
}

struct Threads {
    /// For consumers' cursors.
    work: SyncSender<Work>,
    writer: JoinHandle<WriterEnd>,
    committer: JoinHandle<Result<(), JournalError>>,
}

/// A site that was taken up and does not run yet.
pub(crate) struct Opened {
    loaded: Loaded,
    recovered: Recovered,
    path: PathBuf,
}

/// The journal of a site.
pub(crate) fn journal_path(data_dir: &Path, site: &str) -> PathBuf {
    data_dir.join(format!("{site}.sqlite"))
}

impl Opened {
    /// Takes up the site's journal; makes it when there is none.
    pub(crate) fn open(loaded: Loaded, data_dir: &Path) -> Result<Opened, RecoverError> {
        let path = journal_path(data_dir, &loaded.bundle.site);
        let recovered = recover(&path, &loaded.bundle.site)?;
        Ok(Opened { loaded, recovered, path })
    }

    /// When its last commit was: the clock may not be behind it.
    pub(crate) fn last_at(&self) -> davy_model::Timestamp {
        self.recovered.head.at
    }

    /// Starts its threads. The first things in its log are that it was down, and its files if they are new.
    pub(crate) fn run(
        self,
        clock: &Clock,
        inbox_bytes: usize,
        stop: &CancellationToken,
        failed: &crate::failure::Failure,
    ) -> Result<(SiteService, SiteDoor), RecoverError> {
        let Opened { loaded, recovered, path } = self;
        let id = Arc::clone(&loaded.bundle.site);
        let (inbox, receiver) = Inbox::new(inbox_bytes);
        let feed = Arc::new(SiteFeed::new(Arc::clone(&id), path.clone(), recovered.head.sequence));
        fill_book(&feed, &path, &recovered)?;
        let plan = &loaded.plan;
        let site = Arc::new(plan.site.clone());
        let door = SiteDoor::new(site, Arc::clone(&plan.revision), inbox.clone(), Keeping::default());
        let offers: Offers = Arc::new(Mutex::new(vec![Arc::clone(plan)]));
        first_inputs(&inbox, &recovered, &loaded);
        let state = Arc::new(CommitState::default());
        state.number.store(recovered.head.number, Ordering::Release);
        let heartbeat = AtomicU64::new(recovered.heartbeat);
        let parts = Parts { id: &id, feed: &feed, inbox: &inbox, state: &state, account: &door.account };
        let threads =
            start(parts, recovered, receiver, clock.clone(), &offers, stop.clone(), failed.clone())?;
        let service = SiteService {
            id,
            feed,
            inbox,
            state,
            loaded: ArcSwap::from_pointee(loaded),
            former: Mutex::default(),
            offers,
            heartbeat,
            threads: Mutex::new(Some(threads)),
        };
        Ok((service, door))
    }
}

#[derive(Clone, Copy)]
struct Parts<'a> {
    id: &'a Arc<str>,
    feed: &'a Arc<SiteFeed>,
    inbox: &'a Inbox,
    state: &'a Arc<CommitState>,
    account: &'a Arc<davy_intake::Account>,
}

fn start(
    parts: Parts<'_>,
    recovered: Recovered,
    inbox: InboxReceiver,
    clock: Clock,
    offers: &Offers,
    stop: CancellationToken,
    failed: crate::failure::Failure,
) -> Result<Threads, RecoverError> {
    let (committer, work) = sync_channel(COMMITS_AHEAD);
    let cursors = committer.clone();
    let writer = Writer {
        site: Arc::clone(parts.id),
        judge: recovered.judge,
        inbox,
        clock,
        committer,
        offers: Arc::clone(offers),
        number: recovered.head.number,
        at: recovered.head.at,
        activated_in: recovered.activated_in,
        snapshot_number: recovered.head.number,
        snapshot_at: recovered.head.at,
        former: None,
        stop,
        closing: false,
    };
    let committing = Committer {
        journal: recovered.journal,
        work,
        feed: Arc::clone(parts.feed),
        account: Arc::clone(parts.account),
        inbox: parts.inbox.clone(),
        state: Arc::clone(parts.state),
    };
    let id = Arc::clone(parts.id);
    let failed_too = failed.clone();
    let spawn = |name: String| std::thread::Builder::new().name(name);
    let no_thread =
        |error: std::io::Error| RecoverError::Journal(JournalError::Misuse(format!("no thread: {error}")));
    let committer = spawn(format!("commit-{id}")).spawn(move || {
        committing.run().inspect_err(|error| failed.report(format!("the journal of {id}: {error}")))
    });
    let committer = committer.map_err(no_thread)?;
    let id = Arc::clone(parts.id);
    let writer = spawn(format!("write-{id}")).spawn(move || {
        let end = writer.run();
        if let WriterEnd::Judge(error) = &end {
            failed_too.report(format!("the engine of {id}: {error}"));
        }
        end
    });
    Ok(Threads { work: cursors, writer: writer.map_err(no_thread)?, committer })
}

/// A log that goes on begins with the fact that Davy was down; files that are not the active ones follow.
fn first_inputs(inbox: &Inbox, recovered: &Recovered, loaded: &Loaded) {
    let active = recovered.judge.engine().map(|engine| Arc::clone(&engine.plan().revision));
    let put = |input: Input| {
        let parcel = Parcel::new(Arc::clone(&loaded.bundle.revision), input, Ack::None);
        assert!(inbox.try_put(parcel).is_ok(), "a new inbox takes what is in it first");
    };
    if active.is_some() {
        put(Input::Restarted);
    }
    if active.as_deref() != Some(loaded.bundle.revision.as_ref()) {
        put(Input::Activate(Arc::clone(&loaded.bundle)));
    }
}

/// How each alarm stands, told from the journal.
fn fill_book(feed: &SiteFeed, path: &Path, recovered: &Recovered) -> Result<(), RecoverError> {
    let Some(engine) = recovered.judge.engine() else { return Ok(()) };
    let known = engine.known();
    if known.is_empty() {
        return Ok(());
    }
    let reader = JournalReader::open(path)?;
    for alarm in known {
        for transition in story(&reader, &alarm)? {
            feed.book().note(&Arc::new(transition));
        }
    }
    Ok(())
}

/// What the book needs of an alarm: its last occurrence while it stands, its last transition once it is over.
fn story(reader: &JournalReader, known: &Known) -> Result<Vec<Transition>, JournalError> {
    if !known.stands {
        return Ok(reader.transition(known.last_sequence)?.into_iter().collect());
    }
    let history = reader.transitions_of(&known.alarm, known.last_sequence + 1, STORY_LEN_MAX)?;
    let raised =
        reader.transition(known.raised_sequence.max(1))?.filter(|raised| raised.alarm == known.alarm);
    let since = raised.as_ref().map_or(0, |raised| raised.sequence);
    let newer = history.transitions.into_iter().filter(|transition| transition.sequence > since);
    let mut story: Vec<_> = newer.chain(raised).collect();
    story.sort_by_key(|transition| transition.sequence);
    Ok(story)
}

/// A command got no answer: the site stops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoAnswer;

impl SiteService {
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
    pub(crate) fn beat(&self) {
        let number = self.heartbeat.load(Ordering::Relaxed) + 1;
        let parcel = Parcel::new("".into(), Input::Heartbeat(number), Ack::None);
        if self.inbox.try_put(parcel).is_ok() {
            self.heartbeat.store(number, Ordering::Relaxed);
        }
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
        let work = self.threads.lock().as_ref().map(|threads| threads.work.clone()).ok_or(NoAnswer)?;
        let (say, hear) = oneshot::channel();
        // The committer may be busy, and its queue is short.
        let sent = tokio::task::spawn_blocking(move || work.send(Work::Cursor(cursor, say)).is_ok());
        if !sent.await.unwrap_or(false) {
            return Err(NoAnswer);
        }
        hear.await.map_err(|_| NoAnswer)
    }

    /// Waits for the threads to end, after the stop was asked for.
    pub(crate) fn join(&self) -> Result<(), JournalError> {
        let Some(threads) = self.threads.lock().take() else { return Ok(()) };
        drop(threads.work);
        // A panic is reported where it happens; there is nothing to add.
        let _ = threads.writer.join();
        threads.committer.join().unwrap_or(Ok(()))
    }
}
