//! What the sites of an exit have to tell. Each is followed by itself: one whose journal cannot be read holds up no other.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::{Event, Feed, GapReason, Start, Subscription, Token};

/// How long a site's journal that cannot be read is left alone.
const JOURNAL_PAUSE: Duration = Duration::from_secs(5);
/// Events that wait for the exit, beside those that wait in each site's subscription.
const QUEUE_LEN_MAX: usize = 16;

/// What the sites have to tell; dropped, nobody is followed any more.
pub(super) struct News {
    events: mpsc::Receiver<Event>,
    _tasks: JoinSet<()>,
}

impl News {
    /// Follows sites, each from behind the transition that is dealt with.
    pub(super) fn after(dealt_with: &BTreeMap<Arc<str>, u64>, feed: &Feed, stop: &CancellationToken) -> News {
        let (sender, events) = mpsc::channel(QUEUE_LEN_MAX);
        let mut tasks = JoinSet::new();
        for (site, sequence) in dealt_with {
            let (feed, stop, events) = (feed.clone(), stop.clone(), sender.clone());
            let site = Site { site: Arc::clone(site), seen: *sequence, owed_to: 0, feed, stop, events };
            tasks.spawn(site.follow());
        }
        News { events, _tasks: tasks }
    }

    /// The next event; `None` when there is no site. Of one that is [`Event::Broken`], more will come.
    pub(super) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}

/// A site that is followed.
struct Site {
    site: Arc<str>,
    /// The last transition told.
    seen: u64,
    /// Up to there something was missing that comes once it is written: until then only what is durable moves `seen`.
    owed_to: u64,
    feed: Feed,
    stop: CancellationToken,
    events: mpsc::Sender<Event>,
}

impl Site {
    async fn follow(mut self) {
        loop {
            let mut token = Token::default();
            token.see(&self.site, self.seen);
            let sites = [Arc::clone(&self.site)];
            let mut news = Subscription::start(&self.feed, &sites, &Start::After(token), &self.stop);
            while let Some(event) = news.next().await {
                self.see(&event);
                if self.events.send(event).await.is_err() {
                    return;
                }
            }
            // The journal could not be read: from where it stands, after a while.
            sleep(JOURNAL_PAUSE).await;
        }
    }

    fn see(&mut self, event: &Event) {
        match event {
            Event::Alert(delivered) if delivered.durable || self.seen >= self.owed_to => {
                self.seen = delivered.transition.sequence;
            }
            Event::Gap { from_sequence, to_sequence, reason, .. } => {
                match behind_gap(*from_sequence, *to_sequence, *reason) {
                    Some(behind) => self.seen = behind,
                    None => self.owed_to = *to_sequence,
                }
            }
            Event::Alert(_) | Event::Heartbeat(_) | Event::Broken { .. } => {}
        }
    }
}

/// Where whoever was told of a gap stands. A record that is shorter than the one it knew goes on from its own end. `None` is
/// where it stood: what was not durable comes once it is written, and if Davy dies before, other transitions get the numbers.
pub(super) fn behind_gap(from_sequence: u64, to_sequence: u64, reason: GapReason) -> Option<u64> {
    match reason {
        GapReason::UnknownToken => Some(from_sequence - 1),
        GapReason::Retention => Some(to_sequence),
        GapReason::NotDurable => None,
    }
}
