//! What alarms cost each desk: read from the journal beside its writer, so that no answer holds the engine up.

use std::{path::Path, time::Duration};

use davy_journal::{JournalError, JournalReader};
use davy_model::{AlarmKey, Site, Timestamp};
use davy_proto::{time_from_wire, time_to_wire, v1 as wire};
use davy_workbench::{
    ledger::Ledger,
    performance::{DeskPerformance, Figure, Period, Verdict, desks},
};
use tonic::{Code, Status};

use super::status;
use crate::hub::Hub;

/// Over which time, when nobody says.
const USUAL: Duration = Duration::from_secs(86_400);
/// What was raised so long before the period, and still stands in it, is seen as standing.
const BEFORE: Duration = Duration::from_secs(7 * 86_400);
/// Transitions read for one answer at most, and at a time.
const TRANSITIONS_MAX: usize = 1_000_000;
const PAGE_LEN: usize = 1000;

/// Why there are no figures.
enum NoFigures {
    Journal(JournalError),
    TooMany,
}

/// Answers with the figures of a site's desks.
pub(super) async fn get(
    hub: &Hub,
    request: &wire::AlarmServiceGetPerformanceRequest,
) -> Result<wire::AlarmServiceGetPerformanceResponse, Status> {
    let service = hub.sites.get(&*request.site).ok_or_else(|| status::unknown_site(&request.site))?;
    let period = period(hub, request)?;
    let (path, loaded) = (service.feed.journal().to_owned(), service.loaded.load_full());
    let read = tokio::task::spawn_blocking(move || figures(&path, &loaded.plan.site, period));
    let found = read.await.map_err(|_| status::stopping())?.map_err(|error| match error {
        NoFigures::Journal(error) => status::journal(&error),
        NoFigures::TooMany => wrong(too_many()),
    })?;
    Ok(wire::AlarmServiceGetPerformanceResponse {
        desks: found.iter().map(desk).collect(),
        from: Some(time_to_wire(period.from)),
        until: Some(time_to_wire(period.until)),
    })
}

fn wrong(message: String) -> Status {
    status::status(Code::InvalidArgument, "REQUEST_INVALID", message)
}

fn period(hub: &Hub, request: &wire::AlarmServiceGetPerformanceRequest) -> Result<Period, Status> {
    let read = |time: &Option<prost_types::Timestamp>| {
        time.as_ref().map(time_from_wire).transpose().map_err(|error| status::wrong(&error))
    };
    let until = read(&request.until)?.unwrap_or_else(|| hub.clock.now());
    let from = read(&request.from)?.unwrap_or_else(|| until.minus(USUAL));
    if from >= until {
        return Err(wrong(format!("from {from} is not before until {until}")));
    }
    Ok(Period { from, until })
}

fn figures(path: &Path, site: &Site, period: Period) -> Result<Vec<DeskPerformance>, NoFigures> {
    Ok(desks(&ledger(path, period)?, site, period))
}

/// How many alarms were raised within a period.
///
/// # Errors
/// In words, why nobody knows.
pub(super) fn raised_in(path: &Path, period: Period) -> Result<u64, String> {
    let ledger = ledger(path, period).map_err(|error| match error {
        NoFigures::Journal(error) => error.to_string(),
        NoFigures::TooMany => too_many(),
    })?;
    Ok(ledger.occurrences().iter().filter(|found| period.holds(found.raised)).count() as u64)
}

fn too_many() -> String {
    format!("more than {TRANSITIONS_MAX} transitions in that time and the week before it: ask for less")
}

/// What alarms did in a period, and in the week before it.
fn ledger(path: &Path, period: Period) -> Result<Ledger, NoFigures> {
    let reader = JournalReader::open(path).map_err(NoFigures::Journal)?;
    let mut after = last_before(&reader, period.from.minus(BEFORE)).map_err(NoFigures::Journal)?;
    let (mut ledger, mut read) = (Ledger::new(), 0);
    loop {
        let page = reader.transitions_after(after, PAGE_LEN).map_err(NoFigures::Journal)?;
        let Some(last) = page.last() else { break };
        (after, read) = (last.sequence, read + page.len());
        let is_past = last.recorded_time >= period.until;
        page.iter().filter(|told| told.recorded_time < period.until).for_each(|told| ledger.take(told));
        if is_past {
            break;
        }
        if read > TRANSITIONS_MAX {
            return Err(NoFigures::TooMany);
        }
    }
    Ok(ledger)
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

fn desk(found: &DeskPerformance) -> wire::DeskPerformance {
    wire::DeskPerformance {
        desk: found.desk.as_deref().unwrap_or_default().to_owned(),
        figures: found.figures.iter().map(figure).collect(),
        top: found
            .top
            .iter()
            .map(|actor| wire::BadActor { alarm: id(&actor.alarm), calls: actor.calls, share: actor.share })
            .collect(),
        chattering: found.chattering.iter().map(id).collect(),
    }
}

fn figure(figure: &Figure) -> wire::PerformanceFigure {
    let verdict = match figure.verdict() {
        Verdict::Untold => wire::PerformanceVerdict::Untold,
        Verdict::Good => wire::PerformanceVerdict::Good,
        Verdict::Manageable => wire::PerformanceVerdict::Manageable,
        Verdict::Over => wire::PerformanceVerdict::Over,
    };
    wire::PerformanceFigure {
        name: figure.name.to_owned(),
        value: figure.value,
        unit: figure.unit.to_owned(),
        target: figure.target,
        manageable: figure.manageable,
        verdict: verdict.into(),
        source: figure.source.to_owned(),
    }
}

fn id(alarm: &AlarmKey) -> String {
    alarm.to_string()
}
