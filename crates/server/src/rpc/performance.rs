//! What alarms cost each desk.

use std::time::Duration;

use davy_model::AlarmKey;
use davy_proto::{time_from_wire, time_to_wire, v1 as wire};
use davy_workbench::performance::{DeskPerformance, Figure, Period, Verdict, desks};
use tonic::Status;

use super::{alarm_past::AlarmPast, status};
use crate::{aside::aside, guard::Admitted, hub::Hub};

/// Over which time, when nobody says.
const USUAL: Duration = Duration::from_secs(86_400);

/// Answers with the figures of a site's desks.
pub(super) async fn get(
    hub: &Hub,
    by: &Admitted,
    request: &wire::AlarmServiceGetPerformanceRequest,
) -> Result<wire::AlarmServiceGetPerformanceResponse, Status> {
    let service = hub.site_of(&by.caller, by.permission, &request.site);
    let service = service.ok_or_else(|| status::unknown_site(&request.site))?;
    let period = period(hub, request)?;
    let (past, loaded) = (AlarmPast::of(hub, service), service.loaded.load_full());
    let read = aside(move || past.ledger(period).map(|ledger| desks(&ledger, &loaded.plan.site, period)));
    let found = read.await.map_err(|_| status::stopping())??;
    Ok(wire::AlarmServiceGetPerformanceResponse {
        desks: found.iter().map(desk).collect(),
        from: Some(time_to_wire(period.from)),
        until: Some(time_to_wire(period.until)),
    })
}

fn period(hub: &Hub, request: &wire::AlarmServiceGetPerformanceRequest) -> Result<Period, Status> {
    let read = |time: &Option<prost_types::Timestamp>| {
        time.as_ref().map(time_from_wire).transpose().map_err(|error| status::wrong(&error))
    };
    let until = read(&request.until)?.unwrap_or_else(|| hub.clock.now());
    let from = read(&request.from)?.unwrap_or_else(|| until.minus(USUAL));
    if from >= until {
        return Err(status::invalid(format!("from {from} is not before until {until}")));
    }
    Ok(Period { from, until })
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
