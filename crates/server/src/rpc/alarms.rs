//! `AlarmService`: alarms as they stand, and what operators do to them.

use std::sync::Arc;

use davy_access::{Caller, Countersigned, Permission};
use davy_journal::{JournalReader, audit::What};
use davy_model::{AlarmKey, Command, CommandKind, Refusal};
use davy_proto::{alert_of, command_of, duration_from_wire, v1 as wire, verdict_of};
use serde_json::json;
use tonic::{Request, Response, Status};

use super::asked::Asked;
use super::{
    alarm_counts, alarm_history, explain, performance, status, v1::alarm_service_server::AlarmService, view,
};
use crate::{audit::Deed, guard::caller, hub::Hub};

pub(crate) struct Alarms {
    hub: Arc<Hub>,
    asked: Asked,
}

/// Page size when none is asked for, and the largest.
const PAGE_LEN: usize = 100;
const PAGE_LEN_MAX: usize = 1000;

type Target = Option<wire::CommandTarget>;

impl Alarms {
    pub(super) fn new(hub: Arc<Hub>) -> Alarms {
        Alarms { hub, asked: Asked::default() }
    }

    /// Does what an operator asks, and notes who did.
    async fn command(
        &self,
        caller: &Caller,
        permission: Permission,
        target: Target,
        kind: CommandKind,
    ) -> Result<Option<wire::Alarm>, Status> {
        let asked = target.clone().unwrap_or_default();
        let answer = self.obey(caller, permission, target, kind).await;
        let deed = Deed::new(What::Command, &asked.actor, asked.alarm).asking(json!({
            "command": kind.word(), "occurrence": asked.occurrence, "comment": asked.comment,
            "countersigned": !asked.approved_by.is_empty(), "seconds": shelved_s(kind),
        }));
        self.hub.audit.tell(deed, &answer).await;
        answer
    }

    async fn obey(
        &self,
        caller: &Caller,
        permission: Permission,
        target: Target,
        kind: CommandKind,
    ) -> Result<Option<wire::Alarm>, Status> {
        let mut command = command_of(target.as_ref(), kind).map_err(|error| status::wrong(&error))?;
        if caller.is_proven() {
            command.actor.name = Arc::clone(caller.name());
        }
        let alarm = command.alarm.clone();
        let request_id = target.map(|target| target.request_id).unwrap_or_default();
        let site = self.hub.site_of(caller, permission, &alarm.site);
        let site = site.ok_or_else(|| status::unknown_site(&alarm.site))?;
        let answer = match self.asked.answer(&request_id, &command) {
            Some(answer) => answer,
            None => {
                let proven = self.countersigned(caller, command.clone())?;
                let answer = site.command(proven).await.map_err(|_| status::stopping())?;
                self.asked.note(request_id, command, answer.clone());
                answer
            }
        };
        match answer {
            // Asked twice, it is as it was asked for.
            Ok(()) | Err(Refusal::AlreadyAcknowledged | Refusal::AlreadyVerified { .. }) => {
                Ok(view::standing(&self.hub, &alarm))
            }
            Err(refusal) => Err(status::refused(&refusal)),
        }
    }

    /// The command with the name of the second person, where their word is proven; as it is, where nobody's is.
    fn countersigned(&self, caller: &Caller, mut command: Command) -> Result<Command, Status> {
        if !caller.is_proven() {
            return Ok(command);
        }
        let Some(token) = command.actor.approved_by.take() else { return Ok(command) };
        let what = Countersigned {
            alarm: command.alarm.to_string(),
            occurrence: command.occurrence.unwrap_or_default(),
            command: command.kind.word().to_owned(),
        };
        let by = self.hub.access.countersigned(&token, caller, &what, self.hub.clock.now());
        command.actor.approved_by = Some(by.ok_or_else(status::not_countersigned)?);
        Ok(command)
    }

    fn key(&self, caller: &Caller, alarm: &str) -> Result<AlarmKey, Status> {
        let key = AlarmKey::parse(alarm).ok_or_else(|| status::unknown_alarm(alarm))?;
        let site = self.hub.site_of(caller, Permission::View, &key.site);
        if site.is_some() { Ok(key) } else { Err(status::unknown_site(&key.site)) }
    }
}

fn shelved_s(kind: CommandKind) -> Option<u64> {
    match kind {
        CommandKind::Shelve { duration, .. } => Some(duration.as_secs()),
        _ => None,
    }
}

pub(super) fn page_len(asked: i32) -> Result<usize, Status> {
    match usize::try_from(asked) {
        Ok(0) => Ok(PAGE_LEN),
        Ok(len) => Ok(len.min(PAGE_LEN_MAX)),
        Err(_) => {
            Err(status::status(tonic::Code::InvalidArgument, "REQUEST_INVALID", "page_size is negative"))
        }
    }
}

#[tonic::async_trait]
impl AlarmService for Alarms {
    async fn list(
        &self,
        request: Request<wire::AlarmServiceListRequest>,
    ) -> Result<Response<wire::AlarmServiceListResponse>, Status> {
        let caller = caller(&request);
        let request = request.into_inner();
        let len = page_len(request.page_size)?;
        let sites = self.hub.sites_of(&caller, Permission::View, &request.sites);
        let sites = sites.map_err(|site| status::unknown_site(&site))?;
        let mut alarms = Vec::new();
        for id in sites {
            let Some(site) = self.hub.sites.get(&id) else { continue };
            alarms.extend(site.feed.book().standing().iter().map(|entry| view::alarm(site, entry)));
        }
        alarms.retain(|alarm| {
            alarm.tier >= request.tier_at_least
                && (!request.open_cases || alarm.case.is_some())
                && (request.states.is_empty() || request.states.contains(&alarm.state))
        });
        alarms.sort_by(|a, b| {
            (a.acknowledged, b.tier, b.last_sequence, &a.id).cmp(&(
                b.acknowledged,
                a.tier,
                a.last_sequence,
                &b.id,
            ))
        });
        let total = u32::try_from(alarms.len()).unwrap_or(u32::MAX);
        let begin = match request.page_token.as_str() {
            "" => 0,
            after => {
                alarms.iter().position(|alarm| alarm.id == after).map_or(alarms.len(), |place| place + 1)
            }
        };
        let more = alarms.len() > begin + len;
        let page: Vec<_> = alarms.into_iter().skip(begin).take(len).collect();
        let next_page_token = page.last().filter(|_| more).map(|alarm| alarm.id.clone()).unwrap_or_default();
        Ok(Response::new(wire::AlarmServiceListResponse { alarms: page, next_page_token, total }))
    }

    async fn get(
        &self,
        request: Request<wire::AlarmServiceGetRequest>,
    ) -> Result<Response<wire::AlarmServiceGetResponse>, Status> {
        let key = self.key(&caller(&request), &request.get_ref().alarm)?;
        let alarm = view::standing(&self.hub, &key).ok_or_else(|| status::unknown_alarm(&key.to_string()))?;
        Ok(Response::new(wire::AlarmServiceGetResponse { alarm: Some(alarm) }))
    }

    async fn explain(
        &self,
        request: Request<wire::AlarmServiceExplainRequest>,
    ) -> Result<Response<wire::AlarmServiceExplainResponse>, Status> {
        let caller = caller(&request);
        let request = request.into_inner();
        let key = self.key(&caller, &request.alarm)?;
        let explanation = explain::explain(&self.hub, key, request.occurrence).await?;
        Ok(Response::new(wire::AlarmServiceExplainResponse { explanation: Some(explanation) }))
    }

    async fn acknowledge(
        &self,
        request: Request<wire::AlarmServiceAcknowledgeRequest>,
    ) -> Result<Response<wire::AlarmServiceAcknowledgeResponse>, Status> {
        let caller = caller(&request);
        let alarm = self
            .command(&caller, Permission::Operate, request.into_inner().target, CommandKind::Acknowledge)
            .await?;
        Ok(Response::new(wire::AlarmServiceAcknowledgeResponse { alarm }))
    }

    async fn shelve(
        &self,
        request: Request<wire::AlarmServiceShelveRequest>,
    ) -> Result<Response<wire::AlarmServiceShelveResponse>, Status> {
        let caller = caller(&request);
        let request = request.into_inner();
        let duration = request.duration.unwrap_or_default();
        let duration = duration_from_wire(&duration).map_err(|error| status::wrong(&error))?;
        let kind = CommandKind::Shelve { duration, one_shot: request.one_shot };
        let alarm = self.command(&caller, Permission::Operate, request.target, kind).await?;
        Ok(Response::new(wire::AlarmServiceShelveResponse { alarm }))
    }

    async fn unshelve(
        &self,
        request: Request<wire::AlarmServiceUnshelveRequest>,
    ) -> Result<Response<wire::AlarmServiceUnshelveResponse>, Status> {
        let caller = caller(&request);
        let alarm = self
            .command(&caller, Permission::Operate, request.into_inner().target, CommandKind::Unshelve)
            .await?;
        Ok(Response::new(wire::AlarmServiceUnshelveResponse { alarm }))
    }

    async fn reset(
        &self,
        request: Request<wire::AlarmServiceResetRequest>,
    ) -> Result<Response<wire::AlarmServiceResetResponse>, Status> {
        let caller = caller(&request);
        let alarm = self
            .command(&caller, Permission::Operate, request.into_inner().target, CommandKind::Reset)
            .await?;
        Ok(Response::new(wire::AlarmServiceResetResponse { alarm }))
    }

    async fn set_out_of_service(
        &self,
        request: Request<wire::AlarmServiceSetOutOfServiceRequest>,
    ) -> Result<Response<wire::AlarmServiceSetOutOfServiceResponse>, Status> {
        let caller = caller(&request);
        let alarm = self
            .command(
                &caller,
                Permission::Supervise,
                request.into_inner().target,
                CommandKind::SetOutOfService,
            )
            .await?;
        Ok(Response::new(wire::AlarmServiceSetOutOfServiceResponse { alarm }))
    }

    async fn return_to_service(
        &self,
        request: Request<wire::AlarmServiceReturnToServiceRequest>,
    ) -> Result<Response<wire::AlarmServiceReturnToServiceResponse>, Status> {
        let caller = caller(&request);
        let alarm = self
            .command(
                &caller,
                Permission::Supervise,
                request.into_inner().target,
                CommandKind::ReturnToService,
            )
            .await?;
        Ok(Response::new(wire::AlarmServiceReturnToServiceResponse { alarm }))
    }

    async fn verify(
        &self,
        request: Request<wire::AlarmServiceVerifyRequest>,
    ) -> Result<Response<wire::AlarmServiceVerifyResponse>, Status> {
        let caller = caller(&request);
        let request = request.into_inner();
        let verdict = verdict_of(request.verdict()).map_err(|error| status::wrong(&error))?;
        let kind = CommandKind::Verify(verdict);
        let alarm = self.command(&caller, Permission::Operate, request.target, kind).await?;
        Ok(Response::new(wire::AlarmServiceVerifyResponse { alarm }))
    }

    async fn act(
        &self,
        request: Request<wire::AlarmServiceActRequest>,
    ) -> Result<Response<wire::AlarmServiceActResponse>, Status> {
        let caller = caller(&request);
        let target = request.into_inner().target;
        let alarm = self.command(&caller, Permission::Operate, target, CommandKind::Act).await?;
        Ok(Response::new(wire::AlarmServiceActResponse { alarm }))
    }

    async fn give_feedback(
        &self,
        request: Request<wire::AlarmServiceGiveFeedbackRequest>,
    ) -> Result<Response<wire::AlarmServiceGiveFeedbackResponse>, Status> {
        let caller = caller(&request);
        let target = request.into_inner().target;
        let alarm = self.command(&caller, Permission::Operate, target, CommandKind::GiveFeedback).await?;
        Ok(Response::new(wire::AlarmServiceGiveFeedbackResponse { alarm }))
    }

    async fn close(
        &self,
        request: Request<wire::AlarmServiceCloseRequest>,
    ) -> Result<Response<wire::AlarmServiceCloseResponse>, Status> {
        let caller = caller(&request);
        let target = request.into_inner().target;
        let alarm = self.command(&caller, Permission::Supervise, target, CommandKind::Close).await?;
        Ok(Response::new(wire::AlarmServiceCloseResponse { alarm }))
    }

    async fn comment(
        &self,
        request: Request<wire::AlarmServiceCommentRequest>,
    ) -> Result<Response<wire::AlarmServiceCommentResponse>, Status> {
        let caller = caller(&request);
        let target = request.into_inner().target;
        let alarm = self.command(&caller, Permission::Operate, target, CommandKind::Comment).await?;
        Ok(Response::new(wire::AlarmServiceCommentResponse { alarm }))
    }

    async fn list_transitions(
        &self,
        request: Request<wire::AlarmServiceListTransitionsRequest>,
    ) -> Result<Response<wire::AlarmServiceListTransitionsResponse>, Status> {
        let caller = caller(&request);
        let request = request.into_inner();
        let len = page_len(request.page_size)?;
        let key = match request.alarm.as_str() {
            "" => None,
            alarm => Some(self.key(&caller, alarm)?),
        };
        let id = key.as_ref().map_or(request.site.as_str(), |key| &key.site);
        let site = self.hub.site_of(&caller, Permission::View, id).ok_or_else(|| status::unknown_site(id))?;
        let after = match request.page_token.as_str() {
            "" => request.after_sequence,
            token => token.parse().map_err(|_| status::wrong_token(token))?,
        };
        let path = site.feed.journal().to_owned();
        let look = Look { key, occurrence: request.occurrence, after, len };
        let (found, next) = tokio::task::spawn_blocking(move || look.read(&path))
            .await
            .map_err(|_| status::stopping())?
            .map_err(|error| status::journal(&error))?;
        Ok(Response::new(wire::AlarmServiceListTransitionsResponse {
            transitions: found.iter().map(|transition| alert_of(transition, true)).collect(),
            next_page_token: next.map(|sequence: u64| sequence.to_string()).unwrap_or_default(),
        }))
    }

    async fn list_history(
        &self,
        request: Request<wire::AlarmServiceListHistoryRequest>,
    ) -> Result<Response<wire::AlarmServiceListHistoryResponse>, Status> {
        alarm_history::list(&self.hub, &caller(&request), request.get_ref()).await.map(Response::new)
    }

    async fn count_history(
        &self,
        request: Request<wire::AlarmServiceCountHistoryRequest>,
    ) -> Result<Response<wire::AlarmServiceCountHistoryResponse>, Status> {
        alarm_counts::count(&self.hub, &caller(&request), request.get_ref()).await.map(Response::new)
    }

    async fn get_performance(
        &self,
        request: Request<wire::AlarmServiceGetPerformanceRequest>,
    ) -> Result<Response<wire::AlarmServiceGetPerformanceResponse>, Status> {
        performance::get(&self.hub, &caller(&request), request.get_ref()).await.map(Response::new)
    }
}

/// What transitions are looked for.
struct Look {
    key: Option<AlarmKey>,
    occurrence: Option<u64>,
    after: u64,
    len: usize,
}

/// Transitions looked at for one page at the most: a rare alarm in a long journal takes several pages, empty ones among
/// them.
const LOOKED_AT_MAX: usize = 50_000;

impl Look {
    fn read(
        &self,
        path: &std::path::Path,
    ) -> Result<(Vec<davy_model::Transition>, Option<u64>), davy_journal::JournalError> {
        let reader = JournalReader::open(path)?;
        let (mut found, mut looked) = (Vec::new(), 0);
        // All is all that is kept.
        let mut after = if self.after == 0 { reader.first_kept()?.sequence - 1 } else { self.after };
        loop {
            let page = reader.transitions_after(after, PAGE_LEN_MAX)?;
            let Some(last) = page.last().map(|transition| transition.sequence) else {
                return Ok((found, None));
            };
            looked += page.len();
            for transition in page {
                after = transition.sequence;
                if self.wants(&transition) {
                    found.push(transition);
                    if found.len() == self.len {
                        return Ok((found, Some(after)));
                    }
                }
            }
            if looked >= LOOKED_AT_MAX {
                return Ok((found, Some(last)));
            }
        }
    }

    fn wants(&self, transition: &davy_model::Transition) -> bool {
        self.key.as_ref().is_none_or(|key| *key == transition.alarm)
            && self.occurrence.is_none_or(|occurrence| occurrence == transition.occurrence)
    }
}

#[cfg(test)]
mod tests {
    use davy_journal::JournalError;

    use super::{super::explain::tests::journal_without, Look};

    #[test]
    fn all_is_all_that_is_kept_and_a_page_that_is_gone_is_said_to_be() {
        for (gone, after, due) in [
            (0, 0, Ok(vec![1, 2, 3, 4, 5, 6, 7, 8, 9])),
            (0, 7, Ok(vec![8, 9])),
            (6, 0, Ok(vec![7, 8, 9])),
            (6, 6, Ok(vec![7, 8, 9])),
            (6, 5, Err(7)),
            (9, 0, Ok(vec![])),
        ] {
            let (_folder, path) = journal_without(gone);
            let read = Look { key: None, occurrence: None, after, len: 100 }.read(&path);
            let read = match read {
                Ok((found, _)) => Ok(found.iter().map(|transition| transition.sequence).collect()),
                Err(JournalError::NoLongerKept { first, .. }) => Err(first.sequence),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(read, due, "gone up to {gone}, after {after}");
        }
    }
}
