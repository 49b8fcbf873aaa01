//! What a site's alarms did: read from the journal beside its writer, so that no answer holds the engine up, and from history
//! where the journal no longer has it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use davy_history::{AlarmFilter, AlarmQuery, Store};
use davy_journal::{FirstKept, JournalError, JournalReader, decode_transition};
use davy_model::{Timestamp, Transition};
use davy_workbench::{ledger::Ledger, performance::Period};
use tokio::runtime::Handle;
use tonic::Status;

use super::status;
use crate::{hub::Hub, site::SiteService};

/// What was raised so long before the period, and still stands in it, is seen as standing.
const BEFORE: Duration = Duration::from_secs(7 * 86_400);
/// Transitions read for one answer at most, and at a time.
const TRANSITIONS_MAX: usize = 1_000_000;
const PAGE_LEN: usize = 1000;

/// Where a site's past is kept.
pub(super) struct AlarmPast {
    site: String,
    journal: PathBuf,
    history: Option<Arc<dyn Store>>,
}

/// What has been read so far.
struct Reading {
    period: Period,
    ledger: Ledger,
    read: usize,
}

impl AlarmPast {
    pub(super) fn of(hub: &Hub, service: &SiteService) -> AlarmPast {
        AlarmPast {
            site: service.id.to_string(),
            journal: service.feed.journal().to_owned(),
            history: hub.history.as_ref().map(|history| Arc::clone(&history.store)),
        }
    }

    /// What alarms did in a period, and in the week before it. It waits for the disk, and for history: not for a task of the
    /// runtime.
    ///
    /// # Errors
    /// A period that began before anything that is kept, or that holds too much.
    pub(super) fn ledger(&self, period: Period) -> Result<Ledger, Status> {
        let reader = JournalReader::open(&*self.journal).map_err(|error| status::journal(&error))?;
        let first = reader.first_kept().map_err(|error| status::journal(&error))?;
        let mut reading = Reading { period, ledger: Ledger::new(), read: 0 };
        if first.sequence > 1 {
            self.read_history(&reader, first, &mut reading)?;
        }
        read_journal(&reader, &mut reading)?;
        Ok(reading.ledger)
    }

    /// How many alarms were raised within a period.
    ///
    /// # Errors
    /// In words, why nobody knows.
    pub(super) fn raised_in(&self, period: Period) -> Result<u64, String> {
        let ledger = self.ledger(period).map_err(|refused| refused.message().to_owned())?;
        Ok(ledger.occurrences().iter().filter(|found| period.holds(found.raised)).count() as u64)
    }

    /// What came before the journal's first transition.
    fn read_history(
        &self,
        reader: &JournalReader,
        first: FirstKept,
        reading: &mut Reading,
    ) -> Result<(), Status> {
        let begins =
            reader.transitions_after(first.sequence - 1, 1).map_err(|error| status::journal(&error))?;
        let begins = begins.first().map(|first| (first.recorded_time, first.sequence));
        let is_before =
            |told: &Transition| begins.is_none_or(|begins| (told.recorded_time, told.sequence) < begins);
        let from = reading.period.from.minus(BEFORE);
        if begins.is_some_and(|(time, _)| time <= from) {
            return Ok(());
        }
        let Some(store) = &self.history else {
            return reading.misses(begins, status::no_history());
        };
        let filter =
            AlarmFilter { sites: vec![self.site.clone()], from: Some(from), ..AlarmFilter::default() };
        let mut query = AlarmQuery { filter, after: None, limit: PAGE_LEN };
        loop {
            let records = match Handle::current().block_on(store.transitions(&query)) {
                Ok(records) => records,
                Err(error) => return reading.misses(begins, status::history(&error)),
            };
            let page = records.iter().map(|record| decode_transition(record)).collect::<Result<Vec<_>, _>>();
            let page = page.map_err(|error| status::journal(&error))?;
            let Some(last) = page.last() else { return Ok(()) };
            let goes_on = is_before(last) && page.len() == PAGE_LEN;
            query.after = Some((last.recorded_time, self.site.clone(), last.sequence));
            if !reading.take(page.iter().filter(|told| is_before(told)))? || !goes_on {
                return Ok(());
            }
        }
    }
}

impl Reading {
    /// Takes a page; tells whether what follows may still lie in the period.
    fn take<'a>(&mut self, page: impl Iterator<Item = &'a Transition>) -> Result<bool, Status> {
        for told in page {
            if told.recorded_time >= self.period.until {
                return Ok(false);
            }
            self.ledger.take(told);
            self.read += 1;
        }
        if self.read > TRANSITIONS_MAX {
            let what = format!(
                "more than {TRANSITIONS_MAX} transitions in that time and the week before it: ask for less"
            );
            return Err(status::invalid(what));
        }
        Ok(true)
    }

    /// What came before the journal is not to be had: an answer is wrong without it where the period itself reaches there.
    fn misses(&self, begins: Option<(Timestamp, u64)>, why: Status) -> Result<(), Status> {
        if begins.is_some_and(|(time, _)| time <= self.period.from) { Ok(()) } else { Err(why) }
    }
}

fn read_journal(reader: &JournalReader, reading: &mut Reading) -> Result<(), Status> {
    let journal = |error: JournalError| status::journal(&error);
    let mut after = last_before(reader, reading.period.from.minus(BEFORE)).map_err(journal)?;
    loop {
        let page = reader.transitions_after(after, PAGE_LEN).map_err(journal)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.sequence;
        if !reading.take(page.iter())? {
            return Ok(());
        }
    }
}

/// The number of the last transition before a moment: they are recorded in the order of their numbers.
fn last_before(reader: &JournalReader, moment: Timestamp) -> Result<u64, JournalError> {
    let first = reader.first_kept()?.sequence;
    let (mut low, mut high) = (first, reader.head()?.sequence + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let is_before = reader.transition(middle)?.is_some_and(|told| told.recorded_time < moment);
        if is_before { low = middle + 1 } else { high = middle }
    }
    Ok(low.saturating_sub(1))
}

#[cfg(test)]
mod tests;
