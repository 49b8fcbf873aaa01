//! How many transitions of history have something in common.

use std::collections::BTreeSet;

use davy_history::{CountQuery, Grouping};
use davy_proto::v1 as wire;
use tonic::Status;

use super::{alarm_history::filter, status};
use crate::{guard::Admitted, hub::Hub};

/// Counts in one answer, when nobody says, and at most.
const USUAL: i32 = 1000;
const COUNTS_MAX: i32 = 10_000;
/// Groupings of one question at most.
const BY_MAX: usize = 4;
/// No clock of a plant is further from UTC, s.
const OFFSET_MAX_S: i64 = 18 * 3600;

/// Answers with the greatest counts.
pub(super) async fn count(
    hub: &Hub,
    by: &Admitted,
    request: &wire::AlarmServiceCountHistoryRequest,
) -> Result<wire::AlarmServiceCountHistoryResponse, Status> {
    let limit = limit(request.limit)?;
    let query = CountQuery {
        filter: filter(hub, by, request.filter.as_ref())?,
        by: groupings(request)?,
        utc_offset_s: utc_offset_s(request)?,
        // One more than asked for tells whether there are more.
        limit: limit + 1,
    };
    let history = hub.history.as_ref().ok_or_else(status::no_history)?;
    let mut found = history.store.count(&query).await.map_err(|error| status::history(&error))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let counts = found.into_iter().map(|one| wire::HistoryCount { keys: one.keys, count: one.count });
    Ok(wire::AlarmServiceCountHistoryResponse { counts: counts.collect(), more })
}

fn limit(asked: i32) -> Result<usize, Status> {
    let limit = if asked == 0 { USUAL } else { asked.min(COUNTS_MAX) };
    usize::try_from(limit).map_err(|_| status::invalid(format!("limit: {asked} is less than 0")))
}

fn groupings(request: &wire::AlarmServiceCountHistoryRequest) -> Result<Vec<Grouping>, Status> {
    let by = request.by.iter().map(|number| match wire::HistoryGrouping::try_from(*number) {
        Ok(wire::HistoryGrouping::Site) => Ok(Grouping::Site),
        Ok(wire::HistoryGrouping::Rule) => Ok(Grouping::Rule),
        Ok(wire::HistoryGrouping::Subject) => Ok(Grouping::Subject),
        Ok(wire::HistoryGrouping::Tier) => Ok(Grouping::Tier),
        Ok(wire::HistoryGrouping::Kind) => Ok(Grouping::Kind),
        Ok(wire::HistoryGrouping::Day) => Ok(Grouping::Day),
        Ok(wire::HistoryGrouping::Hour) => Ok(Grouping::Hour),
        Ok(wire::HistoryGrouping::Unspecified) | Err(_) => {
            Err(status::invalid(format!("by: {number} is nothing to count by")))
        }
    });
    let by = by.collect::<Result<Vec<_>, _>>()?;
    if by.len() > BY_MAX || by.iter().collect::<BTreeSet<_>>().len() < by.len() {
        return Err(status::invalid(format!("by: at most {BY_MAX}, each once")));
    }
    Ok(by)
}

fn utc_offset_s(request: &wire::AlarmServiceCountHistoryRequest) -> Result<i64, Status> {
    let offset = request.utc_offset.unwrap_or_default();
    let sound = offset.nanos == 0 && offset.seconds % 60 == 0 && offset.seconds.abs() <= OFFSET_MAX_S;
    sound.then_some(offset.seconds).ok_or_else(|| {
        status::invalid("utc_offset: a multiple of a minute, at most 18 h ahead of UTC or behind it")
    })
}
