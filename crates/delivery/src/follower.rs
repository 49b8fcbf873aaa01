//! One subscriber of one site, step by step: the past from the journal, then live, under one gate of sequence numbers.
//!
//! It neither reads nor waits by itself: it says what it needs, and whoever drives it goes and gets it.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use davy_journal::JournalError;
use davy_model::{Timestamp, Transition};
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

use crate::{Delivered, Event, GapReason, Mark, SiteFeed, Start, site_feed::Item};

/// Follows one site.
#[derive(Debug)]
pub struct Follower {
    feed: Arc<SiteFeed>,
    live: Receiver<Item>,
    /// The last transition said, or said to be missing.
    seen: u64,
    /// Said to be missing while the journal fails, and what was heard since: once it has them, they are read and said in order.
    /// Empty when there are none.
    owed: Range<u64>,
    /// When the one it begins after was recorded, as its token has it, while nobody looked whether that is so.
    unproven: Option<Timestamp>,
    /// The last transition that there was when the journal was asked for what comes next.
    asked_at: u64,
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
    /// Look up the transition of that number in the journal, and give it to [`Follower::look`].
    Look {
        /// The one that the token names.
        sequence: u64,
    },
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
        let head = feed.last_sequence();
        let begin = match start {
            Start::Now => None,
            Start::After(token) => token.seen(feed.site()),
        };
        let begin = begin.unwrap_or(Mark::from(head));
        let mut follower = Follower {
            feed: Arc::clone(feed),
            live,
            seen: begin.sequence.min(head),
            owed: 0..0,
            unproven: None,
            asked_at: head,
            held: None,
            behind: begin.sequence < head,
            ended: false,
            said: VecDeque::new(),
        };
        if begin.sequence > head {
            follower.gap(head + 1, begin.sequence, GapReason::UnknownToken);
        } else {
            match feed.has(begin) {
                Some(true) => {}
                Some(false) => follower.begins_elsewhere(),
                None => follower.unproven = begin.recorded_time,
            }
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
        if self.unproven.is_some() {
            return Step::Look { sequence: self.seen };
        }
        if self.behind {
            self.asked_at = self.feed.sequence();
            return Step::Read { after: self.settled() };
        }
        if let Some(held) = self.held.take() {
            let sequence = held.transition.sequence;
            self.owes_up_to(sequence - 1);
            self.alert(held);
            return self.step();
        }
        Step::Wait
    }

    /// What the journal has under the number that the token names; nothing when it was let go.
    pub fn look(&mut self, found: Result<Option<Transition>, JournalError>) {
        let due = self.unproven.take();
        match found {
            Ok(Some(found)) if Some(found.recorded_time) != due => self.begins_elsewhere(),
            Ok(_) => {}
            Err(error) => self.break_off(error),
        }
    }

    /// The token means another transition of that number: what came up to it here was never told to whoever has the token.
    fn begins_elsewhere(&mut self) {
        self.gap(1, self.seen, GapReason::UnknownToken);
    }

    /// The last transition with nothing owed up to it.
    fn settled(&self) -> u64 {
        if self.owed.is_empty() { self.seen } else { self.owed.start - 1 }
    }

    /// What the journal has after the last one asked for; nothing when there is no more.
    pub fn read(&mut self, page: Result<Vec<Transition>, JournalError>) {
        let page = match page {
            Ok(page) => page,
            Err(JournalError::NoLongerKept { first, .. }) => {
                // What follows is there, and is asked for next.
                return self.let_go_up_to(first.sequence - 1);
            }
            Err(error) => return self.break_off(error),
        };
        let Some(last) = page.last() else { return self.caught_up() };
        self.feed.note_read(last.sequence);
        for transition in page {
            self.let_go_up_to(transition.sequence - 1);
            self.settle(transition.sequence);
            self.said.push_back(Event::Alert(Delivered { transition: Arc::new(transition), durable: true }));
        }
    }

    /// What was not settled up to `sequence`, the journal had and let go.
    fn let_go_up_to(&mut self, sequence: u64) {
        if sequence > self.settled() {
            self.gap(self.settled() + 1, sequence, GapReason::Retention);
            self.settle(sequence);
        }
    }

    fn settle(&mut self, sequence: u64) {
        self.seen = self.seen.max(sequence);
        self.owed.start = self.owed.start.max(sequence + 1);
    }

    /// The journal has no more. What was published by then and is not in it, is not on disk: of what is not to be heard live
    /// either, there is but a gap until it is.
    fn caught_up(&mut self) {
        self.behind = false;
        while self.held.is_none() && !self.behind && self.hear_now() {}
        if self.held.is_none() && !self.behind {
            self.owes_up_to(self.asked_at);
        }
    }

    /// What comes after the last one said, up to `sequence`, is not to be had while the journal fails. It is said once that it is
    /// missing, and at once; what of it is written in the end comes then.
    fn owes_up_to(&mut self, sequence: u64) {
        if sequence > self.seen {
            self.gap(self.seen + 1, sequence, GapReason::NotDurable);
            self.owed = self.settled() + 1..sequence + 1;
            self.seen = sequence;
        }
    }

    fn break_off(&mut self, error: JournalError) {
        let site = Arc::clone(self.feed.site());
        self.said.push_back(Event::Broken { site, error: Arc::new(error) });
        self.ended = true;
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
            // Before anything that comes after it: what is owed is said before what is live and durable.
            Item::Written(sequence) => self.behind |= sequence > self.settled(),
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
            if !self.owed.is_empty() {
                // It goes out at once, and again behind those before it: else an alarm would stand as an older one says.
                self.owed.end = self.seen + 1;
            }
            self.said.push_back(Event::Alert(delivered));
        }
    }

    fn gap(&mut self, from_sequence: u64, to_sequence: u64, reason: GapReason) {
        let site = Arc::clone(self.feed.site());
        self.said.push_back(Event::Gap { site, from_sequence, to_sequence, reason });
    }
}

#[cfg(test)]
mod tests;
