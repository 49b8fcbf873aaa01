//! What travels beside transitions: heartbeats, and how grave a site's alarms are.

use davy_delivery::{Book, Heartbeat};
use davy_model::{Tier, Vitals};
use davy_proto::{WireError, duration_from_wire, time_from_wire, v1 as wire};

use crate::site::SiteService;

/// The risk level of a site: of a lower Davy's, as that one says.
pub(crate) fn risk_level_of(site: &SiteService) -> Option<Tier> {
    match &site.forwarded {
        Some(forwarded) => forwarded.risk_level(),
        None => risk_level(site.feed.book()),
    }
}

fn risk_level(book: &Book) -> Option<Tier> {
    let standing = book.standing();
    let facts = standing.iter().map(|entry| &entry.last.facts);
    facts.filter(|facts| facts.counts_for_risk()).map(|facts| facts.tier).max()
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use davy_model::{AlarmFacts, Condition, Shelving, Timestamp};

    use super::*;
    use crate::rpc::testing::transition;

    #[test]
    fn a_site_is_as_grave_as_what_is_active_and_says_something_of_the_process() {
        let risk = |change: fn(&mut AlarmFacts)| {
            let mut raised = transition(1);
            change(&mut raised.facts);
            let book = Book::default();
            book.note(&Arc::new(raised));
            risk_level(&book)
        };
        assert_eq!(risk(|_| {}), Some(Tier::Red));
        assert_eq!(risk(|facts| facts.acknowledged = true), Some(Tier::Red));
        assert_eq!(risk(|facts| facts.condition = Condition::Normal), None, "it stands, and is over");
        assert_eq!(risk(|facts| facts.in_service = false), None, "it is being worked on");
        assert_eq!(risk(|facts| facts.suppressed_by = Some("stopped".into())), None);
        let quiet = |facts: &mut AlarmFacts| {
            facts.shelving = Some(Shelving { until: Timestamp::MIN, one_shot: false, by: "li".into() });
        };
        assert_eq!(risk(quiet), Some(Tier::Red), "it is only quiet");
    }
}
