//! What alarms were worth, against what really happened.

use std::{sync::Arc, time::Duration};

use davy_model::{Site, Timestamp};

use super::{Event, EventKind, Scope};
use crate::{
    ledger::{Ledger, Occurrence},
    performance::Period,
};

/// What the alarms of some rules were worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The events at which an alarm was due, and what came of each.
    pub events: Vec<Caught>,
    /// Occurrences in all.
    pub occurrences: u64,
    /// Raised outside every event: false if the list of events is complete.
    pub outside: u64,
    /// Raised within an event that is labelled a nuisance, and within none at which an alarm was due.
    pub nuisance: u64,
}

/// What came of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    /// Which.
    pub event: Arc<str>,
    /// From its start to the first alarm raised within it; `None` when none was.
    pub delay: Option<Duration>,
    /// From that alarm to the consequence, where the event has one; zero when the alarm was no sooner.
    pub lead: Option<Duration>,
    /// Whether an alarm stood already when it began. That alone catches nothing: an alarm that always stands would catch
    /// everything.
    pub stood_before: bool,
}

/// Scores the alarms of a ledger that were raised within a period.
///
/// An event is caught by an alarm that is raised anew from its start to its end, at a tag in its scope.
pub fn score(ledger: &Ledger, site: &Site, events: &[Event], period: Period) -> Score {
    let all = ledger.occurrences();
    let near = |event: &Event, found: &Occurrence| {
        let alarm = ledger.alarm(found.alarm);
        event.scope == Scope::Site || alarm.tags.iter().any(|tag| event.scope.holds(site, tag))
    };
    let within = |event: &Event, found: &Occurrence| {
        (event.start..=event.end).contains(&found.raised) && near(event, found)
    };
    let due = || events.iter().filter(|event| event.is_due() && period.holds(event.start));
    let raised: Vec<&Occurrence> = all.iter().filter(|found| period.holds(found.raised)).collect();
    let caught = due().map(|event| {
        let first = raised.iter().filter(|found| within(event, found)).map(|found| found.raised).min();
        let mut before = all.iter().filter(|found| found.raised < event.start && near(event, found));
        Caught {
            event: Arc::clone(&event.id),
            delay: first.map(|at| at.since(event.start)),
            lead: lead(first, event),
            stood_before: before.any(|found| found.overlaps(event.start, event.start)),
        }
    });
    let of = |kind: Option<EventKind>, found: &Occurrence| {
        events
            .iter()
            .any(|event| kind.map_or(event.is_due(), |kind| event.kind == kind) && within(event, found))
    };
    let idle: Vec<&&Occurrence> = raised.iter().filter(|found| !of(None, found)).collect();
    let nuisance = idle.iter().filter(|found| of(Some(EventKind::Nuisance), found)).count() as u64;
    Score {
        events: caught.collect(),
        occurrences: raised.len() as u64,
        outside: idle.len() as u64 - nuisance,
        nuisance,
    }
}

fn lead(first: Option<Timestamp>, event: &Event) -> Option<Duration> {
    Some(event.consequence?.since(first?))
}

impl Score {
    /// How many events were caught.
    pub fn caught(&self) -> u64 {
        self.events.iter().filter(|event| event.delay.is_some()).count() as u64
    }

    /// The events that were missed.
    pub fn missed(&self) -> Vec<Arc<str>> {
        let missed = self.events.iter().filter(|event| event.delay.is_none());
        missed.map(|event| Arc::clone(&event.event)).collect()
    }

    /// From start to alarm of every event that was caught, seconds.
    pub fn delays_s(&self) -> Vec<f64> {
        self.events.iter().filter_map(|event| event.delay).map(|delay| delay.as_secs_f64()).collect()
    }

    /// The shortest time from an alarm to its consequence.
    pub fn lead_least(&self) -> Option<Duration> {
        self.events.iter().filter_map(|event| event.lead).min()
    }
}
