//! Transitions that history keeps, for longer than the journals do.

use davy_history::{AlarmFilter, AlarmQuery};
use davy_journal::decode_transition;
use davy_model::{Timestamp, Transition, TransitionKind};
use davy_proto::{WireError, alert_of, time_from_wire, v1 as wire};
use serde_json::json;
use tonic::Status;

use super::{page_len::OF_ENTRIES, question::question, status, tier_at_least::tier_at_least};
use crate::{guard::Admitted, hub::Hub};

/// Most texts in one list of a request.
const TEXTS_MAX: usize = 1000;

/// Answers with one page.
pub(super) async fn list(
    hub: &Hub,
    by: &Admitted,
    request: &wire::AlarmServiceListHistoryRequest,
) -> Result<wire::AlarmServiceListHistoryResponse, Status> {
    let query = AlarmQuery {
        filter: filter(hub, by, request.filter.as_ref())?,
        after: read_token(request)?,
        limit: OF_ENTRIES.of(request.page_size)? + 1,
    };
    let history = hub.history.as_ref().ok_or_else(status::no_history)?;
    let records = history.store.transitions(&query).await.map_err(|error| status::history(&error))?;
    let read = records.iter().map(|record| decode_transition(record)).collect::<Result<Vec<_>, _>>();
    let mut found = read.map_err(|error| status::journal(&error))?;
    // One more than asked for tells whether another page follows.
    let more = found.len() == query.limit;
    found.truncate(query.limit - 1);
    let next = found.last().filter(|_| more).map(|last| write_token(request, last));
    if query.after.is_some() {
        note(hub, request, &query.filter);
    }
    Ok(wire::AlarmServiceListHistoryResponse {
        transitions: found.iter().map(|transition| alert_of(transition, true)).collect(),
        next_page_token: next.unwrap_or_default(),
    })
}

/// More than a look: it is taken out.
fn note(hub: &Hub, request: &wire::AlarmServiceListHistoryRequest, filter: &AlarmFilter) {
    let on = if let [one] = &filter.sites[..] { &**one } else { "*" };
    let moment = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let what = json!({
        "transitions": filter.sites, "from": moment(filter.from), "until": moment(filter.until),
    });
    hub.audit.taken_out(&asked(request), on, what);
}

/// What a filter of the wire asks of history.
pub(super) fn filter(
    hub: &Hub,
    by: &Admitted,
    asked: Option<&wire::HistoryFilter>,
) -> Result<AlarmFilter, Status> {
    let nothing = wire::HistoryFilter::default();
    let asked = match asked {
        // Everything, what was of sites that are gone included.
        None if by.may_everywhere() => return Ok(AlarmFilter::default()),
        None => &nothing,
        Some(asked) => asked,
    };
    let lists = [
        ("sites", asked.sites.len()),
        ("rules", asked.rules.len()),
        ("subjects", asked.subjects.len()),
        ("areas", asked.areas.len()),
        ("hazard_sources", asked.hazard_sources.len()),
        ("kinds", asked.kinds.len()),
    ];
    if let Some((name, len)) = lists.into_iter().find(|(_, len)| *len > TEXTS_MAX) {
        return Err(status::invalid(format!("{name}: {len} of them, more than {TEXTS_MAX}")));
    }
    let sites = hub.sites_of(&by.caller, by.permission, &asked.sites);
    let sites = sites.map_err(|site| status::unknown_site(&site))?;
    if sites.is_empty() {
        // To the store, no site means every site.
        return Err(status::not_allowed(by.permission));
    }
    let time = |time: &Option<prost_types::Timestamp>| {
        time.as_ref().map(time_from_wire).transpose().map_err(|error| status::wrong(&error))
    };
    let (from, until) = (time(&asked.from)?, time(&asked.until)?);
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        return Err(status::invalid(format!("from {from} is not before until {until}")));
    }
    let kinds = asked.kinds.iter().map(|number| {
        let kind = wire::TransitionKind::try_from(*number)
            .map_err(|_| status::invalid(format!("kinds: {number} is no change of an alarm")))?;
        TransitionKind::try_from(kind).map_err(|error: WireError| status::wrong(&error))
    });
    let areas = asked.areas.iter().map(|id| format!("area/{id}").into());
    let sources = asked.hazard_sources.iter().map(|id| format!("hazard_source/{id}").into());
    Ok(AlarmFilter {
        sites: sites.iter().map(ToString::to_string).collect(),
        from,
        until,
        tier_at_least: tier_at_least(asked.tier_at_least)?,
        rules: asked.rules.clone(),
        subjects: asked.subjects.clone(),
        scopes: areas.chain(sources).collect(),
        kinds: kinds.collect::<Result<_, Status>>()?,
    })
}

/// Where the next page begins: after that transition, of the same question.
fn write_token(request: &wire::AlarmServiceListHistoryRequest, last: &Transition) -> String {
    let (time, sequence) = (last.recorded_time.as_micros(), last.sequence);
    format!("{}.{time}.{sequence}.{}", asked(request), last.alarm.site)
}

type After = Option<(Timestamp, String, u64)>;

fn read_token(request: &wire::AlarmServiceListHistoryRequest) -> Result<After, Status> {
    let text = request.page_token.as_str();
    if text.is_empty() {
        return Ok(None);
    }
    let parse = |rest: &str| {
        let mut parts = rest.strip_prefix('.')?.splitn(3, '.');
        let time = Timestamp::from_micros(parts.next()?.parse().ok()?);
        let sequence = parts.next()?.parse().ok()?;
        Some((time, parts.next()?.to_owned(), sequence))
    };
    let after = text.strip_prefix(&asked(request)).and_then(parse);
    after.map(Some).ok_or_else(|| status::wrong_token(text))
}

/// This question, without what makes out a page of it.
fn asked(request: &wire::AlarmServiceListHistoryRequest) -> String {
    question(&wire::AlarmServiceListHistoryRequest {
        page_token: String::new(),
        page_size: 0,
        ..request.clone()
    })
}
