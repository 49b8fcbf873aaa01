//! One subscriber of some sites: a task a site, which drives its [`Follower`] and reads the journal for it.

use std::sync::Arc;

use davy_journal::{JournalError, JournalReader};
use tokio::{
    sync::mpsc,
    task::{JoinSet, spawn_blocking},
};
use tokio_util::sync::CancellationToken;

use crate::{Delivered, Feed, Follower, Heartbeat, SiteFeed, Step, Token};

/// From where a subscriber wants to hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// From now on.
    Now,
    /// Everything after a token; of a site it does not name, from now on.
    After(Token),
}

/// What a subscriber hears.
#[derive(Clone, Debug)]
pub enum Event {
    /// A transition.
    Alert(Delivered),
    /// The alarm path works.
    Heartbeat(Heartbeat),
    /// Transitions that cannot be had: any more, ever, or while the journal fails.
    Gap {
        /// Of which site.
        site: Arc<str>,
        /// The first of them.
        from_sequence: u64,
        /// The last of them.
        to_sequence: u64,
        /// Why.
        reason: GapReason,
    },
    /// The journal cannot be read: the subscription of this site ends here.
    Broken {
        /// Of which site.
        site: Arc<str>,
        /// What the journal said.
        error: Arc<JournalError>,
    },
}

/// Why transitions cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// They are older than what the journal keeps.
    Retention,
    /// The token is another journal's, or that of an older copy of it: ahead of the site, or it names another transition. Of
    /// the numbers said, what this journal has under them was not told to whoever has the token.
    UnknownToken,
    /// They were told while the journal failed, and are not on disk yet. Those that are written in the end come then.
    NotDurable,
}

/// A subscription to some sites; dropping it ends it.
#[derive(Debug)]
pub struct Subscription {
    events: mpsc::Receiver<Event>,
    tasks: JoinSet<()>,
}

/// How many events wait for a subscriber that reads slowly; past it, it reads on from the journal.
const QUEUE_LEN_MAX: usize = 256;
/// How many transitions are read from the journal at a time.
const PAGE_LEN: usize = 256;

impl Subscription {
    /// Subscribes to `sites`. Ends when `stop` is cancelled, or by being dropped.
    pub fn start(feed: &Feed, sites: &[Arc<str>], start: &Start, stop: &CancellationToken) -> Subscription {
        let (sender, events) = mpsc::channel(QUEUE_LEN_MAX);
        let mut tasks = JoinSet::new();
        for site in sites.iter().filter_map(|site| feed.site(site)) {
            let task = Task {
                follower: Follower::start(site, start),
                feed: Arc::clone(site),
                events: sender.clone(),
                reader: None,
            };
            let stop = stop.clone();
            tasks.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = task.run() => {}
                }
            });
        }
        Subscription { events, tasks }
    }

    /// The next event; `None` when the subscription has ended.
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.events.recv().await;
        if event.is_none() {
            self.tasks.abort_all();
        }
        event
    }
}

/// Follows one site.
struct Task {
    follower: Follower,
    feed: Arc<SiteFeed>,
    events: mpsc::Sender<Event>,
    reader: Option<JournalReader>,
}

impl Task {
    async fn run(mut self) {
        loop {
            match self.follower.step() {
                Step::Say(event) => {
                    if self.events.send(event).await.is_err() {
                        // The subscriber is gone.
                        return;
                    }
                }
                Step::Look { sequence } => {
                    let found = self.ask(move |reader| reader.transition(sequence)).await;
                    self.follower.look(found);
                }
                Step::Read { after } => {
                    let page = self.ask(move |reader| reader.transitions_after(after, PAGE_LEN)).await;
                    self.follower.read(page);
                }
                Step::Wait => self.follower.hear().await,
                Step::End => return,
            }
        }
    }

    /// Asks the journal on a thread that may block, with the reader kept from the time before.
    async fn ask<T: Send + 'static>(
        &mut self,
        ask: impl FnOnce(&JournalReader) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let (reader, feed) = (self.reader.take(), Arc::clone(&self.feed));
        let asked = spawn_blocking(move || {
            let reader = reader.map_or_else(|| JournalReader::open(feed.journal()), Ok)?;
            let found = ask(&reader);
            found.map(|found| (reader, found))
        });
        let asked = asked.await;
        let asked =
            asked.unwrap_or_else(|error| Err(JournalError::Misuse(format!("reading the journal: {error}"))));
        let (reader, found) = asked?;
        self.reader = Some(reader);
        Ok(found)
    }
}
