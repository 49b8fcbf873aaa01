//! Readings of a database, stretch by stretch, as entries of a log.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use davy_history::{HistoryError, OfSite, Sample};
use davy_model::{
    Bundle, Freshness, Input, MessageHead, NodeIndex, Reading, ReadingBlock, TagIndex, Timestamp,
};
use davy_workbench::backtest::Entry;

use super::{Asked, Past, PastError, arrivals::Arrivals};

/// The first stretch, and the longest: the next one is twice as long while little comes, and half as long where too much would.
const STRETCH_FIRST: Duration = Duration::from_secs(60);
const STRETCH_MAX: Duration = Duration::from_secs(30 * 86_400);
/// No clock of Davy's divides this.
const STRETCH_MIN: Duration = Duration::from_micros(1);
/// Readings in one entry at the most: a site of many tags may have been imported with one time for all of them.
const MESSAGE_MAX: usize = 1000;

/// Entries, the opening one first.
#[derive(Debug)]
pub struct Entries<'a> {
    past: &'a Past,
    /// By the number of a series: its place, and whether a rule set has a tag for it.
    places: BTreeMap<i32, (u32, bool)>,
    opening: Option<Arc<Bundle>>,
    arrivals: Arrivals,
    /// Up to there everything that was measured is here.
    read: Timestamp,
    until: Timestamp,
    stretch: Duration,
    /// By arrival, then time.
    held: VecDeque<Held>,
    held_most: usize,
    untaken: BTreeMap<u32, u64>,
    failed: bool,
}

/// A reading that waits for its turn.
#[derive(Clone, Copy, Debug)]
struct Held {
    arrival: Timestamp,
    reading: Reading,
}

/// Readings of series that no rule set has a tag for, or none in a unit that theirs converts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Untaken {
    /// Of each, in the order of the series: the tag and how many.
    pub tags: Vec<(Arc<str>, u64)>,
}

impl Untaken {
    /// How many readings in all.
    pub fn readings(&self) -> u64 {
        self.tags.iter().map(|(_, count)| count).sum()
    }
}

impl<'a> Entries<'a> {
    pub(super) fn new(
        past: &'a Past,
        asked: &Asked<'_>,
        places: BTreeMap<i32, (u32, bool)>,
        opening: Arc<Bundle>,
    ) -> Entries<'a> {
        let there = past.measured();
        Entries {
            past,
            places,
            opening: Some(opening),
            arrivals: Arrivals::new(asked.latency),
            read: asked.measured.from.max(there.from),
            until: asked.measured.until.min(there.until),
            stretch: STRETCH_FIRST,
            held: VecDeque::new(),
            held_most: 0,
            untaken: BTreeMap::new(),
            failed: false,
        }
    }

    /// What was left out so far.
    pub fn untaken(&self) -> Untaken {
        let tag =
            |(place, count): (&u32, &u64)| (Arc::clone(&self.past.found[*place as usize].series.tag), *count);
        Untaken { tags: self.untaken.iter().map(tag).collect() }
    }

    /// How many readings were held at once, at the most.
    pub fn held_most(&self) -> usize {
        self.held_most
    }

    /// Fetches the next stretch, and puts what is in it in its place.
    fn fetch(&mut self) -> Result<(), PastError> {
        let rows = self.stretch()?;
        self.stretch = match rows.len() {
            few if few < self.past.fetched_max / 4 => (self.stretch * 2).min(STRETCH_MAX),
            _ => self.stretch,
        };
        self.take(rows);
        self.held_most = self.held_most.max(self.held.len());
        let waiting = self.held.iter().rev().take_while(|one| one.arrival >= self.read).count();
        if waiting > self.past.held_max {
            let (site, at, max) = (Arc::clone(&self.past.site), self.read, self.past.held_max);
            return Err(PastError::Late { site, at, max });
        }
        Ok(())
    }

    /// What was measured next, of as long a time as may be asked for at once.
    fn stretch(&mut self) -> Result<Vec<OfSite>, PastError> {
        let Past { store, runtime, site, fetched_max, .. } = self.past;
        loop {
            let end = self.read.plus(self.stretch).min(self.until);
            match runtime.block_on(store.readings_of_site(site, self.read, end, *fetched_max)) {
                Ok(rows) => {
                    self.read = end;
                    return Ok(rows);
                }
                Err(HistoryError::Asked(_)) if self.stretch > STRETCH_MIN => {
                    self.stretch = (end.since(self.read) / 2).max(STRETCH_MIN);
                }
                Err(HistoryError::Asked(_)) => {
                    let (site, at) = (Arc::clone(site), self.read);
                    return Err(PastError::Dense { site, at, max: *fetched_max });
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn take(&mut self, mut rows: Vec<OfSite>) {
        // Stable: two values of one time stay as they are.
        rows.sort_by_key(|row| (row.sample.time, row.series));
        for OfSite { series, sample } in rows {
            // One that came to be after the series were looked at is as good as unknown.
            let Some((place, is_taken)) = self.places.get(&series).copied() else { continue };
            if !is_taken {
                *self.untaken.entry(place).or_default() += 1;
                continue;
            }
            let arrival = self.arrivals.of(&sample);
            let Sample { time, value, quality, .. } = sample;
            let reading = Reading { tag: TagIndex(place), quality, source_time: time, value };
            self.held.push_back(Held { arrival, reading });
        }
        // Stable, and most of it is in order.
        self.held.make_contiguous().sort_by_key(|one| one.arrival);
    }

    /// The readings that arrived next, in one moment or the beginning of it, if all of them are here.
    fn next_moment(&mut self) -> Option<Entry> {
        let at = self.held.front()?.arrival;
        if at >= self.read && self.read < self.until {
            return None;
        }
        let len = self.held.iter().take(MESSAGE_MAX).take_while(|one| one.arrival == at).count();
        if let Some(opening) = self.opening(len) {
            return Some(opening);
        }
        let readings = self.held.drain(..len).map(|one| one.reading).collect();
        let head = MessageHead {
            node: NodeIndex(0),
            arrival: at,
            seq: None,
            redelivered: false,
            freshness: Freshness::Live,
            len: u32::try_from(len).unwrap_or(u32::MAX),
        };
        let inputs = vec![Input::Readings(ReadingBlock { messages: vec![head], readings })];
        Some(Entry { at, inputs, transitions: Vec::new() })
    }

    /// The files, before anything is judged: when the first of the next `len` readings was measured, or where there are none
    /// to come, at the end.
    fn opening(&mut self, len: usize) -> Option<Entry> {
        let first = self.held.iter().take(len).map(|one| one.reading.source_time).min();
        let inputs = vec![Input::Activate(self.opening.take()?)];
        Some(Entry { at: first.unwrap_or(self.until), inputs, transitions: Vec::new() })
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, PastError>;

    fn next(&mut self) -> Option<Result<Entry, PastError>> {
        loop {
            if self.failed {
                return None;
            }
            if let Some(entry) = self.next_moment() {
                return Some(Ok(entry));
            }
            if self.read >= self.until {
                return self.opening(0).map(Ok);
            }
            if let Err(error) = self.fetch() {
                self.failed = true;
                return Some(Err(error));
            }
        }
    }
}
