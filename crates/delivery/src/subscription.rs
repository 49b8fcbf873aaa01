//! One subscriber: the past from the journal, then live, under one gate of sequence numbers.

use std::sync::Arc;

use davy_journal::{JournalError, JournalReader};
use davy_model::Transition;
use tokio::{
    sync::{broadcast::error::RecvError, mpsc},
    task::{JoinSet, spawn_blocking},
};
use tokio_util::sync::CancellationToken;

use crate::{Delivered, Feed, Heartbeat, SiteFeed, Token, site_feed::Item};

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
    /// Transitions that cannot be had any more, or never could.
    Gap {
        /// Of which site.
        site: Arc<str>,
        /// The first of them.
        from_sequence: u64,
        /// The last of them; before `from_sequence` when the token was ahead of the site.
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
    /// The token is ahead of the site: it is another journal's.
    UnknownToken,
    /// They were told while the journal failed, and are not on disk.
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
            let receiver = site.listen();
            // After listening began: what is published from here on is heard live, or is in the journal by then.
            let now = site.sequence();
            let seen = match start {
                Start::Now => now,
                Start::After(token) => token.seen(site.site()).unwrap_or(now),
            };
            let follower = Follower { feed: Arc::clone(site), events: sender.clone(), seen, reader: None };
            let stop = stop.clone();
            tasks.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    _ = follower.follow(receiver) => {}
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
struct Follower {
    feed: Arc<SiteFeed>,
    events: mpsc::Sender<Event>,
    seen: u64,
    reader: Option<JournalReader>,
}

/// The subscriber is gone.
struct Gone;

impl Follower {
    async fn follow(mut self, mut live: tokio::sync::broadcast::Receiver<Item>) -> Result<(), Gone> {
        if self.seen > self.feed.sequence() {
            let head = self.feed.sequence();
            self.gap(head + 1, self.seen, GapReason::UnknownToken).await?;
            self.seen = head;
        }
        if self.seen < self.feed.sequence() {
            self.catch_up().await?;
        }
        loop {
            match live.recv().await {
                Ok(Item::Alert(delivered)) => self.alert(delivered).await?,
                Ok(Item::Heartbeat(heartbeat)) => self.send(Event::Heartbeat(heartbeat)).await?,
                Err(RecvError::Lagged(_)) => self.catch_up().await?,
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    }

    async fn alert(&mut self, delivered: Delivered) -> Result<(), Gone> {
        let sequence = delivered.transition.sequence;
        if sequence <= self.seen {
            return Ok(());
        }
        if sequence > self.seen + 1 {
            self.catch_up().await?;
            if sequence <= self.seen {
                return Ok(());
            }
            if sequence > self.seen + 1 {
                self.gap(self.seen + 1, sequence - 1, GapReason::NotDurable).await?;
            }
        }
        self.seen = sequence;
        self.send(Event::Alert(delivered)).await
    }

    /// Reads on from the journal until there is no more.
    async fn catch_up(&mut self) -> Result<(), Gone> {
        loop {
            let (reader, page) = read_page(self.reader.take(), &self.feed, self.seen).await;
            self.reader = reader;
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    let site = Arc::clone(self.feed.site());
                    self.send(Event::Broken { site, error: Arc::new(error) }).await?;
                    return Err(Gone);
                }
            };
            let Some(first) = page.first() else { return Ok(()) };
            if first.sequence > self.seen + 1 {
                self.gap(self.seen + 1, first.sequence - 1, GapReason::Retention).await?;
            }
            for transition in page {
                self.seen = transition.sequence;
                self.send(Event::Alert(Delivered { transition: Arc::new(transition), durable: true }))
                    .await?;
            }
        }
    }

    async fn gap(&mut self, from_sequence: u64, to_sequence: u64, reason: GapReason) -> Result<(), Gone> {
        let site = Arc::clone(self.feed.site());
        self.send(Event::Gap { site, from_sequence, to_sequence, reason }).await
    }

    async fn send(&mut self, event: Event) -> Result<(), Gone> {
        self.events.send(event).await.map_err(|_| Gone)
    }
}

type Page = (Option<JournalReader>, Result<Vec<Transition>, JournalError>);

/// Reads a page on a thread that may block, with the reader kept from the page before.
async fn read_page(reader: Option<JournalReader>, feed: &Arc<SiteFeed>, after: u64) -> Page {
    let feed = Arc::clone(feed);
    let read = move || {
        let reader = match reader.map_or_else(|| JournalReader::open(feed.journal()), Ok) {
            Ok(reader) => reader,
            Err(error) => return (None, Err(error)),
        };
        let page = reader.transitions_after(after, PAGE_LEN);
        (Some(reader), page)
    };
    match spawn_blocking(read).await {
        Ok(page) => page,
        Err(error) => (None, Err(JournalError::Misuse(format!("reading the journal: {error}")))),
    }
}
