//! What travels beside transitions: heartbeats, and how grave a site's alarms are.

use davy_delivery::{Book, Heartbeat};
use davy_model::{Condition, Tier, Vitals};
use davy_proto::{WireError, duration_from_wire, time_from_wire, v1 as wire};

use crate::site::SiteService;

/// The gravest tier of a site's active alarms: of a lower Davy's site, as that one says.
pub(crate) fn risk_of(site: &SiteService) -> Option<Tier> {
    match &site.forwarded {
        Some(forwarded) => forwarded.risk(),
        None => gravest(site.feed.book()),
    }
}

fn gravest(book: &Book) -> Option<Tier> {
    let standing = book.standing();
    let active = standing.iter().filter(|entry| entry.last.facts.condition == Condition::Active);
    active.map(|entry| entry.last.facts.tier).max()
}

/// The heartbeat that a lower Davy brought.
///
/// # Errors
/// [`WireError`] for a time that is none.
pub(crate) fn heartbeat_of(beat: &wire::Heartbeat) -> Result<Heartbeat, WireError> {
    let recorded = beat.recorded_time.as_ref().ok_or(WireError::Missing("heartbeat.recorded_time"))?;
    Ok(Heartbeat {
        site: beat.site.as_str().into(),
        number: beat.number,
        sequence: beat.sequence,
        commit: beat.commit,
        recorded_time: time_from_wire(recorded)?,
        revision: beat.revision.as_str().into(),
        input_lag: beat.input_lag.as_ref().map(duration_from_wire).transpose()?.unwrap_or_default(),
        last_judged: beat.last_judged_time.as_ref().map(time_from_wire).transpose()?,
        vitals: Vitals {
            stale_tags: beat.stale_tags,
            standing: beat.alarms_standing,
            shelved: beat.alarms_shelved,
            suppressed: beat.alarms_suppressed,
            out_of_service: beat.alarms_out_of_service,
        },
    })
}
