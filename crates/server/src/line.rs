//! One site's straight line, from its inbox to its feed, without the threads that drive it.
//!
//! A server gives the two halves a thread each; a simulation drives them itself, in an order of its own. Nothing here
//! knows what time it is.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
};

use davy_delivery::SiteFeed;
use davy_engine::{Engine, JudgeError, Known};
use davy_intake::{Ack, Inbox, InboxReceiver, Keeping, Parcel, SiteDoor, readings_topic};
use davy_journal::{Cursor, JournalError, JournalReader, Options, Place};
use davy_model::{AlarmKey, Condition, Input, Timestamp, Transition};
use parking_lot::Mutex;

use crate::{
    beats::Beats,
    committer::{CommitState, Committer, JOURNAL_PART, Work},
    keeper::Keeper,
    latest::Latest,
    pending::Pending,
    recover::{RecoverError, Recovered, recover},
    retention::Retention,
    source::Loaded,
    writer::{Offers, Writer},
};
pub use crate::{clock::Hands, committer::Progress};

/// How many transitions of a standing alarm are read to say how it stands.
const STORY_LEN_MAX: usize = 64;

/// A site whose journal was taken up, and that does not run yet.
pub struct Opened {
    loaded: Loaded,
    recovered: Recovered,
    place: Place,
    retention: Retention,
    latest: Arc<Latest>,
}

/// One site, ready to run.
pub struct Line {
    pub(crate) id: Arc<str>,
    pub(crate) loaded: Loaded,
    pub(crate) writer: Writer,
    pub(crate) committer: Committer,
    pub(crate) feed: Arc<SiteFeed>,
    pub(crate) inbox: Inbox,
    pub(crate) door: Arc<SiteDoor>,
    pub(crate) offers: Offers,
    /// The heartbeats under way to the writer.
    pub(crate) beats: Arc<Beats>,
}

/// A judged commit on its way to the committer.
pub struct Judged(Box<Pending>);

impl Opened {
    /// Takes up the site's journal; makes it when there is none.
    ///
    /// # Errors
    /// [`RecoverError`]: it stops loudly, nothing is guessed.
    pub fn open(loaded: Loaded, place: impl Into<Place>, options: Options) -> Result<Opened, RecoverError> {
        let place = place.into();
        let recovered = recover(&place, &loaded.bundle.site, options)?;
        let (retention, latest) = (Retention::default(), Arc::default());
        Ok(Opened { loaded, recovered, place, retention, latest })
    }

    /// It with another retention than by default.
    #[must_use]
    pub fn keeping(self, retention: Retention) -> Opened {
        Opened { retention, ..self }
    }

    /// It with last readings among those of other sites.
    #[must_use]
    pub(crate) fn showing(self, latest: &Arc<Latest>) -> Opened {
        Opened { latest: Arc::clone(latest), ..self }
    }

    /// It with the files that are to be active, in place of those it was opened with.
    ///
    /// # Errors
    /// As `settle`.
    pub(crate) fn settled<E>(
        mut self,
        settle: impl FnOnce(Loaded) -> Result<Loaded, E>,
    ) -> Result<Opened, E> {
        self.loaded = settle(self.loaded)?;
        Ok(self)
    }

    /// When its last commit was: the clock may not be behind it.
    pub fn last_at(&self) -> Timestamp {
        self.recovered.head.at
    }

    /// Puts the line together. The first things in its log are that it was down, and its files if they are new.
    ///
    /// # Errors
    /// When the journal does not say how its alarms stand.
    pub fn line(self, inbox_bytes: usize) -> Result<Line, RecoverError> {
        let Opened { loaded, recovered, place, retention, latest } = self;
        let id = Arc::clone(&loaded.bundle.site);
        let (inbox, receiver) = Inbox::new(inbox_bytes);
        let sequence = recovered.head.sequence;
        let last = JournalReader::open(&place)?.transition(sequence)?;
        let feed = SiteFeed::new(Arc::clone(&id), place.path.clone(), sequence).after(last.as_ref());
        let feed = Arc::new(feed);
        fill_book(&feed, &place, &recovered)?;
        let plan = &loaded.plan;
        let engine = recovered.judge.engine();
        latest.begin(&id, plan, engine);
        let begun = Arc::clone(engine.map_or(plan, Engine::plan));
        let site = Arc::new(plan.site.clone());
        let (revision, ways) = (Arc::clone(&plan.revision), Arc::clone(&loaded.ways));
        let door = Arc::new(SiteDoor::new(site, revision, ways, inbox.clone(), Keeping::default()));
        for (node, seq) in recovered.counted.iter() {
            door.gaps.seed(node, &readings_topic(&id, node).into(), seq);
        }
        let offers: Offers = Arc::new(Mutex::new(vec![Arc::clone(plan)]));
        first_inputs(&inbox, &recovered, &loaded);
        let state = Arc::new(CommitState::default());
        state.number.store(recovered.head.number, Ordering::Release);
        // The log may end while the journal failed: then it fails until a flush succeeds, and that is said.
        state.failing.store(journal_failed(&feed), Ordering::Release);
        let (journal, writer) = writer(Arc::clone(&id), recovered, receiver, Arc::clone(&offers));
        let committer = Committer {
            journal,
            feed: Arc::clone(&feed),
            account: Arc::clone(&door.account),
            inbox: inbox.clone(),
            state,
            latest,
            live: Arc::default(),
            plan: begun,
            waiting: VecDeque::new(),
            keeper: Keeper::new(retention),
        };
        let beats = Arc::clone(&writer.beats);
        Ok(Line { id, loaded, writer, committer, feed, inbox, door, offers, beats })
    }
}

impl Line {
    /// Where its readings go in.
    pub fn door(&self) -> &Arc<SiteDoor> {
        &self.door
    }

    /// Where its transitions come out.
    pub fn feed(&self) -> &Arc<SiteFeed> {
        &self.feed
    }

    /// Number of the last heartbeat in its log when it was taken up, or sent since.
    pub fn heartbeat(&self) -> u64 {
        self.beats.last()
    }

    /// When something will be due if nothing else comes.
    pub fn next_deadline(&mut self) -> Option<Timestamp> {
        self.writer.next_deadline()
    }

    /// The writer's turn: judges what waits in the inbox, or a tick when nothing waits and `ticks`.
    ///
    /// # Errors
    /// When the log can no longer be judged.
    pub fn judge(&mut self, now: Timestamp, ticks: bool) -> Result<Option<Judged>, JudgeError> {
        let mut parcels = Vec::new();
        self.writer.gather(&mut parcels);
        if parcels.is_empty() && ticks {
            parcels.push(self.writer.tick());
        }
        if parcels.is_empty() {
            return Ok(None);
        }
        self.writer.write(now, &mut parcels).map(|pending| Some(Judged(Box::new(pending))))
    }

    /// Hands a judged commit to the committer.
    pub fn hand_on(&mut self, judged: Judged) {
        self.committer.take(Work::Commit(judged.0));
    }

    /// The committer's turn: writes what waits.
    pub fn flush(&mut self) -> Result<usize, JournalError> {
        self.committer.flush()
    }

    /// The committer's turn, once the disk has answered: tells senders and consumers.
    ///
    /// # Errors
    /// What the journal said, when it can no longer be written.
    pub fn settle(&mut self, flushed: Result<usize, JournalError>) -> Result<Progress, JournalError> {
        self.committer.settle(flushed)
    }

    /// The committer's turn, when it has nothing else to do: lets old commits go, one step. True when another may follow at
    /// once.
    pub fn let_go(&mut self) -> bool {
        self.committer.let_go()
    }

    /// Whether so much waits for a failing disk that nothing more may be handed on.
    pub fn is_full(&self) -> bool {
        self.committer.is_full()
    }

    /// Notes how far a consumer has come.
    ///
    /// # Errors
    /// As the journal.
    pub fn confirm(&mut self, cursor: &Cursor) -> Result<(), JournalError> {
        self.committer.journal.set_cursor(cursor)
    }

    /// How far a consumer has come.
    ///
    /// # Errors
    /// As the journal.
    pub fn cursor(&self, name: &str) -> Result<Option<Cursor>, JournalError> {
        self.committer.journal.cursor(name)
    }

    /// The state after everything judged, to be left behind at a clean end.
    ///
    /// # Errors
    /// When the log can no longer be judged.
    pub fn last(&mut self, now: Timestamp) -> Result<Option<Judged>, JudgeError> {
        Ok(self.writer.last(now)?.map(|pending| Judged(Box::new(pending))))
    }

    /// Ends cleanly.
    ///
    /// # Errors
    /// As the journal. What was durable stays so.
    pub fn close(self) -> Result<(), JournalError> {
        self.committer.journal.close().map(drop)
    }
}

fn writer(
    site: Arc<str>,
    recovered: Recovered,
    inbox: InboxReceiver,
    offers: Offers,
) -> (davy_journal::Journal, Writer) {
    let Recovered { journal, head, judge, counted, done, activated_in, heartbeat } = recovered;
    let writer = Writer {
        site,
        judge,
        counted,
        done: Arc::new(Mutex::new(done)),
        inbox,
        offers,
        number: head.number,
        at: head.at,
        activated_in,
        beats: Arc::new(Beats::after(heartbeat)),
        judged_at: None,
        snapshot_number: head.number,
        snapshot_at: head.at,
        former: None,
    };
    (journal, writer)
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

/// Whether the journal's own fault stands in the log.
fn journal_failed(feed: &SiteFeed) -> bool {
    let alarm = AlarmKey {
        site: Arc::clone(feed.site()),
        rule: davy_engine::FAULT_RULE.into(),
        subject: JOURNAL_PART.into(),
    };
    feed.book().get(&alarm).is_some_and(|entry| entry.last.facts.condition == Condition::Active)
}

/// How each alarm stands, told from the journal.
fn fill_book(feed: &SiteFeed, place: &Place, recovered: &Recovered) -> Result<(), RecoverError> {
    let Some(engine) = recovered.judge.engine() else { return Ok(()) };
    let known = engine.known();
    if known.is_empty() {
        return Ok(());
    }
    let reader = JournalReader::open(place)?;
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
