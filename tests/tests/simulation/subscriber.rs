//! A subscriber that must not miss anything, and keeps the rules of `docs/api/subscribing.md`.

use std::{collections::BTreeMap, sync::Arc};

use davy_delivery::{Event, Follower, GapReason, SiteFeed, Start, Step, Token};
use davy_journal::{JournalError, JournalReader, Place};

/// Transitions read from the journal at a time: few, so that reading takes more than one turn.
const PAGE_LEN: usize = 7;

/// How far it stores behind what it has dealt with.
const STORED_EVERY: u64 = 5;

pub(crate) struct Subscriber {
    pub(crate) site: usize,
    pub(crate) number: usize,
    /// What it stored last, and resumes after.
    pub(crate) stored: u64,
    /// What it has dealt with.
    dealt: u64,
    /// Every id it ever heard, with the sequences under which it came and what it said.
    pub(crate) heard: BTreeMap<String, Vec<(u64, bool, String)>>,
    /// What it was told cannot be delivered, since the disk failed.
    pub(crate) gaps: Vec<(u64, u64)>,
    /// Everything in the order it came, for comparing two runs.
    pub(crate) stream: Vec<String>,
    following: Option<(Follower, Option<JournalReader>)>,
    /// Dead until then.
    pub(crate) away_until_us: u64,
}

impl Subscriber {
    pub(crate) fn new(site: usize, number: usize) -> Subscriber {
        Subscriber {
            site,
            number,
            stored: 0,
            dealt: 0,
            heard: BTreeMap::new(),
            gaps: Vec::new(),
            stream: Vec::new(),
            following: None,
            away_until_us: 0,
        }
    }

    /// The name of its cursor; the first of each site keeps it with Davy, the others by themselves.
    pub(crate) fn consumer(&self) -> Option<String> {
        (self.number == 0).then(|| format!("consumer-{}", self.number))
    }

    pub(crate) fn is_following(&self) -> bool {
        self.following.is_some()
    }

    pub(crate) fn subscribe(&mut self, feed: &Arc<SiteFeed>, after: u64) {
        let mut token = Token::default();
        token.see(feed.site(), after);
        self.stored = after;
        self.dealt = after;
        self.following = Some((Follower::start(feed, &Start::After(token)), None));
    }

    /// Davy, or the connection to it, is gone.
    pub(crate) fn lose(&mut self) {
        self.following = None;
    }

    /// It forgets what it had not stored.
    pub(crate) fn die(&mut self, until_us: u64) {
        self.following = None;
        self.away_until_us = until_us;
        self.dealt = self.stored;
    }

    /// Deals with everything there is. Gives the sequence to confirm, when it is time to store.
    ///
    /// # Errors
    /// What a subscriber must never hear. That something is not on disk it may hear only while the disk `fails`.
    pub(crate) fn deal(
        &mut self,
        place: &Place,
        fails: bool,
        is_dead: impl Fn() -> bool,
    ) -> Result<Option<u64>, String> {
        let Some((mut follower, mut reader)) = self.following.take() else { return Ok(None) };
        loop {
            match follower.step() {
                Step::Say(event) => self.hear(event, fails)?,
                Step::Look { sequence } => {
                    let found = ask(&mut reader, place, |journal| journal.transition(sequence));
                    // A process that dies while it reads tells nobody anything.
                    if found.is_err() && is_dead() {
                        return Ok(None);
                    }
                    follower.look(found);
                }
                Step::Read { after } => {
                    let page = ask(&mut reader, place, |journal| journal.transitions_after(after, PAGE_LEN));
                    if page.is_err() && is_dead() {
                        return Ok(None);
                    }
                    follower.read(page);
                }
                Step::Wait if follower.hear_now() => {}
                Step::Wait => break,
                Step::End => return Ok(None),
            }
        }
        self.following = Some((follower, reader));
        Ok((self.dealt >= self.stored + STORED_EVERY).then_some(self.dealt))
    }

    fn hear(&mut self, event: Event, fails: bool) -> Result<(), String> {
        match event {
            Event::Alert(delivered) => {
                let transition = &delivered.transition;
                let id = transition.id().to_string();
                let line =
                    format!("{} {id} {} {}", transition.sequence, delivered.durable, transition.message.en);
                self.stream.push(line);
                let said = format!("{transition:?}");
                self.heard.entry(id).or_default().push((transition.sequence, delivered.durable, said));
                // Over what is not on disk the token stands still.
                if delivered.durable {
                    self.dealt = self.dealt.max(transition.sequence);
                }
            }
            Event::Heartbeat(beat) => self.stream.push(format!("heartbeat {}", beat.number)),
            Event::Gap { from_sequence, to_sequence, reason, .. }
                if reason != GapReason::NotDurable || !fails =>
            {
                return Err(format!(
                    "P2: a subscriber was told of a gap, {from_sequence} to {to_sequence}: {reason:?}"
                ));
            }
            Event::Gap { from_sequence, to_sequence, reason, .. } => {
                self.stream.push(format!("gap {from_sequence} {to_sequence} {reason:?}"));
                self.gaps.push((from_sequence, to_sequence));
            }
            Event::Broken { error, .. } => return Err(format!("a subscriber was told: {error}")),
        }
        Ok(())
    }
}

/// Asks the journal, with the reader kept from the time before.
fn ask<T>(
    reader: &mut Option<JournalReader>,
    place: &Place,
    ask: impl FnOnce(&JournalReader) -> Result<T, JournalError>,
) -> Result<T, JournalError> {
    let opened = reader.take().map_or_else(|| JournalReader::open(place), Ok)?;
    let found = ask(&opened);
    *reader = Some(opened);
    found
}
