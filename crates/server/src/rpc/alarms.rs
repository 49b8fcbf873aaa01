//! `AlarmService`: alarms as they stand, and what operators do to them.

use std::sync::Arc;

use davy_model::{AlarmKey, CommandKind};
use davy_proto::{duration_from_wire, v1 as wire, verdict_of};
use tonic::{Request, Response, Status};

use super::{
    alarm_counts, alarm_history,
    commands::Commands,
    explain,
    lens::{Lens, Step},
    performance,
    place::{Page, Place},
    status,
    tier_at_least::tier_at_least,
    transitions,
    v1::alarm_service_server::AlarmService,
    view,
};
use crate::{guard::Admitted, hub::Hub};

pub(crate) struct Alarms {
    hub: Arc<Hub>,
    commands: Commands,
}

/// What is listed, in the contract.
const ALARM: &str = "davy.v1.Alarm";
/// As a filter, in the contract.
const EVERY_STATE: i32 = wire::AlarmState::Unspecified as i32;

impl Alarms {
    pub(super) fn new(hub: Arc<Hub>) -> Alarms {
        Alarms { commands: Commands::new(Arc::clone(&hub)), hub }
    }
}

/// The key of an alarm of a site that the caller sees.
pub(super) fn key(hub: &Hub, by: &Admitted, alarm: &str) -> Result<AlarmKey, Status> {
    let key = AlarmKey::parse(alarm).ok_or_else(|| status::unknown_alarm(alarm))?;
    let site = hub.site_of(&by.caller, by.permission, &key.site);
    if site.is_some() { Ok(key) } else { Err(status::unknown_site(&key.site)) }
}

fn is_asked(request: &wire::AlarmServiceListRequest, tier: wire::Tier, alarm: &wire::Alarm) -> bool {
    let every_state = request.states.is_empty() || request.states.contains(&EVERY_STATE);
    alarm.tier() >= tier
        && (!request.open_cases || alarm.case.is_some())
        && (every_state || request.states.contains(&alarm.state))
}

/// Unacknowledged first, then the gravest, then what changed last.
fn steps(alarm: &wire::Alarm) -> Vec<Step> {
    vec![
        Step::up(alarm.acknowledged),
        Step::down(alarm.tier),
        Step::down_or_last(alarm.last_transition_time),
        Step::down(alarm.last_sequence),
        Step::up(&alarm.id),
    ]
}

#[tonic::async_trait]
impl AlarmService for Alarms {
    async fn list(
        &self,
        request: Request<wire::AlarmServiceListRequest>,
    ) -> Result<Response<wire::AlarmServiceListResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let place = Place::of(&request)?;
        let tier = tier_at_least(request.tier_at_least)?.map_or(wire::Tier::Unspecified, wire::Tier::from);
        let lens = Lens::of(ALARM, &request.filter, &request.order_by, request.read_mask.as_ref())?;
        let sites = self.hub.sites_of(&by.caller, by.permission, &request.sites);
        let sites = sites.map_err(|site| status::unknown_site(&site))?;
        let mut alarms = Vec::new();
        for id in sites {
            let Some(site) = self.hub.sites.get(&id) else { continue };
            alarms.extend(site.feed.book().standing().iter().map(|entry| view::alarm(site, entry)));
        }
        alarms.retain(|alarm| is_asked(&request, tier, alarm));
        let Page { entries, next, total } = place.page(lens.chosen(alarms, steps));
        let alarms = entries.into_iter().map(|alarm| lens.shown(alarm)).collect();
        Ok(Response::new(wire::AlarmServiceListResponse { alarms, next_page_token: next, total }))
    }

    async fn get(
        &self,
        request: Request<wire::AlarmServiceGetRequest>,
    ) -> Result<Response<wire::AlarmServiceGetResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let lens = Lens::of(ALARM, "", "", request.read_mask.as_ref())?;
        let key = key(&self.hub, &by, &request.alarm)?;
        let alarm = view::standing(&self.hub, &key).ok_or_else(|| status::unknown_alarm(&key.to_string()))?;
        Ok(Response::new(wire::AlarmServiceGetResponse { alarm: Some(lens.shown(alarm)) }))
    }

    async fn explain(
        &self,
        request: Request<wire::AlarmServiceExplainRequest>,
    ) -> Result<Response<wire::AlarmServiceExplainResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let key = key(&self.hub, &by, &request.alarm)?;
        let explanation = explain::explain(&self.hub, key, request.occurrence).await?;
        Ok(Response::new(wire::AlarmServiceExplainResponse { explanation: Some(explanation) }))
    }

    async fn acknowledge(
        &self,
        request: Request<wire::AlarmServiceAcknowledgeRequest>,
    ) -> Result<Response<wire::AlarmServiceAcknowledgeResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let alarm = self.commands.give(&by, request.target, CommandKind::Acknowledge).await?;
        Ok(Response::new(wire::AlarmServiceAcknowledgeResponse { alarm }))
    }

    async fn shelve(
        &self,
        request: Request<wire::AlarmServiceShelveRequest>,
    ) -> Result<Response<wire::AlarmServiceShelveResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let duration = request.duration.unwrap_or_default();
        let duration = duration_from_wire(&duration).map_err(|error| status::wrong(&error))?;
        let kind = CommandKind::Shelve { duration, one_shot: request.one_shot };
        let alarm = self.commands.give(&by, request.target, kind).await?;
        Ok(Response::new(wire::AlarmServiceShelveResponse { alarm }))
    }

    async fn unshelve(
        &self,
        request: Request<wire::AlarmServiceUnshelveRequest>,
    ) -> Result<Response<wire::AlarmServiceUnshelveResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let alarm = self.commands.give(&by, request.target, CommandKind::Unshelve).await?;
        Ok(Response::new(wire::AlarmServiceUnshelveResponse { alarm }))
    }

    async fn reset(
        &self,
        request: Request<wire::AlarmServiceResetRequest>,
    ) -> Result<Response<wire::AlarmServiceResetResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let alarm = self.commands.give(&by, request.target, CommandKind::Reset).await?;
        Ok(Response::new(wire::AlarmServiceResetResponse { alarm }))
    }

    async fn set_out_of_service(
        &self,
        request: Request<wire::AlarmServiceSetOutOfServiceRequest>,
    ) -> Result<Response<wire::AlarmServiceSetOutOfServiceResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let alarm = self.commands.give(&by, request.target, CommandKind::SetOutOfService).await?;
        Ok(Response::new(wire::AlarmServiceSetOutOfServiceResponse { alarm }))
    }

    async fn return_to_service(
        &self,
        request: Request<wire::AlarmServiceReturnToServiceRequest>,
    ) -> Result<Response<wire::AlarmServiceReturnToServiceResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let alarm = self.commands.give(&by, request.target, CommandKind::ReturnToService).await?;
        Ok(Response::new(wire::AlarmServiceReturnToServiceResponse { alarm }))
    }

    async fn verify(
        &self,
        request: Request<wire::AlarmServiceVerifyRequest>,
    ) -> Result<Response<wire::AlarmServiceVerifyResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let verdict = verdict_of(request.verdict()).map_err(|error| status::wrong(&error))?;
        let kind = CommandKind::Verify(verdict);
        let alarm = self.commands.give(&by, request.target, kind).await?;
        Ok(Response::new(wire::AlarmServiceVerifyResponse { alarm }))
    }

    async fn act(
        &self,
        request: Request<wire::AlarmServiceActRequest>,
    ) -> Result<Response<wire::AlarmServiceActResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let alarm = self.commands.give(&by, request.target, CommandKind::Act).await?;
        Ok(Response::new(wire::AlarmServiceActResponse { alarm }))
    }

    async fn give_feedback(
        &self,
        request: Request<wire::AlarmServiceGiveFeedbackRequest>,
    ) -> Result<Response<wire::AlarmServiceGiveFeedbackResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let alarm = self.commands.give(&by, request.target, CommandKind::GiveFeedback).await?;
        Ok(Response::new(wire::AlarmServiceGiveFeedbackResponse { alarm }))
    }

    async fn close(
        &self,
        request: Request<wire::AlarmServiceCloseRequest>,
    ) -> Result<Response<wire::AlarmServiceCloseResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let alarm = self.commands.give(&by, request.target, CommandKind::Close).await?;
        Ok(Response::new(wire::AlarmServiceCloseResponse { alarm }))
    }

    async fn comment(
        &self,
        request: Request<wire::AlarmServiceCommentRequest>,
    ) -> Result<Response<wire::AlarmServiceCommentResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let alarm = self.commands.give(&by, request.target, CommandKind::Comment).await?;
        Ok(Response::new(wire::AlarmServiceCommentResponse { alarm }))
    }

    async fn list_transitions(
        &self,
        request: Request<wire::AlarmServiceListTransitionsRequest>,
    ) -> Result<Response<wire::AlarmServiceListTransitionsResponse>, Status> {
        let (by, request) = Admitted::of(request);
        transitions::list(&self.hub, &by, request).await.map(Response::new)
    }

    async fn list_history(
        &self,
        request: Request<wire::AlarmServiceListHistoryRequest>,
    ) -> Result<Response<wire::AlarmServiceListHistoryResponse>, Status> {
        let (by, request) = Admitted::of(request);
        alarm_history::list(&self.hub, &by, &request).await.map(Response::new)
    }

    async fn count_history(
        &self,
        request: Request<wire::AlarmServiceCountHistoryRequest>,
    ) -> Result<Response<wire::AlarmServiceCountHistoryResponse>, Status> {
        let (by, request) = Admitted::of(request);
        alarm_counts::count(&self.hub, &by, &request).await.map(Response::new)
    }

    async fn get_performance(
        &self,
        request: Request<wire::AlarmServiceGetPerformanceRequest>,
    ) -> Result<Response<wire::AlarmServiceGetPerformanceResponse>, Status> {
        let (by, request) = Admitted::of(request);
        performance::get(&self.hub, &by, &request).await.map(Response::new)
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;
    use crate::rpc::lens::Rank;

    #[test]
    fn what_changed_last_comes_first_whatever_number_it_has_in_its_site() {
        let alarm = |id: &str, seconds, last_sequence| wire::Alarm {
            id: id.to_owned(),
            last_transition_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
            last_sequence,
            ..Default::default()
        };
        let rank = |alarm: &wire::Alarm| Rank::of(steps(alarm));
        let (old, new) = (alarm("a", 100, 100_000), alarm("b", 200, 50));
        assert_eq!(rank(&new).compare(&rank(&old)), Ordering::Less);
        // Of one moment, the site's own order.
        let (first, second) = (alarm("a", 200, 49), alarm("b", 200, 50));
        assert_eq!(rank(&second).compare(&rank(&first)), Ordering::Less);
    }
}
