//! One subscriber of one site, step by step: the past from the journal, then live, under one gate of sequence numbers.
//!
//! It neither reads nor waits by itself: it says what it needs, and whoever drives it goes and gets it.

use std::{collections::VecDeque, sync::Arc};

use davy_journal::JournalError;
use davy_model::Transition;
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

use crate::{Delivered, Event, GapReason, SiteFeed, Start, site_feed::Item};

/// Follows one site.
#[derive(Debug)]
pub struct Follower {
    feed: Arc<SiteFeed>,
    live: Receiver<Item>,
    /// The last transition said.
    seen: u64,
    /// Heard live, with others missing before it.
    held: Option<Delivered>,
    /// The journal has, or may have, what comes next.
    behind: bool,
    ended: bool,
    said: VecDeque<Event>,
}

/// What a follower needs done.
#[derive(Debug)]
pub enum Step {
    /// Tell the subscriber.
    Say(Event),
    /// Read transitions after that sequence from the journal, and give them to [`Follower::read`].
    Read {
        /// The last one it has.
        after: u64,
    },
    /// Nothing until something is published.
    Wait,
    /// No more will come.
    End,
}

impl Follower {
    /// Follows `feed` from `start` on.
    pub fn start(feed: &Arc<SiteFeed>, start: &Start) -> Follower {
        let live = feed.listen();
        // After listening began: what is published from here on is heard live, or is in the journal by then.
        let head = feed.sequence();
        let seen = match start {
            Start::Now => head,
            Start::After(token) => token.seen(feed.site()).unwrap_or(head),
        };
        let mut follower = Follower {
            feed: Arc::clone(feed),
            live,
            seen: seen.min(head),
            held: None,
            behind: seen < head,
            ended: false,
            said: VecDeque::new(),
        };
        if seen > head {
            follower.gap(head + 1, seen, GapReason::UnknownToken);
        }
        follower
    }

    /// What is to be done next.
    pub fn step(&mut self) -> Step {
        if let Some(event) = self.said.pop_front() {
            return Step::Say(event);
        }
        if self.ended {
            return Step::End;
        }
        if self.behind {
            return Step::Read { after: self.seen };
        }
        if let Some(held) = self.held.take() {
            let sequence = held.transition.sequence;
            if sequence > self.seen + 1 {
                self.gap(self.seen + 1, sequence - 1, GapReason::NotDurable);
                self.seen = sequence - 1;
            }
            self.alert(held);
            return self.step();
        }
        Step::Wait
    }

    /// What the journal has after the last one said; nothing when there is no more.
    pub fn read(&mut self, page: Result<Vec<Transition>, JournalError>) {
        let page = match page {
            Ok(page) => page,
            Err(JournalError::NoLongerKept { first, .. }) => {
                self.gap(self.seen + 1, first.sequence - 1, GapReason::Retention);
                // What follows is there, and is asked for next.
                self.seen = first.sequence - 1;
                return;
            }
            Err(error) => {
                let site = Arc::clone(self.feed.site());
                self.said.push_back(Event::Broken { site, error: Arc::new(error) });
                self.ended = true;
                return;
            }
        };
        if page.is_empty() {
            self.behind = false;
            return;
        }
        for transition in page {
            if transition.sequence > self.seen + 1 {
                self.gap(self.seen + 1, transition.sequence - 1, GapReason::Retention);
            }
            self.seen = transition.sequence;
            self.said.push_back(Event::Alert(Delivered { transition: Arc::new(transition), durable: true }));
        }
    }

    /// Waits until something is published.
    pub async fn hear(&mut self) {
        match self.live.recv().await {
            Ok(item) => self.take(item),
            Err(RecvError::Lagged(_)) => self.behind = true,
            Err(RecvError::Closed) => self.ended = true,
        }
    }

    /// Takes what was published since; false when that is nothing.
    pub fn hear_now(&mut self) -> bool {
        match self.live.try_recv() {
            Ok(item) => self.take(item),
            Err(TryRecvError::Lagged(_)) => self.behind = true,
            Err(TryRecvError::Closed) => self.ended = true,
            Err(TryRecvError::Empty) => return false,
        }
        true
    }

    fn take(&mut self, item: Item) {
        match item {
            Item::Heartbeat(heartbeat) => self.said.push_back(Event::Heartbeat(heartbeat)),
            Item::Alert(delivered) if delivered.transition.sequence > self.seen + 1 => {
                self.held = Some(delivered);
                self.behind = true;
            }
            Item::Alert(delivered) => self.alert(delivered),
        }
    }

    fn alert(&mut self, delivered: Delivered) {
        if delivered.transition.sequence > self.seen {
            self.seen = delivered.transition.sequence;
            self.said.push_back(Event::Alert(delivered));
        }
    }

    fn gap(&mut self, from_sequence: u64, to_sequence: u64, reason: GapReason) {
        let site = Arc::clone(self.feed.site());
        self.said.push_back(Event::Gap { site, from_sequence, to_sequence, reason });
    }
}

#[cfg(test)]
mod tests {
    use davy_journal::FirstKept;

    use super::*;
    use crate::Token;

    #[test]
    fn what_the_journal_let_go_is_a_gap_and_what_it_kept_follows() {
        let feed = Arc::new(SiteFeed::new("park".into(), "park.sqlite".into(), 90));
        let mut token = Token::default();
        token.see(&"park".into(), 20);
        let mut follower = Follower::start(&feed, &Start::After(token));
        assert!(matches!(follower.step(), Step::Read { after: 20 }));
        let first = FirstKept { number: 500, sequence: 61 };
        follower.read(Err(JournalError::NoLongerKept { what: "transition 21".to_owned(), first }));
        let Step::Say(Event::Gap { from_sequence, to_sequence, reason, .. }) = follower.step() else {
            panic!("a gap")
        };
        assert_eq!((from_sequence, to_sequence, reason), (21, 60, GapReason::Retention));
        assert!(matches!(follower.step(), Step::Read { after: 60 }));
        follower.read(Ok(Vec::new()));
        assert!(matches!(follower.step(), Step::Wait));
        // Of any other trouble it is told, and that is the end.
        follower.behind = true;
        follower.read(Err(JournalError::Full("no disk".to_owned())));
        assert!(matches!(follower.step(), Step::Say(Event::Broken { .. })));
        assert!(matches!(follower.step(), Step::End));
    }
}
