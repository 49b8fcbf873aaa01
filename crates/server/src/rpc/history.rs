//! How history does, as part of Davy's status.

use std::sync::atomic::Ordering;

use davy_proto::{duration_to_wire, time_to_wire, v1 as wire};

use crate::{hub::Hub, site::SiteService};

/// How the store does; nothing where no history is kept.
pub(super) fn of_all(hub: &Hub) -> Option<wire::HistoryStatus> {
    let health = &hub.history.as_ref()?.health;
    let (failing_since, failing_why) = health.trouble(hub.clock.now()).unzip();
    let tended = health.last_tended();
    Some(wire::HistoryStatus {
        failing_since: failing_since.map(time_to_wire),
        failing_why: failing_why.unwrap_or_default(),
        rolled_until: tended.rolled_until.map(time_to_wire),
        roll_up_due: tended.due,
    })
}

/// How far a site's history is; nothing where none is kept.
pub(super) fn of_site(hub: &Hub, site: &SiteService) -> Option<wire::SiteHistoryStatus> {
    let stands = hub.history.as_ref()?.health.site(&site.id).unwrap_or_default();
    let head = site.state.number.load(Ordering::Acquire);
    let kept = &site.state.kept;
    Some(wire::SiteHistoryStatus {
        last_commit: stands.number,
        last_commit_time: stands.at.map(time_to_wire),
        owed_bytes: kept.owed_bytes(head),
        full_in: kept.debt_full_in(head).map(duration_to_wire),
        lost_commits: stands.lost_commits,
        trouble: stands.trouble.map(|(_, why)| why).unwrap_or_default(),
        readings_written: stands.written.new,
        readings_known: stands.written.known,
        readings_too_old: stands.written.too_old,
    })
}
